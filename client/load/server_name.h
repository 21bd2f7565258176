#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"

namespace chat::client::load {

// A server as the user writes it: "127.0.0.1:6000", "chat.example.org:8000", "[::1]:6000".
struct ServerName {
  std::string host;
  std::uint16_t port = 0;
};

// Empty unless `text` is HOST:PORT.
std::optional<ServerName> read_server_name(std::string_view text);

// An address to connect to.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// The first address of that name. Blocks as long as the system's resolver does.
Result<Endpoint> resolve(const ServerName& name);

}  // namespace chat::client::load
