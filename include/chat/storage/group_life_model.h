#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Changes of a group's life, in tables `allgroup`, `groupuser` and `groupmessage`. Each is made in
// a write transaction that has locked the group's row by lock(), and writes an event row with
// append(). Messages take the same lock before they get their seq, so the order of an event against
// every message is defined. Calls block.
class GroupLifeModel {
 public:
  // Groups that a user has left and can still read.
  static constexpr std::int64_t kFormerMax = 1000;

  explicit GroupLifeModel(Connection& connection) : connection_(connection) {}

  struct State : Group {
    Seq head = 0;
    UnixMillis head_at = 0;
    std::int64_t n = 0;  // countable messages up to the head
  };
  // Waits for the lock. Nothing if there is no such group.
  Result<std::optional<State>> lock(GroupId group);

  struct Member {
    GroupRole role = GroupRole::kNormal;
    UnixMillis muted_until = 0;
    Seq left_seq = 0;    // not 0: a former member
    Seq joined_seq = 0;  // its messages come after this one
  };
  // Nothing if the user was never a member.
  Result<std::optional<Member>> member(GroupId group, UserId user);
  Result<std::size_t> count_members(GroupId group);
  // Who takes over from the creator: the oldest admin, else the oldest member.
  Result<std::optional<UserId>> heir(GroupId group, UserId creator);
  // The creator and the admins.
  Result<std::vector<UserId>> admins(GroupId group);

  // The user reads the stream after `joined_seq`. May have been a member before.
  Result<void> add_member(GroupId group, UserId user, GroupRole role, Seq joined_seq);
  // `left_seq` is the last message that the user gets. Of more than kFormerMax groups that it
  // has left one is forgotten, if possible one without a mute.
  Result<void> end_member(GroupId group, UserId user, Seq left_seq);
  Result<void> set_role(GroupId group, UserId user, GroupRole role);
  Result<void> mute(GroupId group, UserId user, UnixMillis until);
  Result<void> mute_all(GroupId group, UnixMillis until);
  // Frees the name, which the group keeps for its history only, and ends its codes and invitations.
  Result<void> dismiss(const Group& group, UnixMillis now);
  // Name, description, announcement and joining. False: another group has the name.
  Result<bool> change_settings(const Group& before, const Group& group);

  // Stores an event row as the stream's next: sets its group, seq, sent_at and n, and moves the
  // head in `state` and in the table.
  Result<void> append(State& state, GroupMessage& event, UnixMillis now);

 private:
  Result<void> forget_former(UserId user, GroupId kept);

  Connection& connection_;
};

}  // namespace chat::storage
