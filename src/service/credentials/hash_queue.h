#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"

namespace chat::service {

// A fair queue in front of a hash lane. Networks take turns. One network holds at most half of the
// places; if all are taken, a network with fewer tasks displaces the last task of the network with
// the most. Accounts with many recent successful logins get only the first quarter, so that others
// find room.
// Threading: thread-safe. Ownership: the lane outlives it, and it outlives the lane's tasks;
// nothing else posts to the lane. Bounds: kPlaces tasks wait.
class HashQueue {
 public:
  static constexpr std::size_t kPlaces = 32;
  static constexpr std::size_t kPlacesPerNetwork = 16;
  static constexpr std::size_t kPlacesOfFrequent = 8;

  explicit HashQueue(base::WorkerPool& lane) : lane_(lane) {}

  // False: the queue is full, and both are dropped. Otherwise one of the two runs: `task` on the
  // lane, or `displaced`, on the thread of the caller that takes the place.
  [[nodiscard]] bool try_post(const std::string& network, bool frequent, base::Task task,
                              base::Task displaced);

 private:
  struct Entry {
    base::Task task;
    base::Task displaced;
  };
  // The waiting tasks of a network.
  struct Line {
    std::deque<Entry> waiting;
    std::size_t running = 0;
  };
  class Running;

  bool enter(const std::string& network, bool frequent, Entry& entry, base::Task& displaced)
      CHAT_EXCLUDES(mutex_);
  Line* longer_than_locked(std::size_t least) CHAT_REQUIRES(mutex_);
  bool take_next(std::string& network, base::Task& task) CHAT_EXCLUDES(mutex_);
  void run_next() CHAT_EXCLUDES(mutex_);

  base::WorkerPool& lane_;
  base::Mutex mutex_;  // held while locking the lane's
  std::unordered_map<std::string, Line> lines_ CHAT_GUARDED_BY(mutex_);
  std::deque<std::string> turns_ CHAT_GUARDED_BY(mutex_);  // networks with waiting tasks
  std::size_t waiting_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::service
