#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chat/base/ids.h"

// Events about the user's own account, as plain values (event.h).
namespace chat::client::event {

struct PasswordChanged {
  std::int64_t revoked = 0;  // the number of other sessions that can no longer log in
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
