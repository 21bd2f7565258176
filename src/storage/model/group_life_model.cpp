#include "chat/storage/group_life_model.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "chat/base/check.h"
#include "chat/storage/join_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/name_key.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/search_model.h"
#include "chat/storage/transact.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_LOCK_GROUP                                                                         \
  "SELECT id, groupname, groupdesc, announcement, joining, muted_until, dismissed_at, last_seq" \
  " FROM allgroup WHERE id = ?"
// SQLite: the write transaction itself is the lock on the group's row.
constexpr sql::Text kLockGroup{.sqlite = CHAT_LOCK_GROUP, .mysql = CHAT_LOCK_GROUP " FOR UPDATE"};
#undef CHAT_LOCK_GROUP

// The row of a former member is used again. A mute outlives the membership.
#define CHAT_ADD_MEMBER                                                \
  "INSERT INTO groupuser"                                              \
  " (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)" \
  " VALUES (?, ?, ?, ?, ?, ?)"
constexpr sql::Text kAddMember{
    .sqlite = CHAT_ADD_MEMBER
    " ON CONFLICT DO UPDATE SET grouprole = excluded.grouprole, joined_seq = excluded.joined_seq,"
    " delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq,"
    " left_seq = 0",
    .mysql = CHAT_ADD_MEMBER
    " ON DUPLICATE KEY UPDATE grouprole = VALUES(grouprole), joined_seq = VALUES(joined_seq),"
    " delivered_seq = VALUES(delivered_seq), read_seq = VALUES(read_seq),"
    " left_seq = 0"};
#undef CHAT_ADD_MEMBER

GroupLifeModel::State to_group_state(const Statement& row) {
  GroupLifeModel::State state;
  state.id = sql::id<GroupId>(row, 0);
  state.name = row.text(1);
  state.desc = row.text(2);
  state.announcement = row.text(3);
  state.joining = joining_of(row.text(4)).value_or(GroupJoining::kOpen);
  state.muted_until = row.integer(5);
  state.dismissed = row.integer(6) != 0;
  state.head = row.integer(7);
  return state;
}

}  // namespace

Result<std::optional<GroupLifeModel::State>> GroupLifeModel::lock(GroupId group) {
  CHAT_CHECK(connection_.in_transaction());
  const auto began = std::chrono::steady_clock::now();
  auto state = sql::read_one(connection_, kLockGroup.in(connection_), to_group_state, group);
  if (!state || !*state) return state;
  if (auto in_time = refuse_if_late(began); !in_time) return fail(in_time);
  const auto head = MessageModel(connection_).group_head(group, (*state)->head);
  if (!head) return fail(head);
  (*state)->head_at = head->sent_at;
  (*state)->n = head->n;
  return state;
}

Result<std::optional<GroupLifeModel::Member>> GroupLifeModel::member(GroupId group, UserId user) {
  return sql::read_one(
      connection_,
      "SELECT grouprole, muted_until, left_seq, joined_seq FROM groupuser"
      " WHERE groupid = ? AND userid = ?",
      [](const Statement& row) {
        return Member{role_of(row.text(0)).value_or(GroupRole::kNormal), row.integer(1),
                      row.integer(2), row.integer(3)};
      },
      group, user);
}

