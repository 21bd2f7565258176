#pragma once

#include <chrono>

#include "chat/session/deadlines.h"

namespace chat::session {

// Why a session is ended from outside: a reason of BYE (PROTOCOL.md, section 8).
struct Ending {
  const char* reason = "";
  std::chrono::milliseconds reconnect_after = kNeverReconnect;
};

inline constexpr Ending kTakenOver{"taken_over"};
inline constexpr Ending kAccountDeleted{"account_deleted"};
inline constexpr Ending kAccountDisabled{"account_disabled"};
inline constexpr Ending kKicked{"kicked", std::chrono::milliseconds(5000)};

}  // namespace chat::session
