#include "chat/storage/user_model.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "chat/base/check.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/search_model.h"
#include "chat/storage/transact.h"
#include "storage/model/node_rows.h"
#include "storage/sql_in.h"

namespace chat::storage {
namespace {

User to_user(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), std::string(row.text(2)),
          row.text(3) == "online", row.integer(4),           row.integer(5) != 0};
}

#define CHAT_USER_COLUMNS "id, name, password, state, session_epoch, disabled_at"
#define CHAT_STATE_COLUMNS                                                               \
  "id, state, COALESCE(node_id, 0), node_epoch, session_epoch, name = '', disabled_at, " \
  "kicked_epoch, contact_rev"

UserState to_state(const Statement& row) {
  return {sql::id<UserId>(row, 0),
          row.text(1) == "online",
          Node{sql::id<NodeId>(row, 2), row.integer(3)},
          row.integer(4),
          row.integer(5) != 0,
          row.integer(6) != 0,
          row.integer(7),
          row.integer(8)};
}

// The dialects return the new epoch in different ways.
#define CHAT_CLAIM_WHERE                                                               \
  " WHERE id = ? AND (? <> 0 OR state = 'offline' OR (node_id = ? AND node_epoch = ?)" \
  " OR NOT EXISTS"                                                                     \
  " (SELECT 1 FROM node WHERE node.id = user.node_id AND node.epoch = user.node_epoch))"
constexpr sql::Text kClaim{
    .sqlite =
        "UPDATE user SET state = 'online', node_id = ?, node_epoch = ?,"
        " session_epoch = session_epoch + 1" CHAT_CLAIM_WHERE " RETURNING session_epoch",
    .mysql =
        "UPDATE user SET state = 'online', node_id = ?, node_epoch = ?,"
        " session_epoch = LAST_INSERT_ID(session_epoch + 1)" CHAT_CLAIM_WHERE};
#undef CHAT_CLAIM_WHERE

// SQLite: the write transaction itself is the lock on the rows. MySQL: in order of the ids, so that
// two transactions never deadlock, and skipping locked rows.
constexpr sql::Text kLockTail{.sqlite = "", .mysql = "ORDER BY id FOR UPDATE SKIP LOCKED"};

// Waiting, in the same order.
constexpr sql::Text kShareTail{.sqlite = "", .mysql = "ORDER BY id LOCK IN SHARE MODE"};
constexpr sql::Text kUpdateTail{.sqlite = "", .mysql = "ORDER BY id FOR UPDATE"};

constexpr sql::Text kLockState{
    .sqlite = "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE id = ?",
    .mysql = "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE id = ? FOR UPDATE"};
constexpr sql::Text kLockRemoved{.sqlite = "SELECT password = '' FROM user WHERE id = ?",
                                 .mysql = "SELECT password = '' FROM user WHERE id = ? FOR UPDATE"};

bool is_current(const std::vector<NodeRow>& nodes, const Node& holder) {
  return std::any_of(nodes.begin(), nodes.end(), [&holder](const NodeRow& row) {
    return row.node.id == holder.id && row.node.epoch == holder.epoch;
  });
}

bool is_held_elsewhere(const UserState& state, const Node& node) {
  return state.online && (state.holder.id != node.id || state.holder.epoch != node.epoch);
}

// The key of names that were registered when invisible characters still counted.
std::string older_name_key(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

}  // namespace

Result<std::optional<UserId>> UserModel::insert(std::string_view name,
                                                std::string_view password_hash,
                                                UnixMillis created_at) {
  const std::string key = name_key(name);
  const auto older = find_older(key);
  if (!older) return fail(older);
  if (*older) return std::optional<UserId>{};
  const auto inserted = sql::write(
      connection_, "INSERT INTO user (name, name_key, password, created_at) VALUES (?, ?, ?, ?)",
      name, key, password_hash, created_at);
  if (inserted) {
    const UserId id{static_cast<std::int32_t>(connection_.last_insert_id())};
    const auto added = SearchModel(connection_).add(NameKind::kUser, id.value, name);
    if (!added) return fail(added);
    return id;
  }
  if (inserted.error().code != ErrorCode::kConflict) return fail(inserted);
  const auto holder = find_by_name(name);
  if (!holder) return fail(holder);
  if (!holder->has_value()) return fail(inserted);  // another constraint was violated
  return std::optional<UserId>{};
}

// A deleted account has no password.
Result<std::optional<User>> UserModel::find(UserId id) {
  return sql::read_one(connection_,
                       "SELECT " CHAT_USER_COLUMNS
                       " FROM user"
                       " WHERE id = ? AND password <> ''",
                       to_user, id);
}

