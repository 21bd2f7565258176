#pragma once

#include <string>

#include "chat/protocol/msgid.h"

namespace chat::protocol {

// The parts of a request that its reply repeats.
struct RequestHead {
  Msgid msgid{};
  std::string cid{};  // empty: the client gave none
};

// A decoded request with checked fields: request.toid, request.msg, request.cid.
template <typename Message>
struct Received : RequestHead, Message {};

}  // namespace chat::protocol
