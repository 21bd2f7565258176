#pragma once

#include <cstddef>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/cluster/bus.h"

namespace chat::delivery {

// Which channels of the bus this node listens to: those of its logged-in users and of their
// groups, counted over its loops. Threading: thread-safe.
class Topics {
 public:
  explicit Topics(cluster::Bus& bus) : bus_(bus) {}

  void retain(const cluster::Channel& channel);
  void release(const cluster::Channel& channel);

 private:
  cluster::Bus& bus_;
  base::Mutex mutex_;
  std::unordered_map<cluster::Channel, std::size_t> users_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::delivery
