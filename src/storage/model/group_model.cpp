#include "chat/storage/group_model.h"

#include "chat/base/check.h"
#include "chat/storage/group_life_model.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/search_model.h"
#include "chat/storage/user_model.h"
#include "storage/sql_in.h"
#include "storage/sql_pairs.h"

namespace chat::storage {
namespace {

#define CHAT_GROUP \
  "g.id, g.groupname, g.groupdesc, g.announcement, g.joining, g.muted_until, g.dismissed_at"

Group to_group(const Statement& row) {
  return {sql::id<GroupId>(row, 0),
          std::string(row.text(1)),
          std::string(row.text(2)),
          std::string(row.text(3)),
          joining_of(row.text(4)).value_or(GroupJoining::kOpen),
          row.integer(5),
          row.integer(6) != 0};
}

GroupMember to_member(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), row.text(2) == "online",
          role_of(row.text(3)).value_or(GroupRole::kNormal), row.integer(4)};
}

constexpr sql::Text kLockCreated{
    .sqlite =
        "SELECT g.id FROM allgroup g JOIN groupuser gu ON gu.groupid = g.id"
        " WHERE g.name_key = ? AND gu.userid = ? AND gu.grouprole = 'creator' AND gu.left_seq = 0",
    .mysql =
        "SELECT g.id FROM allgroup g JOIN groupuser gu ON gu.groupid = g.id"
        " WHERE g.name_key = ? AND gu.userid = ? AND gu.grouprole = 'creator' AND gu.left_seq = 0"
        " FOR UPDATE"};
constexpr sql::Text kLockMember{
    .sqlite = "SELECT joined_seq FROM groupuser WHERE groupid = ? AND userid = ? AND left_seq = 0",
    .mysql =
        "SELECT joined_seq FROM groupuser WHERE groupid = ? AND userid = ? AND left_seq = 0"
        " FOR UPDATE"};

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
    const auto joined =
        GroupLifeModel(connection_).add_member(group, creator, GroupRole::kCreator, 0);
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

Result<void> GroupModel::erase_all(UserId user) {
  return sql::write(connection_, "DELETE FROM groupuser WHERE userid = ?", user);
}

Result<std::optional<Group>> GroupModel::find(GroupId group) {
  return sql::read_one(connection_, "SELECT " CHAT_GROUP " FROM allgroup g WHERE g.id = ?",
                       to_group, group);
}

Result<std::vector<Group>> GroupModel::find(std::span<const GroupId> groups) {
  return sql::read_in(connection_, "SELECT " CHAT_GROUP " FROM allgroup g WHERE g.id IN", groups,
                      "", to_group);
}

Result<bool> GroupModel::is_member(GroupId group, UserId user) {
  const auto joined = joined_seq(group, user);
  if (!joined) return fail(joined);
  return joined->has_value();
}

Result<std::vector<GroupModel::Writer>> GroupModel::writers(std::span<const Membership> members) {
  return sql::join_pairs(
      connection_,
      "SELECT gu.groupid, gu.userid, u.session_epoch, gu.grouprole, gu.muted_until, gu.joined_seq",
      "JOIN groupuser gu ON gu.groupid = p.a AND gu.userid = p.b AND gu.left_seq = 0"
      " JOIN user u ON u.id = gu.userid",
      members, [](const Membership& member) { return std::pair(member.group, member.user); },
      [](const Statement& row) {
        return Writer{sql::id<GroupId>(row, 0), sql::id<UserId>(row, 1),
                      row.integer(2),           role_of(row.text(3)).value_or(GroupRole::kNormal),
                      row.integer(4),           row.integer(5)};
      });
}

Result<std::vector<GroupModel::Speaker>> GroupModel::speakers(std::span<const Membership> members) {
  return sql::join_pairs(
      connection_,
      "SELECT gu.groupid, gu.userid, gu.grouprole, gu.muted_until, g.muted_until, g.dismissed_at",
      "JOIN groupuser gu ON gu.groupid = p.a AND gu.userid = p.b AND gu.left_seq = 0"
      " JOIN allgroup g ON g.id = gu.groupid",
      members, [](const Membership& member) { return std::pair(member.group, member.user); },
      [](const Statement& row) {
        return Speaker{sql::id<GroupId>(row, 0),
                       sql::id<UserId>(row, 1),
                       role_of(row.text(2)).value_or(GroupRole::kNormal),
                       row.integer(3),
                       row.integer(4),
                       row.integer(5) != 0};
      });
}

Result<std::optional<GroupModel::Readable>> GroupModel::readable(GroupId group, UserId user) {
  return sql::read_one(
      connection_, "SELECT joined_seq, left_seq FROM groupuser WHERE groupid = ? AND userid = ?",
      [](const Statement& row) {
        return Readable{row.integer(0), row.integer(1)};
      },
      group, user);
}

Result<std::optional<Seq>> GroupModel::joined_seq(GroupId group, UserId user) {
  return sql::read_integer(connection_,
                           "SELECT joined_seq FROM groupuser"
                           " WHERE groupid = ? AND userid = ? AND left_seq = 0",
                           group, user);
}

Result<std::optional<Seq>> GroupModel::joined_seq_locked(GroupId group, UserId user) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::read_integer(connection_, kLockMember.in(connection_), group, user);
}

Result<std::vector<GroupOfMember>> GroupModel::groups_of(UserId user, GroupId after,
                                                         std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT " CHAT_GROUP
      ", gu.grouprole FROM groupuser gu JOIN allgroup g ON g.id = gu.groupid"
      " WHERE gu.userid = ? AND gu.groupid > ? AND gu.left_seq = 0 ORDER BY gu.groupid LIMIT ?",
      [](const Statement& row) {
        return GroupOfMember{to_group(row), role_of(row.text(7)).value_or(GroupRole::kNormal)};
      },
      user, after, limit);
}

Result<std::vector<Membership>> GroupModel::memberships(std::span<const UserId> users) {
  return sql::read_in(
      connection_, "SELECT userid, groupid, delivered_seq FROM groupuser WHERE userid IN", users,
      "AND left_seq = 0", [](const Statement& row) {
        return Membership{sql::id<UserId>(row, 0), sql::id<GroupId>(row, 1), row.integer(2)};
      });
}

Result<std::size_t> GroupModel::count_of(UserId user) {
  const auto count = sql::read_integer(
      connection_, "SELECT COUNT(*) FROM groupuser WHERE userid = ? AND left_seq = 0", user);
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

Result<std::vector<GroupMember>> GroupModel::members(GroupId group, UserId after,
                                                     std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT gu.userid, u.name, u.state, gu.grouprole, gu.muted_until"
                       " FROM groupuser gu JOIN user u ON u.id = gu.userid"
                       " WHERE gu.groupid = ? AND gu.userid > ? AND gu.left_seq = 0"
                       " AND u.password <> '' ORDER BY gu.userid LIMIT ?",
                       to_member, group, after, limit);
}

}  // namespace chat::storage
