#include "chat/storage/node_model.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "chat/base/sabotage.h"
#include "chat/storage/cluster_model.h"
#include "sql.h"

namespace chat::storage {
namespace {

// Milliseconds since 1970 by the database's clock.
#define CHAT_NOW_SQLITE "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
#define CHAT_NOW_MYSQL "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

constexpr sql::Text kMake{.sqlite =
                              "INSERT INTO node (name, epoch, lease_until, alone, holder)"
                              " VALUES (?, 1, " CHAT_NOW_SQLITE ", ?, ?)",
                          .mysql =
                              "INSERT INTO node (name, epoch, lease_until, alone, holder)"
                              " VALUES (?, 1, " CHAT_NOW_MYSQL ", ?, ?)"};
constexpr sql::Text kRaise{
    .sqlite = "UPDATE node SET epoch = ?, lease_until = " CHAT_NOW_SQLITE
              ", mute = 0, alone = ?, holder = ? WHERE id = ?",
    // connection_ids: a node of an earlier version would cut the connections of these numbers.
    .mysql = "UPDATE node SET epoch = ?, lease_until = " CHAT_NOW_MYSQL
             ", mute = 0, alone = ?, holder = ?, connection_ids = '' WHERE id = ?"};
constexpr sql::Text kRenew{.sqlite = "UPDATE node SET lease_until = " CHAT_NOW_SQLITE
                                     " + ?, mute = ? WHERE id = ? AND epoch = ?",
                           .mysql = "UPDATE node SET lease_until = " CHAT_NOW_MYSQL
                                    " + ?, mute = ? WHERE id = ? AND epoch = ?"};
#undef CHAT_NOW_SQLITE
#undef CHAT_NOW_MYSQL

constexpr std::string_view kOffline =
    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
    " WHERE node_id = ? AND node_epoch = ?";

#define CHAT_ALL_ROWS \
  "SELECT id, epoch, lease_until, alone, mute, name, holder FROM node ORDER BY id"
constexpr std::string_view kAll = CHAT_ALL_ROWS;
constexpr sql::Text kLockAll{.sqlite = CHAT_ALL_ROWS, .mysql = CHAT_ALL_ROWS " FOR UPDATE"};
#undef CHAT_ALL_ROWS

NodeRow to_row(const Statement& row) {
  return {Node{sql::id<NodeId>(row, 0), row.integer(1)},
          row.integer(2),
          row.integer(3) != 0,
          row.integer(4) != 0,
          std::string(row.text(5)),
          std::string(row.text(6))};
}

// Would two servers be where one may be, if that one still ran?
bool is_in_the_way(const NodeRow& row, const NodeStart& start) {
  if (start.exclusive || row.lease_until == 0) return false;
  if (!start.holder.empty() && row.holder == start.holder) return false;
  const bool shares = base::sabotaged(base::Sabotage::kAdmitAnyone);
  return row.name == start.name || ((row.alone || start.alone) && !shares);
}

bool is_dead(const NodeRow& row, std::span<const NodeRow> dead) {
  return std::any_of(dead.begin(), dead.end(), [&row](const NodeRow& known) {
    return known.node.id == row.node.id && known.node.epoch == row.node.epoch &&
           known.lease_until == row.lease_until;
  });
}

// The node with an epoch that no earlier life of it had. `rows` are all rows, locked.
Result<Node> raise(Connection& connection, const NodeStart& start,
                   const std::vector<NodeRow>& rows) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&start](const NodeRow& row) { return row.name == start.name; });
  if (found == rows.end()) {
    auto made = sql::write(connection, kMake.in(connection), start.name, start.alone, start.holder);
    if (!made) return fail(made);
    return Node{NodeId{static_cast<std::int32_t>(connection.last_insert_id())}, 1};
  }
  const Node node{found->node.id, found->node.epoch + 1};
  auto raised =
      sql::write(connection, kRaise.in(connection), node.epoch, start.alone, start.holder, node.id);
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

Result<void> release_dead(Connection& connection, const Node& dead) {
  if (auto ended = NodeModel(connection).end(dead); !ended) return ended;
  return sql::write(connection, kOffline, dead.id, dead.epoch);
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

Result<StartOutcome> NodeModel::start(const NodeStart& start) {
  if (auto id = ClusterModel(connection_).id(); !id) return fail(id);  // its row is the lock
  auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto turn = ClusterModel(connection_).serialise_start(); !turn) return fail(turn);
  auto rows = sql::read_all(connection_, kLockAll.in(connection_), to_row);
  if (!rows) return fail(rows);
  std::vector<Node> dead;
  for (NodeRow& row : *rows) {
    if (!is_in_the_way(row, start)) continue;
    if (!is_dead(row, start.dead)) return StartOutcome{{}, std::move(row)};
    if (row.name != start.name) dead.push_back(row.node);
  }
  const auto node = raise(connection_, start, *rows);
  if (!node) return fail(node);
  auto released = start.alone ? release_all(connection_, *node) : release_own(connection_, *node);
  for (const Node& other : dead) {
    if (released && !start.alone) released = release_dead(connection_, other);
  }
  if (!released) return fail(released);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  return StartOutcome{*node, std::nullopt};
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
  return sql::read_all(connection_, kAll, to_row);
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
