#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/protocol/messages/group_messages.h"
#include "chat/storage/values.h"

// The readable texts of event rows, for clients that do not know them.
namespace chat::service {

std::string role_text(std::string_view by, std::string_view user, storage::GroupRole role);
// "10 minutes", in the largest unit that divides it.
std::string duration_text(std::int64_t seconds);
std::string settings_text(std::string_view by, const protocol::messages::Notice& notice);

}  // namespace chat::service
