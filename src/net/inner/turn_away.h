#pragma once

#include <string_view>

#include "chat/base/unique_fd.h"

namespace chat::net {

// Sends `farewell` on a socket without previous output, and closes it. Does not block; callable on
// any thread.
void turn_away(base::UniqueFd socket, std::string_view farewell);

}  // namespace chat::net
