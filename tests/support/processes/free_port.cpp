#include "free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/unique_fd.h"

namespace chat::test {
namespace {

constexpr std::uint16_t kFirst = 10'000;
constexpr std::uint16_t kLast = 32'000;
constexpr std::uint16_t kBlockSize = 100;

// A socket bound to this port of the loopback address; empty if taken.
base::UniqueFd bound_to(std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  return ::bind(socket.get(), where, sizeof(address)) == 0 ? std::move(socket) : base::UniqueFd();
}

std::uint16_t some_block() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> blocks(0, (kLast - kFirst) / kBlockSize - 1);
  return static_cast<std::uint16_t>(kFirst + blocks(random) * kBlockSize);
}

// Reserves blocks of ports for this process, because a returned port stays free until its program
// listens. A process owns a block by being bound to its first port.
// Threading: thread-safe.
class Ports {
 public:
  std::uint16_t next() {
    base::MutexLock lock(mutex_);
    for (int tries = 0; tries < 1000; ++tries) {
      if (left_ == 0) claim_block();
      if (left_ == 0) continue;
      const auto port = static_cast<std::uint16_t>(first_ + left_--);
      if (bound_to(port)) return port;
    }
    throw std::runtime_error("no free port");
  }

 private:
  void claim_block() CHAT_REQUIRES(mutex_) {
    const std::uint16_t first = some_block();
    base::UniqueFd claim = bound_to(first);
    if (!claim) return;
    claims_.push_back(std::move(claim));
    first_ = first;
    left_ = kBlockSize - 1;
  }

  base::Mutex mutex_;
  std::vector<base::UniqueFd> claims_ CHAT_GUARDED_BY(mutex_);
  std::uint16_t first_ CHAT_GUARDED_BY(mutex_) = 0;
  std::uint16_t left_ CHAT_GUARDED_BY(mutex_) = 0;  // ports after the first
};

}  // namespace

std::uint16_t free_port() {
  static Ports ports;
  return ports.next();
}

}  // namespace chat::test
