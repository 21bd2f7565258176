#pragma once

#include <string>

#include "chat/base/ids.h"

namespace chat::protocol {

// "YYYY-MM-DD HH:MM:SS" in the server's time zone, as chat pushes carry it. Thread-safe.
std::string local_time_text(UnixMillis when);

}  // namespace chat::protocol
