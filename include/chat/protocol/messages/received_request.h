#pragma once

#include <string>

#include "chat/protocol/msgid.h"

namespace chat::protocol {

// What a reply repeats of its request.
struct RequestHead {
  Msgid msgid{};
  std::string cid{};  // empty: the client gave none
};

// A request that has come, its fields checked: request.toid, request.msg, request.cid.
template <typename Message>
struct Received : RequestHead, Message {};

}  // namespace chat::protocol
