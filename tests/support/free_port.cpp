#include "support/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <random>
#include <stdexcept>

#include "chat/base/unique_fd.h"

namespace chat::test {

namespace {

constexpr std::uint16_t kFirst = 10'000;
constexpr std::uint16_t kLast = 32'000;

std::uint16_t somewhere() {
  std::random_device random;
  return std::uniform_int_distribution<std::uint16_t>(kFirst, kLast)(random);
}

// Onwards from a place of this process's own: what was given away is free until its program
// listens.
std::uint16_t next_port() {
  static std::atomic<std::uint32_t> next{somewhere()};
  return static_cast<std::uint16_t>(kFirst + next++ % (kLast - kFirst));
}

}  // namespace

std::uint16_t free_port() {
  for (int tries = 0; tries < 100; ++tries) {
    const base::UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(next_port());
    if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      return ntohs(address.sin_port);
    }
  }
  throw std::runtime_error("no free port");
}

}  // namespace chat::test
