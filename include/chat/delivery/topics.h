#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/task.h"
#include "chat/cluster/bus.h"

namespace chat::delivery {

// Which channels of the bus this node listens to: those of its logged-in users and of their
// groups, counted over its loops. Threading: thread-safe.
class Topics {
 public:
  explicit Topics(cluster::Bus& bus) : bus_(bus) {}

  // `heard` as in cluster::Bus::subscribe(): also when others asked for all of them before.
  void retain(const std::vector<cluster::Channel>& channels, base::Task heard);
  void release(const std::vector<cluster::Channel>& channels);

 private:
  cluster::Bus& bus_;
  base::Mutex mutex_;
  std::unordered_map<cluster::Channel, std::size_t> users_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::delivery
