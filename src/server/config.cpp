#include "server/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "chat/base/check.h"
#include "server/config_settings.h"

namespace chat::server {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

std::string to_string(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", address.host, is_ipv6 ? "]" : "",
                     address.port);
}

Config default_config() {
  auto config = Settings().finish();
  CHAT_CHECK(config);
  return *config;
}

std::string default_node_name(const Address& bound) {
  const bool every_address = bound.host == "0.0.0.0" || bound.host == "::";
  if (!every_address) return to_string(bound);
  return fmt::format("{}:{}", machine_name(), bound.port);
}

}  // namespace chat::server
