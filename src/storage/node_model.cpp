#include "chat/storage/node_model.h"

#include <optional>
#include <string>
#include <utility>

#include "sql.h"

namespace chat::storage {
namespace {

// Milliseconds since 1970 by the database's clock.
#define CHAT_NOW_SQLITE "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
#define CHAT_NOW_MYSQL "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

constexpr sql::Text kMake{
    .sqlite = "INSERT INTO node (name, epoch, lease_until) VALUES (?, 1, " CHAT_NOW_SQLITE ")",
    .mysql = "INSERT INTO node (name, epoch, lease_until) VALUES (?, 1, " CHAT_NOW_MYSQL ")"};
constexpr sql::Text kRaise{
    .sqlite = "UPDATE node SET epoch = ?, lease_until = " CHAT_NOW_SQLITE ", mute = 0 WHERE id = ?",
    // connection_ids: a node of an earlier version would cut the connections of these numbers.
    .mysql = "UPDATE node SET epoch = ?, lease_until = " CHAT_NOW_MYSQL
             ", mute = 0, connection_ids = '' WHERE id = ?"};
constexpr sql::Text kRenew{.sqlite = "UPDATE node SET lease_until = " CHAT_NOW_SQLITE
                                     " + ?, mute = ? WHERE id = ? AND epoch = ?",
                           .mysql = "UPDATE node SET lease_until = " CHAT_NOW_MYSQL
                                    " + ?, mute = ? WHERE id = ? AND epoch = ?"};
#undef CHAT_NOW_SQLITE
#undef CHAT_NOW_MYSQL

constexpr std::string_view kOffline =
    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
    " WHERE node_id = ? AND node_epoch = ?";

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
    auto made = sql::write(connection, kMake.in(connection), name);
    if (!made) return fail(made);
    return Node{NodeId{static_cast<std::int32_t>(connection.last_insert_id())}, 1};
  }
  const Node node{(*found)->id, (*found)->epoch + 1};
  auto raised = sql::write(connection, kRaise.in(connection), node.epoch, node.id);
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
  auto raised = sql::write(
      connection, "UPDATE node SET epoch = epoch + 1, lease_until = 0 WHERE id <> ?", node.id);
  if (!raised) return raised;
  return sql::write(connection,
                    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
                    " WHERE state = 'online'");
}

// Still in the state in which it was taken for dead? Locks its row.
Result<bool> is_unchanged(Connection& connection, const NodeRow& dead) {
  constexpr sql::Text kLook{
      .sqlite = "SELECT 1 FROM node WHERE id = ? AND epoch = ? AND lease_until = ?",
      .mysql = "SELECT 1 FROM node WHERE id = ? AND epoch = ? AND lease_until = ? FOR UPDATE"};
  auto found = sql::read_integer(connection, kLook.in(connection), dead.node.id, dead.node.epoch,
                                 dead.lease_until);
  if (!found) return fail(found);
  return found->has_value();
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

Result<bool> NodeModel::renew(const Node& node, std::chrono::milliseconds lease, bool mute) {
  auto renewed =
      sql::write(connection_, kRenew.in(connection_), lease.count(), mute, node.id, node.epoch);
  if (!renewed) return fail(renewed);
  return connection_.affected_rows() > 0;
}

Result<void> NodeModel::end(const Node& node) {
  return sql::write(connection_,
                    "UPDATE node SET epoch = epoch + 1, lease_until = 0, mute = 0"
                    " WHERE id = ? AND epoch = ?",
                    node.id, node.epoch);
}

Result<std::vector<NodeRow>> NodeModel::all() {
  return sql::read_all(
      connection_, "SELECT id, epoch, lease_until, alone, mute, name, holder FROM node ORDER BY id",
      [](const Statement& row) {
        return NodeRow{Node{sql::id<NodeId>(row, 0), row.integer(1)},
                       row.integer(2),
                       row.integer(3) != 0,
                       row.integer(4) != 0,
                       std::string(row.text(5)),
                       std::string(row.text(6))};
      });
}

Result<std::optional<std::vector<UserId>>> NodeModel::sweep(const NodeRow& dead,
                                                            std::vector<UserId>* doubtful) {
  auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  const auto unchanged = is_unchanged(connection_, dead);
  if (!unchanged) return fail(unchanged);
  if (!*unchanged) return std::nullopt;
  if (auto ended = end(dead.node); !ended) return fail(ended);
  auto users = sql::read_all(
      connection_, "SELECT id FROM user WHERE node_id = ? AND node_epoch = ?",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, dead.node.id, dead.node.epoch);
  if (!users) return fail(users);
  auto released = sql::write(connection_, kOffline, dead.node.id, dead.node.epoch);
  if (!released) return fail(released);
  if (auto committed = transaction->commit(); !committed) {
    if (doubtful != nullptr) *doubtful = std::move(*users);
    return fail(committed);
  }
  return std::move(*users);
}

}  // namespace chat::storage
