#include "chat/protocol/local_time.h"

#include <array>
#include <ctime>

namespace chat::protocol {
namespace {

struct Second {
  std::time_t at = 0;
  std::array<char, 40> text{};
  std::size_t size = 0;  // 0: nothing is cached
};

void format(Second& second, std::time_t at) {
  std::tm parts{};
  second.at = at;
  second.size = 0;
  if (localtime_r(&at, &parts) == nullptr) return;
  second.size = std::strftime(second.text.data(), second.text.size(), "%Y-%m-%d %H:%M:%S", &parts);
}

}  // namespace

std::string local_time_text(UnixMillis when) {
  // localtime_r() takes a process-wide lock, and successive messages mostly share a second.
  thread_local Second cached;
  const std::time_t at = when / 1000 - (when % 1000 < 0 ? 1 : 0);
  if (cached.size == 0 || cached.at != at) format(cached, at);
  return std::string(cached.text.data(), cached.size);
}

}  // namespace chat::protocol
