#include "chat/delivery/handover.h"

#include <utility>

namespace chat::delivery {

void Handover::wait(UserId user, base::Task then) {
  base::MutexLock lock(mutex_);
  waiting_[user] = {clock_.now() + kPatience, std::move(then)};
}

void Handover::gone(UserId user) {
  base::Task then;
  {
    base::MutexLock lock(mutex_);
    const auto found = waiting_.find(user);
    if (found == waiting_.end()) return;
    then = std::move(found->second.then);
    waiting_.erase(found);
  }
  then();
}

void Handover::tick() {
  std::vector<UserId> late;
  {
    base::MutexLock lock(mutex_);
    const auto now = clock_.now();
    for (const auto& [user, waiting] : waiting_) {
      if (waiting.until <= now) late.push_back(user);
    }
  }
  for (const UserId user : late) gone(user);
}

}  // namespace chat::delivery
