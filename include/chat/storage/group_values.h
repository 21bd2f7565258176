#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"

// Groups and their members, as plain values.
namespace chat::storage {

enum class GroupRole { kCreator, kAdmin, kNormal };
// How one becomes a member.
enum class GroupJoining { kOpen, kApproval, kInvite };

struct Group {
  GroupId id;
  std::string name;
  std::string desc;
  std::string announcement{};
  GroupJoining joining = GroupJoining::kOpen;
  UnixMillis muted_until = 0;  // normal members may not write before
  bool dismissed = false;
};

// A group as one of its members sees it.
struct GroupOfMember : Group {
  GroupRole role = GroupRole::kNormal;
};

struct GroupMember {
  UserId id;
  std::string name;
  bool online = false;
  GroupRole role = GroupRole::kNormal;
  UnixMillis muted_until = 0;
};

// The words for roles and ways to join, in the tables and on the wire.
std::string_view word_of(GroupRole role);
std::string_view word_of(GroupJoining joining);
std::optional<GroupRole> role_of(std::string_view word);
std::optional<GroupJoining> joining_of(std::string_view word);

}  // namespace chat::storage
