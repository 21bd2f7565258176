#include "delivery/journal/contact_news.h"

namespace chat::delivery {

bool ContactNews::changed(std::span<const UserId> users, std::chrono::milliseconds patience) {
  base::MutexLock lock(mutex_);
  changes_.users.insert(changes_.users.end(), users.begin(), users.end());
  if (changes_.users.size() > kUsersMax) changes_ = {{}, true};
  const std::uint64_t running = batches_;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (at_work_ && batches_ == running) {
    if (!ended_.wait_until(mutex_, until)) return !at_work_ || batches_ != running;
  }
  return true;
}

ContactNews::Changes ContactNews::begin_batch() {
  base::MutexLock lock(mutex_);
  at_work_ = true;
  ++batches_;
  return std::exchange(changes_, {});
}

void ContactNews::end_batch() {
  {
    base::MutexLock lock(mutex_);
    at_work_ = false;
  }
  ended_.notify_all();
}

}  // namespace chat::delivery
