#include "chat/delivery/topics.h"

namespace chat::delivery {

// The bus is told inside the lock: subscribing and unsubscribing must not overtake each other.
void Topics::retain(const cluster::Channel& channel) {
  base::MutexLock lock(mutex_);
  if (users_[channel]++ == 0) bus_.subscribe({channel}, {});
}

void Topics::release(const cluster::Channel& channel) {
  base::MutexLock lock(mutex_);
  const auto found = users_.find(channel);
  if (found == users_.end() || --found->second > 0) return;
  users_.erase(found);
  bus_.unsubscribe({channel});
}

}  // namespace chat::delivery
