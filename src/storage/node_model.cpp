#include "chat/storage/node_model.h"

#include <optional>

#include "sql.h"

namespace chat::storage {
namespace {

constexpr sql::Text kFind{.sqlite = "SELECT id, epoch FROM node WHERE name = ?",
                          .mysql = "SELECT id, epoch FROM node WHERE name = ? FOR UPDATE"};

// Locks it until the transaction ends.
Result<std::optional<Node>> find(Connection& connection, std::string_view name) {
  return sql::read_one(
      connection, kFind.in(connection),
      [](const Statement& row) {
        return Node{sql::id<NodeId>(row, 0), row.integer(1)};
      },
      name);
}

// The node with an epoch that no earlier life of it had.
Result<Node> raise(Connection& connection, std::string_view name) {
  const auto found = find(connection, name);
  if (!found) return fail(found);
  if (!found->has_value()) {
    auto made = sql::write(connection, "INSERT INTO node (name, epoch) VALUES (?, 1)", name);
    if (!made) return fail(made);
    return Node{NodeId{static_cast<std::int32_t>(connection.last_insert_id())}, 1};
  }
  const Node node{(*found)->id, (*found)->epoch + 1};
  auto raised =
      sql::write(connection, "UPDATE node SET epoch = ? WHERE id = ?", node.epoch, node.id);
  if (!raised) return fail(raised);
  return node;
}

Result<void> release_own(Connection& connection, const Node& node) {
  return sql::write(connection,
                    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
                    " WHERE node_id = ? AND node_epoch < ?",
                    node.id, node.epoch);
}

Result<void> release_all(Connection& connection, const Node& node) {
  auto raised = sql::write(connection, "UPDATE node SET epoch = epoch + 1 WHERE id <> ?", node.id);
  if (!raised) return raised;
  return sql::write(connection,
                    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
                    " WHERE state = 'online'");
}

}  // namespace

Result<Node> NodeModel::start(std::string_view name, bool alone) {
  auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  auto node = raise(connection_, name);
  if (!node) return node;
  const auto released = alone ? release_all(connection_, *node) : release_own(connection_, *node);
  if (!released) return fail(released);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  return node;
}

}  // namespace chat::storage
