#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"

namespace chat::service {

// Shares the short queue of a hash lane out, so that nobody fills it alone: one network holds at
// most half of the places, and accounts that have proved their passwords often of late take only
// the first quarter, so that somebody who logs in once finds room.
// Threading: thread-safe. Ownership: the lane outlives it, and it outlives the lane's tasks.
// Bounds: one entry for each network with a task in the lane.
class HashQueue {
 public:
  static constexpr std::size_t kPlacesPerNetwork = 16;
  static constexpr std::size_t kPlacesOfFrequent = 8;

  explicit HashQueue(base::WorkerPool& lane) : lane_(lane) {}

  // False: there is no place, and the task is dropped.
  [[nodiscard]] bool try_post(const std::string& network, bool frequent, base::Task task);

 private:
  class Place;

  bool enter(const std::string& network);
  void leave(const std::string& network);

  base::WorkerPool& lane_;
  base::Mutex mutex_;
  std::unordered_map<std::string, std::size_t> by_network_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::service
