#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/cluster/bus.h"

namespace chat::cluster {

// The messages waiting to be published. Threading: thread-safe. Bounds: limited in messages and
// bytes of payload; the excess is dropped and counted.
class RedisOutbox {
 public:
  static constexpr std::size_t kMaxMessages = 65'536;
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

  struct Contents {
    std::vector<BusMessage> messages;
    std::uint64_t dropped = 0;  // since the last take()
    base::SteadyTime since;     // when the first of them arrived

    bool empty() const { return messages.empty() && dropped == 0; }
  };

  explicit RedisOutbox(std::size_t max_messages = kMaxMessages, std::size_t max_bytes = kMaxBytes)
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  // True if the outbox was empty: wake the publisher.
  [[nodiscard]] bool put(std::vector<BusMessage> messages);
  Contents take();

 private:
  const std::size_t max_messages_;
  const std::size_t max_bytes_;

  base::Mutex mutex_;
  Contents contents_ CHAT_GUARDED_BY(mutex_);
  std::size_t bytes_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::cluster
