#pragma once

#include <string>
#include <string_view>

#include "chat/storage/values.h"

// The JSON of chat pushes (protocol.md, "Pushes"): ONE_CHAT_MSG and GROUP_CHAT_MSG.
namespace chat::delivery {

std::string push_json(const storage::DirectMessage& message, std::string_view sender_name);
std::string push_json(const storage::GroupMessage& message, std::string_view sender_name);

}  // namespace chat::delivery
