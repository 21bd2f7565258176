#include "chat/session/loops.h"

#include <utility>

#include "chat/net/loop_pool.h"

namespace chat::session {

std::size_t Loops::size() const {
  return pool_.size();
}

bool Loops::are_asleep() const {
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    if (!pool_.at(i).is_asleep()) return false;
  }
  return true;
}

void Loops::post(std::size_t loop_index, base::Task task) {
  pool_.at(loop_index).post(std::move(task));
}

void Loops::free_spare_memory() {
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    net::EventLoop& loop = pool_.at(i);
    loop.post([&loop] { loop.spare_outputs().free_all(); });
  }
}

void Loops::run_every(std::size_t loop_index, std::chrono::milliseconds interval,
                      std::function<void()> call) {
  net::EventLoop& loop = pool_.at(loop_index);
  loop.post([&loop, interval, call = std::move(call)] { loop.run_every(interval, call); });
}

}  // namespace chat::session
