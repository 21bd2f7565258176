#include "chat/storage/profile_model.h"

#include <tuple>

#include "chat/base/check.h"
#include "chat/storage/search_model.h"
#include "storage/sql_in.h"

namespace chat::storage {
namespace {

#define CHAT_PROFILE_COLUMNS \
  "u.id, u.name, u.nick, u.bio, u.avatar, u.who_may_add, u.who_may_chat, u.state"

Profile to_profile(const Statement& row) {
  return {sql::id<UserId>(row, 0),  std::string(row.text(1)), std::string(row.text(2)),
          std::string(row.text(3)), std::string(row.text(4)), std::string(row.text(5)),
          std::string(row.text(6)), row.text(7) == "online"};
}

SeenUser to_seen(const Statement& row) {
  return {to_profile(row), row.integer(8) != 0, row.integer(9) != 0, row.integer(10) != 0};
}

// SQLite: the write transaction itself is the lock.
constexpr sql::Text kLockProfile{
    .sqlite = "SELECT " CHAT_PROFILE_COLUMNS " FROM user u WHERE u.id = ? AND u.password <> ''",
    .mysql = "SELECT " CHAT_PROFILE_COLUMNS
             " FROM user u WHERE u.id = ? AND u.password <> '' FOR UPDATE"};

auto settings_of(const Profile& profile) {
  return std::tie(profile.nick, profile.bio, profile.avatar, profile.who_may_add,
                  profile.who_may_chat);
}

}  // namespace

Result<std::vector<SeenUser>> ProfileModel::seen_by(UserId viewer, const std::vector<UserId>& ids) {
  return sql::read_in(connection_,
                      "SELECT " CHAT_PROFILE_COLUMNS
                      ", EXISTS (SELECT 1 FROM friend f WHERE f.userid = ? AND f.friendid = u.id)"
                      ", EXISTS (SELECT 1 FROM block b WHERE b.userid = ? AND b.blocked = u.id)"
                      ", EXISTS (SELECT 1 FROM block b WHERE b.userid = u.id AND b.blocked = ?)"
                      " FROM user u WHERE u.password <> '' AND u.id IN",
                      std::span<const UserId>(ids), "", to_seen, viewer, viewer, viewer);
}

Result<std::optional<Profile>> ProfileModel::change(UserId user, const ProfileChange& change) {
  CHAT_CHECK(connection_.in_transaction());
  auto before = sql::read_one(connection_, kLockProfile.in(connection_), to_profile, user);
  if (!before || !*before) return before;
  Profile after = **before;
  if (change.nick) after.nick = *change.nick;
  if (change.bio) after.bio = *change.bio;
  if (change.avatar) after.avatar = *change.avatar;
  if (change.who_may_add) after.who_may_add = *change.who_may_add;
  if (change.who_may_chat) after.who_may_chat = *change.who_may_chat;
  if (settings_of(after) != settings_of(**before)) {
    if (auto done = write(**before, after); !done) return fail(done);
  }
  return after;
}

Result<void> ProfileModel::write(const Profile& before, const Profile& after) {
  auto written = sql::write(connection_,
                            "UPDATE user SET nick = ?, bio = ?, avatar = ?, who_may_add = ?,"
                            " who_may_chat = ?, contact_rev = contact_rev + ? WHERE id = ?",
                            std::string_view(after.nick), std::string_view(after.bio),
                            std::string_view(after.avatar), std::string_view(after.who_may_add),
                            std::string_view(after.who_may_chat),
                            after.who_may_chat == before.who_may_chat ? 0 : 1, after.id);
  if (!written) return written;
  return SearchModel(connection_).change_nick(after.id, after.name, before.nick, after.nick);
}

#undef CHAT_PROFILE_COLUMNS

}  // namespace chat::storage