Result<std::optional<User>> UserModel::find_by_name(std::string_view name) {
  const auto find_by_key = [this](std::string_view key) {
    return sql::read_one(connection_,
                         "SELECT " CHAT_USER_COLUMNS
                         " FROM user"
                         " WHERE name_key = ? AND password <> ''",
                         to_user, key);
  };
  const std::string key = name_key(name);
  const std::string older = older_name_key(name);
  if (older != key) {
    auto user = find_by_key(older);
    if (!user || *user) return user;
  }
  auto user = find_by_key(key);
  if (!user || *user) return user;
  return find_older(key);
}

Result<std::optional<User>> UserModel::find_older(std::string_view key) {
  const auto holder = OlderNameModel(connection_).holder(NameKind::kUser, key);
  if (!holder) return fail(holder);
  if (!*holder) return std::optional<User>{};
  return find(UserId{static_cast<std::int32_t>(**holder)});
}

Result<std::vector<UserName>> UserModel::names(UserId first, UserId last) {
  return sql::read_all(
      connection_, "SELECT id, name FROM user WHERE id >= ? AND id <= ?",
      [](const Statement& row) {
        return UserName{sql::id<UserId>(row, 0), std::string(row.text(1))};
      },
      first, last);
}

Result<bool> UserModel::replace_password(UserId id, std::string_view old_hash,
                                         std::string_view new_hash) {
  auto replaced =
      sql::write(connection_, "UPDATE user SET password = ? WHERE id = ? AND password = ?",
                 new_hash, id, old_hash);
  if (!replaced) return fail(replaced);
  return connection_.affected_rows() > 0;
}

Result<bool> UserModel::remove(UserId id, std::string_view hash) {
  // Keys are unique, and no name has a control character.
  const std::string key = "\x7F" + std::to_string(id.value);
  auto removed = sql::write(connection_,
                            "UPDATE user SET name = '', name_key = ?, password = '',"
                            " nick = '', bio = '', avatar = '',"
                            " state = 'offline', node_id = NULL, node_epoch = 0,"
                            " session_epoch = session_epoch + 1 WHERE id = ? AND password = ?",
                            key, id, hash);
  if (!removed) return fail(removed);
  if (connection_.affected_rows() == 0) return false;
  if (auto done = OlderNameModel(connection_).forget(NameKind::kUser, id.value); !done) {
    return fail(done);
  }
  if (auto done = SearchModel(connection_).forget(NameKind::kUser, id.value); !done) {
    return fail(done);
  }
  return true;
}

Result<bool> UserModel::is_removed_locked(UserId id) {
  CHAT_CHECK(connection_.in_transaction());
  const auto removed = sql::read_integer(connection_, kLockRemoved.in(connection_), id);
  if (!removed) return fail(removed);
  return removed->value_or(1) != 0;
}

Result<std::optional<SessionEpoch>> UserModel::claim(UserId id, const Node& node, bool takeover) {
  if (connection_.dialect() == Dialect::kSqlite) {
    return sql::read_integer(connection_, kClaim.sqlite, node.id, node.epoch, id, takeover, node.id,
                             node.epoch);
  }
  auto claimed =
      sql::write(connection_, kClaim.mysql, node.id, node.epoch, id, takeover, node.id, node.epoch);
  if (!claimed) return fail(claimed);
  if (connection_.affected_rows() == 0) return std::optional<SessionEpoch>();
  return connection_.last_insert_id();
}

Result<std::vector<UserState>> UserModel::lock_unlocked(std::span<const UserId> ids) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::read_in(connection_, "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE id IN", ids,
                      kLockTail.in(connection_), to_state);
}

Result<void> UserModel::claim(std::span<Claim> claims, const Node& node) {
  std::vector<UserId> ids;
  for (const Claim& claim : claims) {
    CHAT_CHECK(ids.empty() || ids.back().value < claim.user.value);
    ids.push_back(claim.user);
  }
  const auto states = lock_unlocked(ids);
  if (!states) return fail(states);
  const bool any_elsewhere =
      std::any_of(states->begin(), states->end(),
                  [&node](const UserState& state) { return is_held_elsewhere(state, node); });
  Result<std::vector<NodeRow>> nodes;
  if (any_elsewhere) nodes = read_nodes(connection_);
  if (!nodes) return fail(nodes);
  ids.clear();
  for (const UserState& state : *states) {
    const auto claim =
        std::lower_bound(claims.begin(), claims.end(), state.id,
                         [](const Claim& item, UserId id) { return item.user.value < id.value; });
    claim->held_elsewhere = is_held_elsewhere(state, node) && is_current(*nodes, state.holder);
    claim->outcome = claim->held_elsewhere && !claim->takeover ? Claim::Outcome::kRefused
                                                               : Claim::Outcome::kClaimed;
    claim->epoch = state.session_epoch + 1;
    if (claim->outcome == Claim::Outcome::kClaimed) ids.push_back(state.id);
  }
  return sql::write_in(connection_,
                       "UPDATE user SET state = 'online', node_id = ?, node_epoch = ?,"
                       " session_epoch = session_epoch + 1 WHERE id IN",
                       std::span<const UserId>(ids), node.id, node.epoch);
}

