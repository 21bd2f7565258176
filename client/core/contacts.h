#pragma once

#include <compare>
#include <string>
#include <vector>

#include "chat/base/ids.h"

// Users and groups, as the server describes them. Plain values.
namespace chat::client {

struct Friend {
  UserId id;
  std::string name;
  std::string state;  // "online" or "offline"
};

struct Member {
  UserId id;
  std::string name;
  std::string state;
  std::string role;  // "creator" or "normal"; others are possible
};

struct Group {
  GroupId id;
  std::string name;
  std::string desc;
  std::vector<Member> members;
};

// The recipient of a chat: exactly one of the two is set.
struct Target {
  UserId user;
  GroupId group;
  friend auto operator<=>(const Target&, const Target&) = default;
};

}  // namespace chat::client
