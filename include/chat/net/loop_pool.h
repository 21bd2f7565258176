#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/net/event_loop.h"

namespace chat::net {

// The sub-reactors: N event loops, each on a thread of its own.
// Threading: start() and stop() externally synchronised; at() and size() immutable after start.
class LoopPool {
 public:
  LoopPool(std::size_t loops, const base::Clock& clock);
  ~LoopPool();

  // Once: a second call does nothing, and a stopped pool stays stopped.
  Result<void> start();
  // Runs what every mailbox holds by now, ends the loops and joins. What is posted later, also
  // by these last tasks, never runs.
  void stop();

  std::size_t size() const { return loops_.size(); }
  EventLoop& at(std::size_t index) { return *loops_[index]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<base::Thread> threads_;
  bool started_ = false;
};

}  // namespace chat::net