Result<std::size_t> GroupLifeModel::count_members(GroupId group) {
  const auto count = sql::read_integer(
      connection_, "SELECT COUNT(*) FROM groupuser WHERE groupid = ? AND left_seq = 0", group);
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

// Who was let in reads the event of that, too, and so may have the joined_seq of the member before,
// who joined by itself: of these two, that member has written the row with this seq.
Result<std::optional<UserId>> GroupLifeModel::heir(GroupId group, UserId creator) {
  return sql::read_one(
      connection_,
      "SELECT g.userid FROM groupuser g"
      " LEFT JOIN groupmessage m ON m.groupid = g.groupid AND m.seq = g.joined_seq"
      " AND m.sender = g.userid"
      " WHERE g.groupid = ? AND g.userid <> ? AND g.left_seq = 0"
      " ORDER BY CASE WHEN g.grouprole = 'admin' THEN 0 ELSE 1 END, g.joined_seq,"
      " CASE WHEN m.seq IS NULL THEN 1 ELSE 0 END, g.userid LIMIT 1",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, group, creator);
}

Result<std::vector<UserId>> GroupLifeModel::admins(GroupId group) {
  return sql::read_all(
      connection_,
      "SELECT userid FROM groupuser WHERE groupid = ? AND left_seq = 0"
      " AND grouprole IN ('creator', 'admin') ORDER BY userid",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, group);
}

Result<void> GroupLifeModel::add_member(GroupId group, UserId user, GroupRole role,
                                        Seq joined_seq) {
  return sql::write(connection_, kAddMember.in(connection_), group, user, word_of(role), joined_seq,
                    joined_seq, joined_seq);
}

Result<void> GroupLifeModel::end_member(GroupId group, UserId user, Seq left_seq) {
  auto ended = sql::write(connection_,
                          "UPDATE groupuser SET left_seq = ?, grouprole = 'normal'"
                          " WHERE groupid = ? AND userid = ?",
                          left_seq, group, user);
  if (!ended) return ended;
  return forget_former(user, group);
}

// Former memberships cost the user's logins and joins a little each. Those with a mute, which
// outlives them, are forgotten last. The forgotten group is not locked, so the user may have just
// joined it again.
Result<void> GroupLifeModel::forget_former(UserId user, GroupId kept) {
  const auto count = sql::read_integer(
      connection_, "SELECT COUNT(*) FROM groupuser WHERE userid = ? AND left_seq > 0", user);
  if (!count) return fail(count);
  if (count->value_or(0) <= kFormerMax) return {};
  const auto first = sql::read_integer(
      connection_,
      "SELECT groupid FROM groupuser WHERE userid = ? AND left_seq > 0 AND groupid <> ?"
      " ORDER BY muted_until > 0, groupid LIMIT 1",
      user, kept);
  if (!first) return fail(first);
  return sql::write(connection_,
                    "DELETE FROM groupuser WHERE groupid = ? AND userid = ? AND left_seq > 0",
                    first->value_or(0), user);
}

Result<void> GroupLifeModel::set_role(GroupId group, UserId user, GroupRole role) {
  return sql::write(connection_,
                    "UPDATE groupuser SET grouprole = ?,"
                    " muted_until = CASE WHEN ? = 'creator' THEN 0 ELSE muted_until END"
                    " WHERE groupid = ? AND userid = ?",
                    word_of(role), word_of(role), group, user);
}

Result<void> GroupLifeModel::mute(GroupId group, UserId user, UnixMillis until) {
  return sql::write(connection_,
                    "UPDATE groupuser SET muted_until = ? WHERE groupid = ? AND userid = ?", until,
                    group, user);
}

Result<void> GroupLifeModel::mute_all(GroupId group, UnixMillis until) {
  return sql::write(connection_, "UPDATE allgroup SET muted_until = ? WHERE id = ?", until, group);
}

// The new key still sorts beside the name, but cannot be that of another one, because names have no
// control characters.
Result<void> GroupLifeModel::dismiss(const Group& group, UnixMillis now) {
  const std::string key = name_key(group.name) + '\x1F' + std::to_string(group.id.value);
  auto done =
      sql::write(connection_, "UPDATE allgroup SET dismissed_at = ?, name_key = ? WHERE id = ?",
                 now, std::string_view(key), group.id);
  if (done) done = OlderNameModel(connection_).forget(NameKind::kGroup, group.id.value);
  if (done) done = SearchModel(connection_).forget(NameKind::kGroup, group.id.value);
  if (done) done = JoinModel(connection_).erase_ways_into(group.id);
  return done;
}

Result<bool> GroupLifeModel::change_settings(const Group& before, const Group& group) {
  const auto key = name_key(group.name);
  const auto older = OlderNameModel(connection_).holder(NameKind::kGroup, key);
  if (!older) return fail(older);
  if (*older && **older != group.id.value) return false;
  const auto holder =
      sql::read_integer(connection_, "SELECT id FROM allgroup WHERE name_key = ?", key);
  if (!holder) return fail(holder);
  if (*holder && **holder != group.id.value) return false;
  const auto written =
      sql::write(connection_,
                 "UPDATE allgroup SET groupname = ?, name_key = ?, groupdesc = ?, announcement = ?,"
                 " joining = ? WHERE id = ?",
                 group.name, key, group.desc, group.announcement, word_of(group.joining), group.id);
  if (written) {
    auto indexed = SearchModel(connection_).rename_group(group.id, before.name, group.name);
    if (!indexed) return fail(indexed);
    return true;
  }
  // Another group has taken the name since it was looked up.
  if (written.error().code == ErrorCode::kConflict) return false;
  return fail(written);
}

Result<void> GroupLifeModel::append(State& state, GroupMessage& event, UnixMillis now) {
  CHAT_CHECK(connection_.in_transaction());
  CHAT_CHECK(!event.kind.empty());
  state.head_at = std::max(state.head_at, now);
  event.group = state.id;
  event.seq = ++state.head;
  event.sent_at = state.head_at;
  event.n = state.n;
  MessageModel messages(connection_);
  if (auto inserted = messages.insert_group_event(event); !inserted) return inserted;
  return messages.set_group_last_seq(state.id, state.head);
}

}  // namespace chat::storage
