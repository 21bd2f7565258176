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

  // After this a request counts as never made.
  static constexpr UnixMillis kRequestLifetimeMillis = 30 * kMillisPerDay;

  enum class State { kNone, kPending, kRefused };
  // Of the user's request, if made after `oldest`.
  Result<State> request_state(GroupId group, UserId user, UnixMillis oldest);
  // Replaces an older request.
  Result<void> request(GroupId group, UserId user, std::string_view message, UnixMillis now);
  Result<void> refuse(GroupId group, UserId user);
  Result<void> erase_request(GroupId group, UserId user);
  // Pending requests made after `oldest` to groups that the user runs, past (group, user), by key.
  Result<std::vector<JoinRequest>> requests_to(UserId admin, GroupId group, UserId user,
                                               UnixMillis oldest, std::size_t limit);

  Result<bool> is_invited(GroupId group, UserId user);
  // False if the user was invited already.
  Result<bool> invite(GroupId group, UserId user, UserId by, UnixMillis now);
  Result<void> erase_invite(GroupId group, UserId user);
  // The user's invitations with group ids after `after`, by id.
  Result<std::vector<GroupInvite>> invites_of(UserId user, GroupId after, std::size_t limit);

  // A code is known by its hash. Erases the group's expired codes.
  Result<void> add_code(std::string_view hash, GroupId group, UserId by, UnixMillis expires_at,
                        std::int64_t uses, UnixMillis now);
  // The group of a code that is still valid.
  Result<std::optional<GroupId>> group_of_code(std::string_view hash, UnixMillis now);
  // False if the code is no longer valid.
  Result<bool> use_code(std::string_view hash, UnixMillis now);

  // What the user has given out to others: codes and invitations to the group.
  Result<void> erase_given(GroupId group, UserId by);

  // For an account that is deleted.
  Result<void> erase_all(UserId user);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