Result<bool> UserModel::release(UserId id, SessionEpoch epoch, const Node& holder) {
  auto released =
      sql::write(connection_,
                 "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0"
                 " WHERE id = ? AND session_epoch = ?"
                 " AND (? = 0 OR state = 'offline' OR (node_id = ? AND node_epoch = ?))",
                 id, epoch, holder.id, holder.id, holder.epoch);
  if (!released) return fail(released);
  return connection_.affected_rows() > 0;
}

Result<void> UserModel::give_up_lost(const UserState& seen, SessionEpoch lost, const Node& node) {
  return sql::write(connection_,
                    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0,"
                    " session_epoch = ? WHERE id = ? AND session_epoch = ? AND session_epoch <= ?"
                    " AND (state = 'offline' OR node_id = ?)",
                    lost, seen.id, seen.session_epoch, lost, node.id);
}

Result<void> UserModel::release(std::span<Release> releases, const Node& holder) {
  std::vector<UserId> ids;
  for (const Release& release : releases) ids.push_back(release.user);
  const auto states = lock_unlocked(ids);
  if (!states) return fail(states);
  std::unordered_map<UserId, const UserState*> by_id;
  for (const UserState& state : *states) by_id.emplace(state.id, &state);
  std::erase_if(ids, [&by_id](UserId id) { return by_id.contains(id); });
  const auto locked = this->states(ids);
  if (!locked) return fail(locked);
  std::unordered_set<UserId> undecided;
  for (const UserState& state : *locked) undecided.insert(state.id);
  ids.clear();
  for (Release& release : releases) {
    const auto found = by_id.find(release.user);
    if (found == by_id.end()) {
      release.outcome = undecided.contains(release.user) ? Release::Outcome::kAlone
                                                         : Release::Outcome::kNewerSession;
      continue;
    }
    const bool elsewhere = holder.id && is_held_elsewhere(*found->second, holder);
    const bool newest = found->second->session_epoch == release.epoch && !elsewhere;
    release.outcome = newest ? Release::Outcome::kReleased : Release::Outcome::kNewerSession;
    if (newest && found->second->online) ids.push_back(release.user);
  }
  return sql::write_in(
      connection_, "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0 WHERE id IN",
      std::span<const UserId>(ids));
}

// An ended life never comes back, so a stranded user stays stranded until claimed.
Result<std::vector<UserId>> UserModel::free_stranded(std::span<const UserId> ids) {
  const auto states = lock_unlocked(ids);
  if (!states) return fail(states);
  const auto nodes = read_nodes(connection_);
  if (!nodes) return fail(nodes);
  std::vector<UserId> freed;
  for (const UserState& state : *states) {
    if (state.online && !is_current(*nodes, state.holder)) freed.push_back(state.id);
  }
  auto released = sql::write_in(
      connection_, "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0 WHERE id IN",
      std::span<const UserId>(freed));
  if (!released) return fail(released);
  return freed;
}

Result<std::vector<UserState>> UserModel::lock(std::span<const UserId> ids, RowLock mode) {
  CHAT_CHECK(connection_.in_transaction());
  const sql::Text& tail = mode == RowLock::kShared ? kShareTail : kUpdateTail;
  const auto began = std::chrono::steady_clock::now();
  auto states = sql::read_in(connection_, "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE id IN",
                             ids, tail.in(connection_), to_state);
  if (!states) return states;
  if (auto in_time = refuse_if_late(began); !in_time) return fail(in_time);
  return states;
}

Result<std::optional<UserState>> UserModel::state_locked(UserId id) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::read_one(connection_, kLockState.in(connection_), to_state, id);
}

Result<std::vector<UserState>> UserModel::states(std::span<const UserId> ids) {
  return sql::read_in(connection_, "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE id IN", ids, "",
                      to_state);
}

Result<std::vector<Credentials>> UserModel::credentials(std::span<const UserId> ids) {
  return sql::read_in(connection_,
                      "SELECT id, session_epoch, password, disabled_at FROM user WHERE id IN", ids,
                      "", [](const Statement& row) {
                        return Credentials{sql::id<UserId>(row, 0), row.integer(1),
                                           std::string(row.text(2)), row.integer(3) != 0};
                      });
}

Result<std::vector<UserState>> UserModel::held_by(const Node& node) {
  return sql::read_all(
      connection_, "SELECT " CHAT_STATE_COLUMNS " FROM user WHERE node_id = ? AND node_epoch <= ?",
      to_state, node.id, node.epoch);
}

#undef CHAT_STATE_COLUMNS
#undef CHAT_USER_COLUMNS

}  // namespace chat::storage
