#include "cluster/redis/redis_outbox.h"

#include <chrono>
#include <utility>

namespace chat::cluster {

bool RedisOutbox::put(std::vector<BusMessage> messages) {
  base::MutexLock lock(mutex_);
  const bool was_empty = contents_.empty();
  for (BusMessage& message : messages) {
    const std::size_t size = message.payload.size();
    if (contents_.messages.size() >= max_messages_ || size > max_bytes_ - bytes_) {
      ++contents_.dropped;
      continue;
    }
    if (contents_.messages.empty()) contents_.since = std::chrono::steady_clock::now();
    bytes_ += size;
    contents_.messages.push_back(std::move(message));
  }
  return was_empty && !contents_.empty();
}

RedisOutbox::Contents RedisOutbox::take() {
  base::MutexLock lock(mutex_);
  bytes_ = 0;
  return std::exchange(contents_, {});
}

}  // namespace chat::cluster
