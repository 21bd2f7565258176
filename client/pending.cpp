#include "client/pending.h"

#include <utility>

#include "chat/protocol/limits.h"

namespace chat::client {
namespace {

void release(Pending& item, Answer answer) {
  item.answer = std::move(answer);
  item.answered.store(true, std::memory_order_release);
  item.arrived.release();
}

bool is_chat(const Question& question) {
  return question.request == protocol::Msgid::kOneChat ||
         question.request == protocol::Msgid::kGroupChat;
}

}  // namespace

PendingTable::Item PendingTable::add(const std::string& cid, Question question,
                                     base::SteadyTime deadline) {
  auto item = std::make_shared<Pending>(std::move(question));
  const Target& target = item->question.target;
  base::MutexLock lock(mutex_);
  if (is_chat(item->question)) {
    while (!closed_ && chats_to_locked(target) >= protocol::kDirectCidWindow) {
      if (!changed_.wait_until(mutex_, deadline)) return nullptr;
    }
    if (!closed_) ++chats_[target];
  }
  if (closed_) return nullptr;
  items_.emplace(cid, item);
  return item;
}

PendingTable::Item PendingTable::find(std::string_view cid, int msgid) {
  base::MutexLock lock(mutex_);
  const auto found = items_.find(cid);
  if (found == items_.end()) return nullptr;
  const auto expected = static_cast<int>(protocol::reply_to(found->second->question.request));
  // A push carries its sender's cid, which may look like one of ours: the msgid decides.
  const bool matches = msgid == expected || msgid == static_cast<int>(protocol::Msgid::kError);
  return matches ? found->second : nullptr;
}

void PendingTable::finish(const std::string& cid, Answer answer) {
  Item item;
  {
    base::MutexLock lock(mutex_);
    const auto found = items_.find(cid);
    if (found == items_.end()) return;
    item = std::move(found->second);
    items_.erase(found);
    const auto chats = is_chat(item->question) ? chats_.find(item->question.target) : chats_.end();
    if (chats != chats_.end() && --chats->second == 0) chats_.erase(chats);
    changed_.notify_all();
  }
  release(*item, std::move(answer));
}

void PendingTable::close() {
  std::map<std::string, Item, std::less<>> items;
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    items.swap(items_);
    chats_.clear();
    changed_.notify_all();
  }
  for (auto& [cid, item] : items) release(*item, Answer{});
}

void PendingTable::open() {
  base::MutexLock lock(mutex_);
  closed_ = false;
}

bool PendingTable::wait_for_chats(base::SteadyTime deadline) {
  base::MutexLock lock(mutex_);
  while (!chats_.empty()) {
    if (!changed_.wait_until(mutex_, deadline)) return chats_.empty();
  }
  return true;
}

std::size_t PendingTable::chats_to_locked(const Target& target) const {
  const auto found = chats_.find(target);
  return found == chats_.end() ? 0 : found->second;
}

}  // namespace chat::client
