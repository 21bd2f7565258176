#include "chat/storage/join_model.h"

#include <utility>

#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_REQUEST \
  "INSERT INTO joinrequest (groupid, userid, message, created_at) VALUES (?, ?, ?, ?)"
constexpr sql::Text kRequest{
    .sqlite = CHAT_REQUEST
    " ON CONFLICT DO UPDATE SET state = 'pending', message = excluded.message,"
    " created_at = excluded.created_at",
    .mysql = CHAT_REQUEST
    " ON DUPLICATE KEY UPDATE state = 'pending', message = VALUES(message),"
    " created_at = VALUES(created_at)"};
#undef CHAT_REQUEST

// Of the giver and the receiver of the invitation `i`.
#define CHAT_NOT_BLOCKED                                                                           \
  " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = i.userid AND b.blocked = i.invited_by)" \
  " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = i.invited_by AND b.blocked = i.userid)"

// How many expired invitations of a user or a group are deleted with each new one, so that the
// table does not grow.
constexpr std::size_t kPrunedRows = 10;

Result<std::size_t> count_of(const Result<std::optional<std::int64_t>>& count) {
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

}  // namespace

Result<JoinModel::State> JoinModel::request_state(GroupId group, UserId user, UnixMillis oldest) {
  const auto state = sql::read_one(
      connection_,
      "SELECT state FROM joinrequest WHERE groupid = ? AND userid = ? AND created_at > ?",
      [](const Statement& row) {
        return row.text(0) == "refused" ? State::kRefused : State::kPending;
      },
      group, user, oldest);
  if (!state) return fail(state);
  return state->value_or(State::kNone);
}

Result<void> JoinModel::request(GroupId group, UserId user, std::string_view message,
                                UnixMillis now) {
  auto pruned = prune({.find = "SELECT groupid, userid FROM joinrequest WHERE groupid = ?"
                               " AND created_at <= ? ORDER BY userid LIMIT ?",
                       .erase = "DELETE FROM joinrequest WHERE groupid = ? AND userid = ?"
                                " AND created_at <= ?"},
                      group.value, now - kRequestLifetimeMillis);
  if (!pruned) return pruned;
  return sql::write(connection_, kRequest.in(connection_), group, user, message, now);
}

Result<void> JoinModel::refuse(GroupId group, UserId user) {
  return sql::write(connection_,
                    "UPDATE joinrequest SET state = 'refused' WHERE groupid = ? AND userid = ?",
                    group, user);
}

Result<void> JoinModel::erase_request(GroupId group, UserId user) {
  return sql::write(connection_, "DELETE FROM joinrequest WHERE groupid = ? AND userid = ?", group,
                    user);
}

Result<std::vector<JoinRequest>> JoinModel::requests_to(UserId admin, GroupId group, UserId user,
                                                        UnixMillis oldest, std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT r.groupid, g.groupname, r.userid, u.name, r.message, r.created_at"
      " FROM groupuser gu CROSS JOIN joinrequest r CROSS JOIN allgroup g CROSS JOIN user u"
      " WHERE r.groupid = gu.groupid AND g.id = gu.groupid AND u.id = r.userid AND gu.userid = ? "
      "AND gu.left_seq = 0 AND gu.grouprole IN ('creator', 'admin')"
      " AND g.dismissed_at = 0 AND r.state = 'pending' AND r.created_at > ?"
      " AND (gu.groupid > ? OR (gu.groupid = ? AND r.userid > ?))"
      " ORDER BY gu.groupid, r.userid LIMIT ?",
      [](const Statement& row) {
        return JoinRequest{sql::id<GroupId>(row, 0), std::string(row.text(1)),
                           sql::id<UserId>(row, 2),  std::string(row.text(3)),
                           std::string(row.text(4)), row.integer(5)};
      },
      admin, oldest, group, group, user, limit);
}

Result<JoinModel::Invited> JoinModel::invited(GroupId group, UserId user, UnixMillis oldest) {
  const auto state = sql::read_one(
      connection_,
      "SELECT i.state FROM groupinvite i WHERE i.groupid = ? AND i.userid = ?"
      " AND i.created_at > ?" CHAT_NOT_BLOCKED,
      [](const Statement& row) {
        return row.text(0) == "declined" ? Invited::kDeclined : Invited::kPending;
      },
      group, user, oldest);
  if (!state) return fail(state);
  return state->value_or(Invited::kNo);
}

Result<void> JoinModel::invite(GroupId group, UserId user, UserId by, UnixMillis now) {
  const UnixMillis oldest = now - kRequestLifetimeMillis;
  constexpr std::string_view kErase =
      "DELETE FROM groupinvite WHERE groupid = ? AND userid = ? AND created_at <= ?";
  auto done = prune({.find = "SELECT groupid, userid FROM groupinvite WHERE userid = ?"
                             " AND created_at <= ? ORDER BY groupid LIMIT ?",
                     .erase = kErase},
                    user.value, oldest);
  if (done) {
    done = prune({.find = "SELECT groupid, userid FROM groupinvite WHERE groupid = ?"
                          " AND created_at <= ? ORDER BY userid LIMIT ?",
                  .erase = kErase},
                 group.value, oldest);
  }
  if (!done) return done;
  return sql::write(connection_,
                    "REPLACE INTO groupinvite (groupid, userid, invited_by, state, created_at)"
                    " VALUES (?, ?, ?, 'pending', ?)",
                    group, user, by, now);
}

