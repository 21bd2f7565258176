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

  // Starts once: later calls do nothing, also after stop().
  Result<void> start();
  // Runs the tasks now in the mailboxes, ends the loops and joins the threads. Tasks posted later,
  // even by these last tasks, never run.
  void stop();

  std::size_t size() const { return loops_.size(); }
  EventLoop& at(std::size_t index) { return *loops_[index]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<base::Thread> threads_;
  bool started_ = false;
};

}  // namespace chat::net
