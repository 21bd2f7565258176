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

  Result<void> start();
  // Ends every loop after its mailbox is empty, and joins. What is posted later never runs.
  void stop();

  std::size_t size() const { return loops_.size(); }
  EventLoop& at(std::size_t index) { return *loops_[index]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<base::Thread> threads_;
};

}  // namespace chat::net
