#include "chat/delivery/topics.h"

#include <utility>

namespace chat::delivery {

// The bus is told inside the lock: subscribing and unsubscribing must not overtake each other.
void Topics::retain(const std::vector<cluster::Channel>& channels, base::Task heard) {
  base::MutexLock lock(mutex_);
  std::vector<cluster::Channel> added;
  for (const cluster::Channel& channel : channels) {
    if (users_[channel]++ == 0) added.push_back(channel);
  }
  bus_.subscribe(std::move(added), std::move(heard));
}

void Topics::release(const std::vector<cluster::Channel>& channels) {
  base::MutexLock lock(mutex_);
  std::vector<cluster::Channel> left;
  for (const cluster::Channel& channel : channels) {
    const auto found = users_.find(channel);
    if (found == users_.end() || --found->second > 0) continue;
    users_.erase(found);
    left.push_back(channel);
  }
  if (!left.empty()) bus_.unsubscribe(std::move(left));
}

}  // namespace chat::delivery
