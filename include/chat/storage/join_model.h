#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A user's request to join a group.
struct JoinRequest {
  GroupId group;
  std::string group_name;
  UserId user;
  std::string user_name;
  std::string message;
  UnixMillis created_at = 0;
};

// An invitation of a user to a group.
struct GroupInvite {
  GroupId group;
  std::string group_name;
  UserId by;
  std::string by_name;
  UnixMillis created_at = 0;
};

// Tables `joinrequest`, `groupinvite` and `groupcode`: the ways into a group that is not open.
// Calls block. Writes need a write transaction that has locked the group's row
// (GroupLifeModel::lock).
class JoinModel {
 public:
  explicit JoinModel(Connection& connection) : connection_(connection) {}

  // After this a request or an invitation counts as never made.
  static constexpr UnixMillis kRequestLifetimeMillis = 30 * kMillisPerDay;

  enum class State { kNone, kPending, kRefused };
  // Of the user's request, if made after `oldest`.
  Result<State> request_state(GroupId group, UserId user, UnixMillis oldest);
  // Replaces an older request, and erases some of the group's that have expired.
  Result<void> request(GroupId group, UserId user, std::string_view message, UnixMillis now);
  Result<void> refuse(GroupId group, UserId user);
  Result<void> erase_request(GroupId group, UserId user);
  // Pending requests made after `oldest` to groups that the user runs, past (group, user), by key.
  Result<std::vector<JoinRequest>> requests_to(UserId admin, GroupId group, UserId user,
                                               UnixMillis oldest, std::size_t limit);

  // Invitations made after `oldest`. One is as if it did not exist while its giver and the user
  // have blocked each other.
  enum class Invited { kNo, kPending, kDeclined };
  Result<Invited> invited(GroupId group, UserId user, UnixMillis oldest);
  // Replaces an older invitation, and erases some that have expired.
  Result<void> invite(GroupId group, UserId user, UserId by, UnixMillis now);
  // `by` becomes the giver of a pending invitation, which ends with its giver's membership.
  Result<void> vouch(GroupId group, UserId user, UserId by);
  Result<void> decline(GroupId group, UserId user);
  Result<void> erase_invite(GroupId group, UserId user);
  // The user's pending invitations with group ids after `after`, by id.
  Result<std::vector<GroupInvite>> invites_of(UserId user, GroupId after, UnixMillis oldest,
                                              std::size_t limit);
  // Pending ones. Not locked, so concurrent acts may exceed a limit by a few.
  Result<std::size_t> count_invites_to(GroupId group, UnixMillis oldest);
  Result<std::size_t> count_invites_of(UserId user, UnixMillis oldest);

  // A code is known by its hash.
  Result<void> add_code(std::string_view hash, GroupId group, UserId by, UnixMillis expires_at,
                        std::int64_t uses);
  // Erases the group's codes that have expired or are used up, and counts the others.
  Result<std::size_t> count_codes(GroupId group, UnixMillis now);
  // Of the codes that the last call has counted, those made by the user.
  Result<std::size_t> count_codes_of(GroupId group, UserId by);
  // The group of a code that has not expired. It may be used up: whoever used it may ask again.
  Result<std::optional<GroupId>> group_of_code(std::string_view hash, UnixMillis now);
  // False if the code is no longer valid.
  Result<bool> use_code(std::string_view hash, UnixMillis now);

  // What the user has given out to others: codes and pending invitations to the group.
  Result<void> erase_given(GroupId group, UserId by);
  // All codes and invitations of a group that is dismissed.
  Result<void> erase_ways_into(GroupId group);

  // For an account that is deleted.
  Result<void> erase_all(UserId user);

 private:
  // A table's statements: to find keys of expired rows, and to erase a row if it has expired.
  struct Prune {
    std::string_view find;
    std::string_view erase;
  };
  Result<void> prune(const Prune& statements, std::int64_t id, UnixMillis oldest);

  Connection& connection_;
};

}  // namespace chat::storage
