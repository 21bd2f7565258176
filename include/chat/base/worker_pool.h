#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/base/bounded_queue.h"
#include "chat/base/task.h"
#include "chat/base/thread.h"

namespace chat::base {

// Threads over one bounded queue of tasks, for work that may block (the database, hashing).
// An exception from a task is logged; its worker goes on.
// Threading: thread-safe; start() and stop() externally synchronised.
// Bounds: at most `capacity` tasks wait; try_post() refuses the next.
class WorkerPool {
 public:
  // `nice`: scheduling priority of its threads, 0 to 19 (setpriority(2), which is per thread on
  // Linux).
  WorkerPool(std::string name, std::size_t threads, std::size_t capacity, int nice = 0);
  ~WorkerPool();

  void start();
  // Runs the queued tasks, then ends the threads.
  void stop();

  // False when the queue is full or the pool is stopped; the task is untouched then.
  [[nodiscard]] bool try_post(Task&& task);
  // Posts all or none, with one wake-up.
  [[nodiscard]] bool try_post_all(std::vector<Task>& tasks);
  // The number of waiting tasks.
  std::size_t queued() const { return queue_.size(); }

 private:
  void work();

  const std::string name_;
  const std::size_t thread_count_;
  const int nice_;
  BoundedQueue<Task> queue_;
  std::vector<Thread> threads_;
};

}  // namespace chat::base
