#include "chat/base/log_limiter.h"

#include <exception>

namespace chat::log {

std::optional<std::uint64_t> Limiter::admit(base::SteadyTime now) {
  base::MutexLock lock(mutex_);
  if (bucket_.take(rate_, 1, now).count() > 0) {
    ++suppressed_;
    return std::nullopt;
  }
  return std::exchange(suppressed_, 0);
}

void limited_exception(Limiter& limiter, std::string_view event, std::string_view detail) noexcept {
  try {
    try {
      // cppcheck-suppress rethrowNoCurrentException
      throw;
    } catch (const std::exception& error) {
      limited(Level::kError, limiter, "{}{} what={}", event, detail, quoted(error.what()));
    } catch (...) {
      limited(Level::kError, limiter, "{}{} what=unknown", event, detail);
    }
  } catch (...) {
    // Out of memory even for the line.
  }
}

void write_limited(Level level, std::string line, std::uint64_t suppressed) {
  if (suppressed > 0) line += fmt::format(" suppressed={}", suppressed);
  write(level, line);
}

}  // namespace chat::log
