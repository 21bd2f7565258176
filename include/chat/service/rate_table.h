#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"

namespace chat::service {

// Counts events per key (an address) in windows of a minute.
// Threading: thread-safe. Bounds: kKeysMax keys; when full, those whose minute is over go, and
// if none is, all do.
class RateTable {
 public:
  static constexpr std::size_t kKeysMax = 65536;

  // 0: no limit.
  RateTable(std::int64_t per_minute, const base::Clock& clock)
      : per_minute_(per_minute), clock_(clock) {}

  // How long until the key is below its limit again; 0: it is now.
  std::chrono::milliseconds wait(const std::string& key);
  void count(const std::string& key);

 private:
  struct Window {
    base::SteadyTime began;
    std::int64_t events = 0;
  };

  const std::int64_t per_minute_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  std::unordered_map<std::string, Window> windows_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::service
