#include "chat/net/loop_pool.h"

#include <string>
#include <utility>

namespace chat::net {

LoopPool::LoopPool(std::size_t loops, const base::Clock& clock) {
  for (std::size_t i = 0; i < loops; ++i) loops_.push_back(std::make_unique<EventLoop>(clock));
}

LoopPool::~LoopPool() {
  stop();
}

Result<void> LoopPool::start() {
  if (std::exchange(started_, true)) return {};
  for (auto& loop : loops_) {
    if (auto opened = loop->open(); !opened) return opened;
  }
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    threads_.emplace_back("io-" + std::to_string(i), [this, i] { loops_[i]->run(); });
  }
  return {};
}

void LoopPool::stop() {
  if (threads_.empty()) return;
  for (auto& loop : loops_) loop->stop();
  threads_.clear();
}

}  // namespace chat::net
