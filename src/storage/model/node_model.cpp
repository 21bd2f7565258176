#include "chat/storage/node_model.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "chat/base/sabotage.h"
#include "chat/storage/cluster_model.h"
#include "chat/storage/user_model.h"
#include "storage/model/node_rows.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

// Milliseconds since 1970 by the database's clock.
#define CHAT_NOW_SQLITE "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
#define CHAT_NOW_MYSQL "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

constexpr sql::Text kMakeNode{.sqlite =
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

// Uses the index on node_id.
constexpr std::string_view kStranded =
    "SELECT id FROM user WHERE node_id IS NOT NULL AND state = 'online' AND NOT EXISTS"
    " (SELECT 1 FROM node WHERE node.id = user.node_id AND node.epoch = user.node_epoch)";
constexpr std::size_t kFreedPerCommit = 1024;

// True if the two servers must not run at the same time.
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

// Creates or updates the node's row, with a new epoch. `rows` are all rows, locked.
Result<Node> raise(Connection& connection, const NodeStart& start,
                   const std::vector<NodeRow>& rows) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&start](const NodeRow& row) { return row.name == start.name; });
  if (found == rows.end()) {
    auto made =
        sql::write(connection, kMakeNode.in(connection), start.name, start.alone, start.holder);
    if (!made) return fail(made);
    return Node{NodeId{static_cast<std::int32_t>(connection.last_insert_id())}, 1};
  }
  const Node node{found->node.id, found->node.epoch + 1};
  auto raised =
      sql::write(connection, kRaise.in(connection), node.epoch, start.alone, start.holder, node.id);
  if (!raised) return fail(raised);
  return node;
}

Result<void> end_all_others(Connection& connection, const Node& node) {
  return sql::write(connection, "UPDATE node SET epoch = epoch + 1, lease_until = 0 WHERE id <> ?",
                    node.id);
}

UserId to_user_id(const Statement& row) {
  return sql::id<UserId>(row, 0);
}

// The users whose lives end with this start. A node without a bus takes all users.
Result<std::vector<UserId>> left_behind(Connection& connection, const NodeStart& start,
                                        const Node& node, const std::vector<Node>& dead) {
  if (start.alone) {
    return sql::read_all(connection, "SELECT id FROM user WHERE state = 'online'", to_user_id);
  }
  constexpr std::string_view kOf = "SELECT id FROM user WHERE node_id = ? AND node_epoch <= ?";
  auto users = sql::read_all(connection, kOf, to_user_id, node.id, node.epoch - 1);
  for (const Node& other : dead) {
    if (!users) break;
    auto more = sql::read_all(connection, kOf, to_user_id, other.id, other.epoch);
    if (!more) return more;
    users->insert(users->end(), more->begin(), more->end());
  }
  return users;
}

// True if the row is still as it was when found dead. Locks the row.
Result<bool> is_unchanged(Connection& connection, const NodeRow& dead) {
  constexpr sql::Text kLifeGoesOn{
      .sqlite = "SELECT 1 FROM node WHERE id = ? AND epoch = ? AND lease_until = ?",
      .mysql = "SELECT 1 FROM node WHERE id = ? AND epoch = ? AND lease_until = ? FOR UPDATE"};
  auto found = sql::read_integer(connection, kLifeGoesOn.in(connection), dead.node.id,
                                 dead.node.epoch, dead.lease_until);
  if (!found) return fail(found);
  return found->has_value();
}

// If a gap lock of another transaction prevents freeing the users, only the life is ended.
Result<std::optional<std::vector<UserId>>> sweep(Connection& connection, const NodeRow& dead,
                                                 bool free_users, std::vector<UserId>* doubtful) {
  auto transaction = Transaction::begin(connection, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  const auto unchanged = is_unchanged(connection, dead);
  if (!unchanged) return fail(unchanged);
  if (!*unchanged) return std::nullopt;
  if (auto ended = NodeModel(connection).end(dead.node); !ended) return fail(ended);
  Result<std::vector<UserId>> users;
  if (free_users) {
    users = sql::read_all(connection, "SELECT id FROM user WHERE node_id = ? AND node_epoch = ?",
                          to_user_id, dead.node.id, dead.node.epoch);
  }
  if (users) users = UserModel(connection).free_stranded(*users);
  if (!users) return fail(users);
  if (auto committed = transaction->commit(); !committed) {
    if (doubtful != nullptr) *doubtful = *std::move(users);
    return fail(committed);
  }
  return *std::move(users);
}

}  // namespace

Result<StartOutcome> NodeModel::start(const NodeStart& start) {
  if (auto id = ClusterModel(connection_).id(); !id)
    return fail(id);  // ensures the row that is locked
  auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto turn = ClusterModel(connection_).serialise_start(); !turn) return fail(turn);
  auto rows = read_nodes_locked(connection_);
  if (!rows) return fail(rows);
  std::vector<Node> dead;
  for (NodeRow& row : *rows) {
    if (!is_in_the_way(row, start)) continue;
    if (!is_dead(row, start.dead)) return StartOutcome{{}, std::move(row)};
    if (row.name != start.name) dead.push_back(row.node);
  }
  const auto node = raise(connection_, start, *rows);
  if (!node) return fail(node);
  Result<void> ended;
  if (start.alone) ended = end_all_others(connection_, *node);
  for (const Node& other : dead) {
    if (ended && !start.alone) ended = end(other);
  }
  if (!ended) return fail(ended);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  // Locked users must not prevent the start: the lease frees those still stranded.
  const auto users = left_behind(connection_, start, *node, dead);
  if (!users) return fail(users);
  const auto freed = free_stranded(*users, [](const std::vector<UserId>&) {});
  const bool met_a_lock = !freed && freed.error().code == ErrorCode::kBusy && !start.exclusive;
  if (!freed && !met_a_lock) return fail(freed);
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
  return read_nodes(connection_);
}

Result<std::vector<UserId>> NodeModel::users_of(std::string_view name) {
  return sql::read_all(
      connection_,
      "SELECT user.id FROM user JOIN node ON node.id = user.node_id WHERE node.name = ?",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, name);
}

Result<std::optional<std::vector<UserId>>> NodeModel::sweep(const NodeRow& dead,
                                                            std::vector<UserId>* doubtful) {
  auto swept = storage::sweep(connection_, dead, true, doubtful);
  const bool met_a_lock = !swept && swept.error().code == ErrorCode::kBusy;
  return met_a_lock ? storage::sweep(connection_, dead, false, doubtful) : std::move(swept);
}

Result<std::vector<UserId>> NodeModel::stranded() {
  return sql::read_all(connection_, kStranded, to_user_id);
}

Result<void> NodeModel::free_stranded(std::span<const UserId> users,
                                      const std::function<void(std::vector<UserId>)>& freed,
                                      std::vector<UserId>* doubtful) {
  while (!users.empty()) {
    const auto part = users.first(std::min(users.size(), kFreedPerCommit));
    users = users.subspan(part.size());
    auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
    if (!transaction) return fail(transaction);
    auto offline = UserModel(connection_).free_stranded(part);
    if (!offline) return fail(offline);
    if (auto committed = transaction->commit(); !committed) {
      if (doubtful != nullptr) *doubtful = *std::move(offline);
      return committed;
    }
    if (!offline->empty()) freed(*std::move(offline));
  }
  return {};
}

}  // namespace chat::storage
