#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "client/core/event.h"
#include "client/core/pending.h"
#include "client/core/wire/message_reader.h"

// Converts what the server says about messages and conversations (see wire.h).
namespace chat::client {

// The fields of a message that are not in every one. Unknown forms of them are ignored.
event::MessageExtras extras_of(const nlohmann::json& message);

// The reply to a successful request; nothing if it is not about messages.
std::optional<Event::What> read_message_reply(MessageReader& in, const nlohmann::json& body,
                                              const Question& question);

event::Typing read_typing(MessageReader& in, const nlohmann::json& body);

}  // namespace chat::client
