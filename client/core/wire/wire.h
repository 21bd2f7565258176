#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "client/core/event.h"
#include "client/core/pending.h"

// Converts the server's JSON to events. The server is not trusted: every field is checked, and a
// violation of the protocol is an error that names the field.
namespace chat::client {

// One frame of the server. `raw` lives as long as the frame.
struct ServerMessage {
  int msgid = 0;
  std::string cid;
  nlohmann::json body;
  std::string_view raw;
};

// Refuses anything but a JSON object with an integer msgid, and excessive nesting.
Result<ServerMessage> parse_message(std::string_view frame);

// The reply to the request described by `question`.
Result<Event> read_reply(const ServerMessage& message, const Question& question);

// A message that is no reply. A push of an unknown kind is a Notice, not an error.
Result<Event> read_push(const ServerMessage& message);

}  // namespace chat::client
