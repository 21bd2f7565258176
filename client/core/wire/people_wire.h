#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/group_messages.h"
#include "client/core/event.h"
#include "client/core/pending.h"
#include "client/core/wire/message_reader.h"

// Converts the server's messages about people and groups to events (see wire.h).
namespace chat::client {

Friend friend_of(const protocol::messages::FriendItem& item);
Group group_of(const protocol::messages::GroupItem& item);

// The request was carried out.
event::Done done_of(const Question& question);

// The reply to a successful request. Pong if this client does not know the request.
Event::What read_people_reply(MessageReader& in, const nlohmann::json& body,
                              const Question& question);

event::Contact read_contact(MessageReader& in, const nlohmann::json& body);
event::GroupChanged read_group_change(MessageReader& in, const nlohmann::json& body);

// What the request mentions, as the user would type it: "Tea dave". Safe for a terminal.
std::string names_in(const Question& question);

}  // namespace chat::client
