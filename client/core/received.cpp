#include "client/core/received.h"

#include <algorithm>

namespace chat::client {

void Received::begin(UserId user) {
  base::MutexLock lock(mutex_);
  due_.clear();
  brought_.clear();
  if (user == user_) return;
  user_ = user;
  seen_.clear();
}

bool Received::take(const event::Message& message) {
  if (message.seq == 0) return true;  // an older server does not number messages
  const Target stream = message.group ? Target{{}, message.group} : Target{message.from, {}};
  base::MutexLock lock(mutex_);
  Seq& seen = seen_[stream];
  const bool fresh = message.seq > seen;
  seen = std::max(seen, message.seq);
  Seq& brought = brought_[stream];
  brought = std::max(brought, message.seq);
  due_.insert(stream);
  return fresh;
}

std::vector<Received::Acknowledgement> Received::due() {
  base::MutexLock lock(mutex_);
  std::vector<Acknowledgement> all;
  all.reserve(due_.size());
  for (const Target& stream : due_) all.emplace_back(stream, brought_[stream]);
  due_.clear();
  return all;
}

}  // namespace chat::client
