#include "chat/storage/friend_model.h"

#include <algorithm>
#include <utility>

#include "chat/base/check.h"
#include "storage/sql_in.h"
#include "storage/sql_pairs.h"

namespace chat::storage {
namespace {

// SQLite: the write transaction itself is the lock.
constexpr sql::Text kLook{
    .sqlite = "SELECT 1 FROM friend WHERE userid = ? AND friendid = ?",
    .mysql = "SELECT 1 FROM friend WHERE userid = ? AND friendid = ? FOR UPDATE"};

// The state of friend `u` as the user `f.userid` may see it.
#define CHAT_SEEN_STATE                                                      \
  "CASE WHEN u.state = 'online' AND (u.contact_rev = 0 OR NOT EXISTS"        \
  " (SELECT 1 FROM block b WHERE b.userid = u.id AND b.blocked = f.userid))" \
  " THEN 'online' ELSE 'offline' END"

}  // namespace

Result<bool> FriendModel::insert(UserId user, UserId friend_id) {
  const auto inserted = sql::write(
      connection_, "INSERT INTO friend (userid, friendid) VALUES (?, ?)", user, friend_id);
  if (inserted) return true;
  if (inserted.error().code != ErrorCode::kConflict) return fail(inserted);
  const auto present = sql::read_integer(
      connection_, "SELECT 1 FROM friend WHERE userid = ? AND friendid = ?", user, friend_id);
  if (!present) return fail(present);
  if (!present->has_value()) return fail(inserted);  // one of the two users doesn't exist
  return false;
}

Result<bool> FriendModel::is_listed(UserId user, UserId friend_id) {
  const auto found = sql::read_integer(connection_, kLook.sqlite, user, friend_id);
  if (!found) return fail(found);
  return found->has_value();
}

Result<bool> FriendModel::is_listed_locked(UserId user, UserId friend_id) {
  CHAT_CHECK(connection_.in_transaction());
  const auto found = sql::read_integer(connection_, kLook.in(connection_), user, friend_id);
  if (!found) return fail(found);
  return found->has_value();
}

Result<bool> FriendModel::erase(UserId user, UserId friend_id) {
  auto erased = sql::write(connection_, "DELETE FROM friend WHERE userid = ? AND friendid = ?",
                           user, friend_id);
  if (!erased) return fail(erased);
  return connection_.affected_rows() > 0;
}

Result<std::size_t> FriendModel::count(UserId user) {
  const auto count =
      sql::read_integer(connection_, "SELECT COUNT(*) FROM friend WHERE userid = ?", user);
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

Result<void> FriendModel::erase_all(UserId user) {
  auto erased = sql::write(connection_, "DELETE FROM friend WHERE userid = ?", user);
  if (!erased) return erased;
  return sql::write(connection_, "DELETE FROM friend WHERE friendid = ?", user);
}

Result<std::vector<Friend>> FriendModel::list(UserId user, UserId after, std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT f.friendid, u.name, " CHAT_SEEN_STATE
      " FROM friend f JOIN user u ON u.id = f.friendid"
      " WHERE f.userid = ? AND f.friendid > ? ORDER BY f.friendid LIMIT ?",
      [](const Statement& row) {
        return Friend{sql::id<UserId>(row, 0), std::string(row.text(1)), row.text(2) == "online"};
      },
      user, after, limit);
}

Result<std::vector<Listed>> FriendModel::list(std::span<const UserId> users) {
  return sql::read_in(
      connection_,
      "SELECT f.userid, f.friendid, u.name, " CHAT_SEEN_STATE
      " FROM friend f JOIN user u ON u.id = f.friendid WHERE f.userid IN",
      users, "", [](const Statement& row) {
        return Listed{sql::id<UserId>(row, 0),
                      {sql::id<UserId>(row, 1), std::string(row.text(2)), row.text(3) == "online"}};
      });
}

#undef CHAT_SEEN_STATE

Result<std::vector<Watch>> FriendModel::among(std::span<const Watch> asked) {
  auto found = sql::read_pairs(
      connection_, "SELECT userid, friendid FROM friend", "userid = ? AND friendid = ?", asked,
      [](const Watch& watch) { return std::pair(watch.watcher, watch.watched); },
      [](const Statement& row) {
        return Watch{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1)};
      });
  if (found) std::sort(found->begin(), found->end());
  return found;
}

Result<std::vector<Watch>> FriendModel::online_watchers(std::span<const UserId> users) {
  return sql::read_in(connection_,
                      "SELECT f.userid, f.friendid FROM friend f JOIN user u ON u.id = f.userid"
                      " WHERE u.state = 'online' AND NOT EXISTS (SELECT 1 FROM block b"
                      " WHERE b.userid = f.friendid AND b.blocked = f.userid) AND f.friendid IN",
                      users, "", [](const Statement& row) {
                        return Watch{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1)};
                      });
}

}  // namespace chat::storage
