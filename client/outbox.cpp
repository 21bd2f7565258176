#include "client/outbox.h"

#include <algorithm>
#include <utility>

namespace chat::client {

bool Outbox::add(Unanswered chat) {
  base::MutexLock lock(mutex_);
  if (chats_.size() >= kMax) return false;
  chats_.push_back(std::move(chat));
  return true;
}

void Outbox::remove(std::string_view cid) {
  base::MutexLock lock(mutex_);
  std::erase_if(chats_, [cid](const Unanswered& chat) { return chat.cid == cid; });
}

void Outbox::clear() {
  base::MutexLock lock(mutex_);
  chats_.clear();
}

std::vector<Unanswered> Outbox::all() const {
  base::MutexLock lock(mutex_);
  return {chats_.begin(), chats_.end()};
}

std::size_t Outbox::size() const {
  base::MutexLock lock(mutex_);
  return chats_.size();
}

}  // namespace chat::client
