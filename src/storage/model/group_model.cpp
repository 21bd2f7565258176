#include "chat/storage/group_model.h"

#include "chat/base/check.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/search_model.h"
#include "chat/storage/user_model.h"
#include "storage/sql_in.h"

namespace chat::storage {
namespace {

Group to_group(const Statement& row) {
  return {sql::id<GroupId>(row, 0), std::string(row.text(1)), std::string(row.text(2))};
}

GroupMember to_member(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), row.text(2) == "online",
          row.text(3) == "creator" ? GroupRole::kCreator : GroupRole::kNormal};
}

// A member's three positions all start at the head: earlier messages are not theirs to read.
Result<void> insert_member(Connection& connection, GroupId group, UserId user,
                           std::string_view role, Seq head) {
  return sql::write(connection,
                    "INSERT INTO groupuser"
                    " (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    group, user, role, head, head, head);
}

// SQLite: the write transaction itself is the lock on the group's row.
constexpr sql::Text kLockGroup{.sqlite = "SELECT last_seq FROM allgroup WHERE id = ?",
                               .mysql = "SELECT last_seq FROM allgroup WHERE id = ? FOR UPDATE"};

constexpr sql::Text kLockCreated{
    .sqlite =
        "SELECT g.id FROM allgroup g JOIN groupuser gu ON gu.groupid = g.id"
        " WHERE g.name_key = ? AND gu.userid = ? AND gu.grouprole = 'creator'",
    .mysql =
        "SELECT g.id FROM allgroup g JOIN groupuser gu ON gu.groupid = g.id"
        " WHERE g.name_key = ? AND gu.userid = ? AND gu.grouprole = 'creator' FOR UPDATE"};
constexpr sql::Text kLockMember{
    .sqlite = "SELECT joined_seq FROM groupuser WHERE groupid = ? AND userid = ?",
    .mysql = "SELECT joined_seq FROM groupuser WHERE groupid = ? AND userid = ? FOR UPDATE"};

}  // namespace

Result<std::optional<GroupId>> GroupModel::create(std::string_view name, std::string_view desc,
                                                  UserId creator) {
  CHAT_CHECK(connection_.in_transaction());
  const auto key = name_key(name);
  const auto older = OlderNameModel(connection_).holder(NameKind::kGroup, key);
  if (!older) return fail(older);
  if (*older) return std::optional<GroupId>{};
  const auto inserted = sql::write(
      connection_, "INSERT INTO allgroup (groupname, name_key, groupdesc) VALUES (?, ?, ?)", name,
      key, desc);
  if (inserted) {
    const GroupId group{static_cast<std::int32_t>(connection_.last_insert_id())};
    const auto joined = insert_member(connection_, group, creator, "creator", 0);
    if (!joined) return fail(joined);
    const auto added = SearchModel(connection_).add(NameKind::kGroup, group.value, name);
    if (!added) return fail(added);
    return group;
  }
  if (inserted.error().code != ErrorCode::kConflict) return fail(inserted);
  const auto holder =
      sql::read_integer(connection_, "SELECT id FROM allgroup WHERE name_key = ?", key);
  if (!holder) return fail(holder);
  if (!holder->has_value()) return fail(inserted);  // another constraint was violated
  return std::optional<GroupId>{};
}

Result<std::optional<GroupId>> GroupModel::created_by_locked(std::string_view name,
                                                             UserId creator) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::read_one(
      connection_, kLockCreated.in(connection_),
      [](const Statement& row) { return sql::id<GroupId>(row, 0); }, name_key(name), creator);
}

Result<GroupModel::JoinOutcome> GroupModel::join(GroupId group, UserId user,
                                                 std::size_t members_max) {
  CHAT_CHECK(connection_.in_transaction());
  const auto head = sql::read_integer(connection_, kLockGroup.in(connection_), group);
  if (!head) return fail(head);
  if (!head->has_value()) return JoinOutcome{Joined::kNoSuchGroup, 0};
  const auto joined = joined_seq(group, user);
  if (!joined) return fail(joined);
  if (joined->has_value()) return JoinOutcome{Joined::kAlreadyMember, **joined};
  const auto members =
      sql::read_integer(connection_, "SELECT COUNT(*) FROM groupuser WHERE groupid = ?", group);
  if (!members) return fail(members);
  if (static_cast<std::size_t>(members->value_or(0)) >= members_max) {
    return JoinOutcome{Joined::kGroupFull, 0};
  }
  const auto inserted = insert_member(connection_, group, user, "normal", **head);
  if (!inserted) return fail(inserted);
  return JoinOutcome{Joined::kYes, **head};
}

Result<void> GroupModel::leave_all(UserId user) {
  return sql::write(connection_, "DELETE FROM groupuser WHERE userid = ?", user);
}

Result<std::optional<Group>> GroupModel::find(GroupId group) {
  return sql::read_one(connection_, "SELECT id, groupname, groupdesc FROM allgroup WHERE id = ?",
                       to_group, group);
}

Result<std::vector<Group>> GroupModel::find(std::span<const GroupId> groups) {
  return sql::read_in(connection_, "SELECT id, groupname, groupdesc FROM allgroup WHERE id IN",
                      groups, "", to_group);
}

Result<bool> GroupModel::is_member(GroupId group, UserId user) {
  const auto joined = joined_seq(group, user);
  if (!joined) return fail(joined);
  return joined->has_value();
}

Result<std::optional<SessionEpoch>> GroupModel::member_epoch(GroupId group, UserId user) {
  return sql::read_integer(
      connection_,
      "SELECT u.session_epoch FROM groupuser gu JOIN user u ON u.id = gu.userid"
      " WHERE gu.groupid = ? AND gu.userid = ?",
      group, user);
}

Result<std::optional<Seq>> GroupModel::joined_seq(GroupId group, UserId user) {
  return sql::read_integer(connection_,
                           "SELECT joined_seq FROM groupuser WHERE groupid = ? AND userid = ?",
                           group, user);
}

Result<std::optional<Seq>> GroupModel::joined_seq_locked(GroupId group, UserId user) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::read_integer(connection_, kLockMember.in(connection_), group, user);
}

Result<std::vector<Group>> GroupModel::groups_of(UserId user, GroupId after, std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT g.id, g.groupname, g.groupdesc"
                       " FROM groupuser gu JOIN allgroup g ON g.id = gu.groupid"
                       " WHERE gu.userid = ? AND gu.groupid > ? ORDER BY gu.groupid LIMIT ?",
                       to_group, user, after, limit);
}

Result<std::vector<Membership>> GroupModel::memberships(std::span<const UserId> users) {
  return sql::read_in(
      connection_, "SELECT userid, groupid, delivered_seq FROM groupuser WHERE userid IN", users,
      "", [](const Statement& row) {
        return Membership{sql::id<UserId>(row, 0), sql::id<GroupId>(row, 1), row.integer(2)};
      });
}

Result<std::size_t> GroupModel::count_of(UserId user) {
  const auto count =
      sql::read_integer(connection_, "SELECT COUNT(*) FROM groupuser WHERE userid = ?", user);
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

Result<std::vector<GroupMember>> GroupModel::members(GroupId group, UserId after,
                                                     std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT gu.userid, u.name, u.state, gu.grouprole"
                       " FROM groupuser gu JOIN user u ON u.id = gu.userid"
                       " WHERE gu.groupid = ? AND gu.userid > ? ORDER BY gu.userid LIMIT ?",
                       to_member, group, after, limit);
}

}  // namespace chat::storage
