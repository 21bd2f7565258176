#include "support/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <random>
#include <stdexcept>

#include "chat/base/unique_fd.h"

namespace chat::test {

std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> any(10'000, 32'000);
  for (int tries = 0; tries < 100; ++tries) {
    const base::UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(any(random)));
    if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      return ntohs(address.sin_port);
    }
  }
  throw std::runtime_error("no free port");
}

}  // namespace chat::test
