#pragma once

#include <string>

#include "chat/net/address.h"

namespace chat::server {

// Who listens on this address, or on its port on every address: "chatserver (pid 17)", or "another
// process" where the kernel does not say which one. Empty: nobody. Reads /proc; blocks briefly.
std::string listener_of(const net::Address& address);

}  // namespace chat::server
