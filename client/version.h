#pragma once

#include <string_view>

namespace chat::client {

inline constexpr std::string_view kVersion = CHAT_VERSION;

}  // namespace chat::client
