#pragma once

#include <optional>
#include <string>

#include "chat/net/address.h"

namespace chat::server {

// A warning about an unencrypted port (server.listen) that other machines can reach; nothing if
// they cannot. Not for server.proxy_listen, which is for balancers.
std::optional<std::string> plain_port_warning(const net::Address& listen);

}  // namespace chat::server
