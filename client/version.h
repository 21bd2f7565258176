#pragma once

#include <string_view>

namespace chat::client {

// The project's version, from the build.
std::string_view version();

}  // namespace chat::client
