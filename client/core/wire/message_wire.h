#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "chat/protocol/messages/chat_pushes.h"
#include "client/core/event.h"
#include "client/core/pending.h"
#include "client/core/wire/message_reader.h"

// Converts what the server says about messages and conversations (see wire.h).
namespace chat::client {

// The fields of a message that are not in every one. A kind of a later server is taken as a text.
event::MessageExtras extras_of(const protocol::messages::AnyChatPush& push);

// The reply to a successful request; nothing if it is not about messages.
std::optional<Event::What> read_message_reply(MessageReader& in, const nlohmann::json& body,
                                              const Question& question);

event::Typing read_typing(MessageReader& in, const nlohmann::json& body);

}  // namespace chat::client