// Deletes row by row: a DELETE with a range could deadlock with concurrent inserts.
Result<void> JoinModel::prune(const Prune& statements, std::int64_t id, UnixMillis oldest) {
  const auto expired = sql::read_all(
      connection_, statements.find,
      [](const Statement& row) {
        return std::pair(sql::id<GroupId>(row, 0), sql::id<UserId>(row, 1));
      },
      id, oldest, kPrunedRows);
  if (!expired) return fail(expired);
  for (const auto& [group, user] : *expired) {
    auto erased = sql::write(connection_, statements.erase, group, user, oldest);
    if (!erased) return erased;
  }
  return {};
}

Result<void> JoinModel::vouch(GroupId group, UserId user, UserId by) {
  return sql::write(connection_,
                    "UPDATE groupinvite SET invited_by = ? WHERE groupid = ? AND userid = ?"
                    " AND state = 'pending'",
                    by, group, user);
}

Result<void> JoinModel::decline(GroupId group, UserId user) {
  return sql::write(connection_,
                    "UPDATE groupinvite SET state = 'declined' WHERE groupid = ? AND userid = ?",
                    group, user);
}

Result<void> JoinModel::erase_invite(GroupId group, UserId user) {
  return sql::write(connection_, "DELETE FROM groupinvite WHERE groupid = ? AND userid = ?", group,
                    user);
}

Result<std::vector<GroupInvite>> JoinModel::invites_of(UserId user, GroupId after,
                                                       UnixMillis oldest, std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT i.groupid, g.groupname, i.invited_by, u.name, i.created_at"
      " FROM groupinvite i JOIN allgroup g ON g.id = i.groupid JOIN user u ON u.id = i.invited_by"
      " WHERE i.userid = ? AND i.groupid > ? AND i.state = 'pending' AND i.created_at > ?"
      " AND g.dismissed_at = 0" CHAT_NOT_BLOCKED " ORDER BY i.groupid LIMIT ?",
      [](const Statement& row) {
        return GroupInvite{sql::id<GroupId>(row, 0), std::string(row.text(1)),
                           sql::id<UserId>(row, 2), std::string(row.text(3)), row.integer(4)};
      },
      user, after, oldest, limit);
}

Result<std::size_t> JoinModel::count_invites_to(GroupId group, UnixMillis oldest) {
  return count_of(sql::read_integer(connection_,
                                    "SELECT COUNT(*) FROM groupinvite i WHERE i.groupid = ?"
                                    " AND i.state = 'pending' AND i.created_at > ?",
                                    group, oldest));
}

Result<std::size_t> JoinModel::count_invites_of(UserId user, UnixMillis oldest) {
  return count_of(
      sql::read_integer(connection_,
                        "SELECT COUNT(*) FROM groupinvite i WHERE i.userid = ?"
                        " AND i.state = 'pending' AND i.created_at > ?" CHAT_NOT_BLOCKED,
                        user, oldest));
}

Result<void> JoinModel::add_code(std::string_view hash, GroupId group, UserId by,
                                 UnixMillis expires_at, std::int64_t uses) {
  return sql::write(connection_,
                    "INSERT INTO groupcode (code_hash, groupid, created_by, expires_at, uses_left)"
                    " VALUES (?, ?, ?, ?, ?)",
                    hash, group, by, expires_at, uses);
}

Result<std::size_t> JoinModel::count_codes(GroupId group, UnixMillis now) {
  auto erased =
      sql::write(connection_,
                 "DELETE FROM groupcode WHERE groupid = ? AND (expires_at <= ? OR uses_left <= 0)",
                 group, now);
  if (!erased) return fail(erased);
  return count_of(
      sql::read_integer(connection_, "SELECT COUNT(*) FROM groupcode WHERE groupid = ?", group));
}

Result<std::size_t> JoinModel::count_codes_of(GroupId group, UserId by) {
  return count_of(sql::read_integer(connection_,
                                    "SELECT COUNT(*) FROM groupcode WHERE groupid = ?"
                                    " AND created_by = ?",
                                    group, by));
}

Result<std::optional<GroupId>> JoinModel::group_of_code(std::string_view hash, UnixMillis now) {
  return sql::read_one(
      connection_, "SELECT groupid FROM groupcode WHERE code_hash = ? AND expires_at > ?",
      [](const Statement& row) { return sql::id<GroupId>(row, 0); }, hash, now);
}

Result<bool> JoinModel::use_code(std::string_view hash, UnixMillis now) {
  auto used = sql::write(connection_,
                         "UPDATE groupcode SET uses_left = uses_left - 1"
                         " WHERE code_hash = ? AND expires_at > ? AND uses_left > 0",
                         hash, now);
  if (!used) return fail(used);
  return connection_.affected_rows() > 0;
}

Result<void> JoinModel::erase_given(GroupId group, UserId by) {
  auto erased = sql::write(connection_,
                           "DELETE FROM groupcode WHERE groupid = ? AND created_by = ?", group, by);
  if (!erased) return erased;
  return sql::write(connection_,
                    "DELETE FROM groupinvite WHERE groupid = ? AND invited_by = ?"
                    " AND state = 'pending'",
                    group, by);
}

Result<void> JoinModel::erase_ways_into(GroupId group) {
  auto erased = sql::write(connection_, "DELETE FROM groupcode WHERE groupid = ?", group);
  if (erased) erased = sql::write(connection_, "DELETE FROM joinrequest WHERE groupid = ?", group);
  if (!erased) return erased;
  return sql::write(connection_, "DELETE FROM groupinvite WHERE groupid = ?", group);
}

Result<void> JoinModel::erase_all(UserId user) {
  if (auto done = sql::write(connection_, "DELETE FROM joinrequest WHERE userid = ?", user); !done)
    return done;
  return sql::write(connection_, "DELETE FROM groupinvite WHERE userid = ?", user);
}

#undef CHAT_NOT_BLOCKED

}  // namespace chat::storage
