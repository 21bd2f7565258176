#pragma once

#include <compare>

#include "chat/base/ids.h"

namespace chat::storage {

// A message of a group mentions this user; 0: everybody.
struct Mention {
  UserId user;
  GroupId group;
  Seq seq = 0;
};

// A message as a reply names it. Exactly one of group and recipient is set.
struct MessageName {
  GroupId group;
  UserId recipient;
  UserId sender;  // of a direct message
  Seq seq = 0;

  friend auto operator<=>(const MessageName&, const MessageName&) = default;
};

}  // namespace chat::storage
