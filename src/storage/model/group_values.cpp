#include "chat/storage/group_values.h"

namespace chat::storage {

std::string_view word_of(GroupRole role) {
  switch (role) {
    case GroupRole::kCreator: return "creator";
    case GroupRole::kAdmin: return "admin";
    case GroupRole::kNormal: break;
  }
  return "normal";
}

std::string_view word_of(GroupJoining joining) {
  switch (joining) {
    case GroupJoining::kApproval: return "approval";
    case GroupJoining::kInvite: return "invite";
    case GroupJoining::kOpen: break;
  }
  return "open";
}

std::optional<GroupRole> role_of(std::string_view word) {
  for (const auto role : {GroupRole::kCreator, GroupRole::kAdmin, GroupRole::kNormal}) {
    if (word_of(role) == word) return role;
  }
  return std::nullopt;
}

std::optional<GroupJoining> joining_of(std::string_view word) {
  for (const auto joining : {GroupJoining::kOpen, GroupJoining::kApproval, GroupJoining::kInvite}) {
    if (word_of(joining) == word) return joining;
  }
  return std::nullopt;
}

}  // namespace chat::storage
