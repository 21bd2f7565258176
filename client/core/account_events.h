#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chat/base/ids.h"

// What a client learns of the user's own account, as plain values (event.h).
namespace chat::client::event {

struct PasswordChanged {
  std::int64_t revoked = 0;  // so many other sessions may not log in again
};
struct AccountDeleted {};
struct SessionInfo {
  std::string session;
  UnixMillis created = 0;
  UnixMillis expires = 0;
  bool current = false;
};
struct SessionList {
  std::vector<SessionInfo> sessions;
};
struct SessionsRevoked {
  std::int64_t revoked = 0;
};

}  // namespace chat::client::event
