#include "cluster/redis/wakeup.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "chat/base/check.h"

namespace chat::cluster {

Result<void> Wakeup::open() {
  fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd_) return fail(ErrorCode::kUnavailable, std::string("eventfd: ") + ::strerror(errno));
  return {};
}

void Wakeup::raise() const {
  const std::uint64_t one = 1;
  const ssize_t written = ::write(fd(), &one, sizeof(one));
  CHAT_CHECK(written == sizeof(one) || errno == EAGAIN);
}

void Wakeup::clear() const {
  std::uint64_t count = 0;
  const ssize_t got = ::read(fd(), &count, sizeof(count));
  CHAT_CHECK(got == sizeof(count) || errno == EAGAIN);
}

bool Wakeup::raised() const {
  pollfd entry{fd(), POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

bool poll_until(std::span<pollfd> entries, base::SteadyTime deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto timeout = std::clamp(left, std::chrono::milliseconds(0),
                                    std::chrono::milliseconds(std::chrono::hours(1)));
    const int ready = ::poll(entries.data(), entries.size(), static_cast<int>(timeout.count()));
    if (ready > 0) return true;
    if (ready == 0) return false;
    CHAT_CHECK(errno == EINTR);
  }
}

}  // namespace chat::cluster
