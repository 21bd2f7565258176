#include "chat/storage/moderation_model.h"

#include "chat/storage/name_key.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_USER_OVERVIEW                                                      \
  "SELECT u.id, u.name, u.created_at, u.disabled_at, u.state, u.session_epoch," \
  " COALESCE(n.name, '') FROM user u LEFT JOIN node n ON n.id = u.node_id AND u.state = 'online'"
#define CHAT_GROUP_OVERVIEW                                                                   \
  "SELECT g.id, g.groupname, g.groupdesc,"                                                    \
  " (SELECT COUNT(*) FROM groupuser gu WHERE gu.groupid = g.id AND gu.left_seq = 0),"         \
  " COALESCE((SELECT m.n FROM groupmessage m WHERE m.groupid = g.id AND m.seq = g.last_seq)," \
  " g.last_seq), COALESCE(c.userid, 0), COALESCE(u.name, ''), g.dismissed_at FROM allgroup g" \
  " LEFT JOIN groupuser c ON c.groupid = g.id AND c.grouprole = 'creator'"                    \
  " LEFT JOIN user u ON u.id = c.userid"

UserOverview to_user_overview(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), row.integer(2),
          row.integer(3),          row.text(4) == "online",  row.integer(5),
          std::string(row.text(6))};
}

GroupOverview to_group_overview(const Statement& row) {
  return {
      sql::id<GroupId>(row, 0), std::string(row.text(1)), std::string(row.text(2)), row.integer(3),
      row.integer(4),           sql::id<UserId>(row, 5),  std::string(row.text(6)), row.integer(7)};
}

// The end of the range of keys that begin with `prefix`: the last code point, U+10FFFF, is no
// character, and no other sorts above it.
std::string end_of_prefix(const std::string& prefix) {
  return prefix + "\xF4\x8F\xBF\xBF";
}

}  // namespace

Result<std::vector<UserOverview>> ModerationModel::users(std::string_view prefix, UserId after,
                                                         std::size_t limit) {
  if (prefix.empty()) {
    return sql::read_all(connection_,
                         CHAT_USER_OVERVIEW
                         " WHERE u.id > ? AND u.password <> '' ORDER BY u.id LIMIT ?",
                         to_user_overview, after, limit);
  }
  const std::string first = name_key(prefix);
  return sql::read_all(connection_,
                       CHAT_USER_OVERVIEW
                       " WHERE u.name_key >= ? AND u.name_key < ? AND u.id > ?"
                       " AND u.password <> '' ORDER BY u.id LIMIT ?",
                       to_user_overview, first, end_of_prefix(first), after, limit);
}

Result<std::vector<UserOverview>> ModerationModel::online_users(UserId after, std::size_t limit) {
  return sql::read_all(connection_,
                       CHAT_USER_OVERVIEW
                       " WHERE u.node_id IS NOT NULL AND u.id > ? ORDER BY u.id LIMIT ?",
                       to_user_overview, after, limit);
}

Result<std::optional<UserOverview>> ModerationModel::user(UserId id) {
  return sql::read_one(connection_, CHAT_USER_OVERVIEW " WHERE u.id = ? AND u.password <> ''",
                       to_user_overview, id);
}

Result<std::vector<GroupOverview>> ModerationModel::groups(std::string_view prefix, GroupId after,
                                                           std::size_t limit) {
  if (prefix.empty()) {
    return sql::read_all(connection_, CHAT_GROUP_OVERVIEW " WHERE g.id > ? ORDER BY g.id LIMIT ?",
                         to_group_overview, after, limit);
  }
  const std::string first = name_key(prefix);
  return sql::read_all(connection_,
                       CHAT_GROUP_OVERVIEW
                       " WHERE g.name_key >= ? AND g.name_key < ? AND g.id > ?"
                       " ORDER BY g.id LIMIT ?",
                       to_group_overview, first, end_of_prefix(first), after, limit);
}

Result<std::optional<GroupOverview>> ModerationModel::group(GroupId id) {
  return sql::read_one(connection_, CHAT_GROUP_OVERVIEW " WHERE g.id = ?", to_group_overview, id);
}

Result<void> ModerationModel::end_sessions(UserId id) {
  // kicked_epoch first: MySQL assigns in this order, SQLite all at once.
  return sql::write(connection_,
                    "UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0,"
                    " kicked_epoch = session_epoch + 1, session_epoch = session_epoch + 1"
                    " WHERE id = ?",
                    id);
}

Result<void> ModerationModel::set_disabled_at(UserId id, UnixMillis when) {
  return sql::write(connection_, "UPDATE user SET disabled_at = ? WHERE id = ?", when, id);
}

Result<void> ModerationModel::set_password(UserId id, std::string_view hash) {
  return sql::write(connection_, "UPDATE user SET password = ? WHERE id = ? AND password <> ''",
                    hash, id);
}

#undef CHAT_USER_OVERVIEW
#undef CHAT_GROUP_OVERVIEW

}  // namespace chat::storage
