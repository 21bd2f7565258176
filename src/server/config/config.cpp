#include "server/config/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace chat::server {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

std::string default_node_name(const net::Address& bound) {
  const std::string host = bound.host();
  if (host != "0.0.0.0" && host != "::") return bound.to_string();
  return fmt::format("{}:{}", machine_name(), bound.port());
}

}  // namespace chat::server
