#pragma once

#include <optional>
#include <string>

#include "chat/net/address.h"

namespace chat::server {

// What an operator should know about a plain port (server.listen) that other machines can reach;
// nothing for one that they can't. Not for server.proxy_listen: that is the balancer's.
std::optional<std::string> plain_port_warning(const net::Address& listen);

}  // namespace chat::server
