#pragma once

#include <compare>
#include <string>
#include <vector>

#include "chat/base/ids.h"

// Whom one can write to, as the server describes them. Plain values.
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
  std::string role;  // "creator" or "normal"; more may come
};

struct Group {
  GroupId id;
  std::string name;
  std::string desc;
  std::vector<Member> members;
};

// Where a chat goes: exactly one of the two names something.
struct Target {
  UserId user;
  GroupId group;
  friend auto operator<=>(const Target&, const Target&) = default;
};

}  // namespace chat::client
