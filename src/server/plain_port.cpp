#include "server/plain_port.h"

#include <fmt/format.h>

namespace chat::server {

std::optional<std::string> plain_port_warning(const net::Address& listen) {
  if (listen.is_loopback()) return std::nullopt;
  return fmt::format(
      "server.listen={} is open to other machines, and passwords and messages travel there in the "
      "clear: listen on 127.0.0.1 and let nginx take encrypted connections (conf/nginx-tls.conf)",
      listen.to_string());
}

}  // namespace chat::server
