#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"

namespace chat::service {

// Shares the short queue of a hash lane out, so that nobody fills it alone. Networks take turns.
// One network holds at most half of the places; where all are taken, a network with fewer tasks
// gets the place of the last task of the network with the most. Accounts that have proved their
// passwords often of late take only the first quarter, so that somebody who logs in once finds
// room. Threading: thread-safe. Ownership: the lane outlives it, and it outlives the lane's tasks;
// nobody else posts to the lane. Bounds: kPlaces tasks wait.
class HashQueue {
 public:
  static constexpr std::size_t kPlaces = 32;
  static constexpr std::size_t kPlacesPerNetwork = 16;
  static constexpr std::size_t kPlacesOfFrequent = 8;

  explicit HashQueue(base::WorkerPool& lane) : lane_(lane) {}

  // False: there is no place, and both are dropped. Otherwise one of the two runs: `task` on the
  // lane, or `displaced`, on the thread of who gets the place.
  [[nodiscard]] bool try_post(const std::string& network, bool frequent, base::Task task,
                              base::Task displaced);

 private:
  struct Entry {
    base::Task task;
    base::Task displaced;
  };
  // The tasks of a network.
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
  base::Mutex mutex_;  // takes the lane's
  std::unordered_map<std::string, Line> lines_ CHAT_GUARDED_BY(mutex_);
  std::deque<std::string> turns_ CHAT_GUARDED_BY(mutex_);  // networks that have a task that waits
  std::size_t waiting_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::service
