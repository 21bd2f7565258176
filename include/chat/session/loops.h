#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "chat/base/task.h"

namespace chat::net {
class LoopPool;
}

namespace chat::session {

// The I/O loops as seen from higher rooms: numbered, each with a mailbox.
// Threading: post() is thread-safe; call run_every() before traffic begins.
class Loops {
 public:
  explicit Loops(net::LoopPool& pool) : pool_(pool) {}

  std::size_t size() const;
  // True if none of them has anything to do at this moment. Thread-safe.
  bool are_asleep() const;
  void post(std::size_t loop_index, base::Task task);
  // Frees memory that the loops keep for the next round. Thread-safe.
  void free_spare_memory();
  // Calls `call` in that loop every `interval` until the loops stop.
  void run_every(std::size_t loop_index, std::chrono::milliseconds interval,
                 std::function<void()> call);

 private:
  net::LoopPool& pool_;
};

}  // namespace chat::session
