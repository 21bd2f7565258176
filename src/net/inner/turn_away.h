#pragma once

#include <string_view>

#include "chat/base/unique_fd.h"

namespace chat::net {

// Sends `farewell` to a caller on whose socket nobody has spoken yet, and closes it. Does not
// block; any thread.
void turn_away(base::UniqueFd socket, std::string_view farewell);

}  // namespace chat::net
