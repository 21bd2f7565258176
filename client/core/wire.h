#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "client/core/event.h"
#include "client/core/pending.h"

// From the server's JSON to events. The server is a peer like any other: every field is checked,
// and what breaks the protocol is an error with a sentence that names the field.
namespace chat::client {

// One frame of the server. `raw` lives as long as the frame.
struct ServerMessage {
  int msgid = 0;
  std::string cid;
  nlohmann::json body;
  std::string_view raw;
};

// Refuses what is not a JSON object with an integer msgid, or is nested too deeply.
Result<ServerMessage> parse_message(std::string_view frame);

// The answer to `pending`, which asked for it.
Result<Event> read_reply(const ServerMessage& message, const Question& question);

// Whatever nobody asked for. A push of an unknown kind is a Notice, not an error.
Result<Event> read_push(const ServerMessage& message);

}  // namespace chat::client
