#pragma once

#include <string>

#include "chat/net/address.h"

namespace chat::server {

// The process that listens on this address, or on its port on all addresses: "chatserver (pid 17)",
// or "another process" if the kernel does not tell. Empty: none. Reads /proc; blocks briefly.
std::string listener_of(const net::Address& address);

}  // namespace chat::server
