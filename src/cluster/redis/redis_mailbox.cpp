#include "cluster/redis/redis_mailbox.h"

#include <utility>

namespace chat::cluster {

void RedisMailbox::put(Request request) {
  base::Task heard_now;
  {
    base::MutexLock lock(mutex_);
    if (closed_) return;
    if (!connected_) heard_now = std::exchange(request.heard, {});
    if (requests_.empty()) wakeup_.raise();
    requests_.push_back(std::move(request));
    if (!heard_now) return;
    ++calling_;
  }
  heard_now();
  base::MutexLock lock(mutex_);
  if (--calling_ == 0) called_.notify_all();
}

void RedisMailbox::close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
  while (calling_ > 0) called_.wait(mutex_);
}

std::vector<RedisMailbox::Request> RedisMailbox::take() {
  base::MutexLock lock(mutex_);
  return take_locked();
}

std::vector<RedisMailbox::Request> RedisMailbox::set_connected(bool connected) {
  base::MutexLock lock(mutex_);
  connected_ = connected;
  return take_locked();
}

std::vector<RedisMailbox::Request> RedisMailbox::take_locked() {
  if (!requests_.empty()) wakeup_.clear();
  return std::exchange(requests_, {});
}

}  // namespace chat::cluster
