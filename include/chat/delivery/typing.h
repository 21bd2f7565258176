#pragma once

#include <memory>
#include <string>

#include "chat/base/ids.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

// A user begins or ceases to type. Exactly one of `user` and `group` names the chat.
struct Typing {
  UserId from;
  UserId user;
  GroupId group;
  bool on = false;
};

struct TypingRequest {
  Typing typing;
  std::shared_ptr<session::Session> session;
  std::string cid;  // for a refusal
};

}  // namespace chat::delivery
