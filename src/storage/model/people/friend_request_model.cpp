#include "chat/storage/friend_request_model.h"

#include <limits>
#include <utility>

#include "storage/sql.h"

namespace chat::storage {
namespace {

using State = FriendRequest::State;

// How many ended requests are deleted with each new one, so that the table does not grow.
constexpr std::size_t kPrunedAtOnce = 10;

std::string_view word_of(State state) {
  switch (state) {
    case State::kRefused: return "refused";
    case State::kAccepted: return "accepted";
    case State::kPending: break;
  }
  return "pending";
}

State state_of(std::string_view word) {
  if (word == "refused") return State::kRefused;
  return word == "accepted" ? State::kAccepted : State::kPending;
}

ListedRequest to_listed(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), std::string(row.text(2)),
          row.integer(3)};
}

RequestCursor start_of(const std::optional<RequestCursor>& after) {
  constexpr RequestCursor kFirst{std::numeric_limits<UnixMillis>::max(), {}};
  return after.value_or(kFirst);
}

}  // namespace

Result<std::optional<FriendRequest>> FriendRequestModel::find(UserId user, UserId other) {
  return sql::read_one(
      connection_,
      "SELECT state, created_at FROM friendrequest"
      " WHERE userid = ? AND friendid = ? AND created_at > ?",
      [](const Statement& row) {
        return FriendRequest{state_of(row.text(0)), row.integer(1)};
      },
      user, other, ended_);
}

Result<void> FriendRequestModel::put(UserId user, UserId other, std::string_view message) {
  auto pruned = prune(
      "SELECT userid, friendid FROM friendrequest"
      " WHERE userid = ? AND created_at <= ? LIMIT ?",
      user);
  if (!pruned) return pruned;
  pruned = prune(
      "SELECT userid, friendid FROM friendrequest"
      " WHERE friendid = ? AND state = 'pending' AND created_at <= ? LIMIT ?",
      other);
  if (!pruned) return pruned;
  return sql::write(connection_,
                    "REPLACE INTO friendrequest (userid, friendid, state, message, created_at)"
                    " VALUES (?, ?, 'pending', ?, ?)",
                    user, other, message, now_);
}

// Deletes row by row: a DELETE with a range could deadlock with concurrent inserts.
Result<void> FriendRequestModel::prune(std::string_view find_ended, UserId user) {
  const auto ended = sql::read_all(
      connection_, find_ended,
      [](const Statement& row) {
        return std::pair(sql::id<UserId>(row, 0), sql::id<UserId>(row, 1));
      },
      user, ended_, kPrunedAtOnce);
  if (!ended) return fail(ended);
  for (const auto& [asker, asked] : *ended) {
    auto erased = sql::write(
        connection_,
        "DELETE FROM friendrequest WHERE userid = ? AND friendid = ? AND created_at <= ?", asker,
        asked, ended_);
    if (!erased) return erased;
  }
  return {};
}

Result<void> FriendRequestModel::set_state(UserId user, UserId other, State state) {
  return sql::write(connection_,
                    "UPDATE friendrequest SET state = ? WHERE userid = ? AND friendid = ?",
                    word_of(state), user, other);
}

Result<std::vector<UnixMillis>> FriendRequestModel::recent(UserId user, UnixMillis since,
                                                           std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT created_at FROM friendrequest WHERE userid = ? AND created_at > ?"
      " ORDER BY created_at DESC LIMIT ?",
      [](const Statement& row) { return row.integer(0); }, user, since, limit);
}

Result<std::vector<ListedRequest>> FriendRequestModel::received(
    UserId user, const std::optional<RequestCursor>& after, std::size_t limit) {
  const RequestCursor start = start_of(after);
  return sql::read_all(
      connection_,
      "SELECT r.userid, u.name, r.message, r.created_at"
      " FROM friendrequest r JOIN user u ON u.id = r.userid"
      " WHERE r.friendid = ? AND r.state = 'pending' AND r.created_at > ? AND r.created_at <= ?"
      " AND (r.created_at < ? OR r.userid < ?)"
      " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = r.friendid AND b.blocked = r.userid)"
      " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = r.userid AND b.blocked = r.friendid)"
      " ORDER BY r.created_at DESC, r.userid DESC LIMIT ?",
      to_listed, user, ended_, start.created_at, start.created_at, start.id, limit);
}

// A user has at most some hundred requests, so they may be sorted. Without those that would be
// refused now, whether because of a block or because nobody may add the other user, so that the
// list does not tell who has blocked the user.
Result<std::vector<ListedRequest>> FriendRequestModel::sent(
    UserId user, const std::optional<RequestCursor>& after, std::size_t limit) {
  const RequestCursor start = start_of(after);
  return sql::read_all(
      connection_,
      "SELECT r.friendid, u.name, r.message, r.created_at"
      " FROM friendrequest r JOIN user u ON u.id = r.friendid"
      " WHERE r.userid = ? AND r.state <> 'accepted' AND r.created_at > ? AND r.created_at <= ?"
      " AND (r.created_at < ? OR r.friendid < ?) AND u.who_may_add <> 'nobody'"
      " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = r.friendid AND b.blocked = r.userid)"
      " AND NOT EXISTS (SELECT 1 FROM block b WHERE b.userid = r.userid AND b.blocked = r.friendid)"
      " ORDER BY r.created_at DESC, r.friendid DESC LIMIT ?",
      to_listed, user, ended_, start.created_at, start.created_at, start.id, limit);
}

Result<void> FriendRequestModel::erase_all(UserId user) {
  auto erased = sql::write(connection_, "DELETE FROM friendrequest WHERE userid = ?", user);
  if (!erased) return erased;
  return sql::write(connection_, "DELETE FROM friendrequest WHERE friendid = ?", user);
}

}  // namespace chat::storage
