#include "client/core/pending.h"

#include <utility>

namespace chat::client {
namespace {

void release(Pending& item, Answer answer) {
  item.answer = std::move(answer);
  item.answered.store(true, std::memory_order_release);
  item.arrived.release();
}

}  // namespace

PendingTable::Item PendingTable::add(const std::string& cid, Question question) {
  auto item = std::make_shared<Pending>(std::move(question));
  base::MutexLock lock(mutex_);
  if (closed_) return nullptr;
  items_.emplace(cid, item);
  return item;
}

PendingTable::Item PendingTable::find(std::string_view cid, int msgid) {
  base::MutexLock lock(mutex_);
  const auto found = items_.find(cid);
  if (found == items_.end()) return nullptr;
  const auto expected = static_cast<int>(protocol::reply_to(found->second->question.request));
  // A push carries its sender's cid, which may look like one of ours, so the msgid decides.
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
  }
  release(*item, std::move(answer));
}

void PendingTable::close() {
  std::map<std::string, Item, std::less<>> items;
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    items.swap(items_);
  }
  for (auto& [cid, item] : items) release(*item, Answer{});
}

void PendingTable::open() {
  base::MutexLock lock(mutex_);
  closed_ = false;
}

std::string command_name(const Question& question) {
  if (!question.command.empty()) return question.command;
  switch (question.request) {
    case protocol::Msgid::kLogin: return "login";
    case protocol::Msgid::kLogout: return "logout";
    case protocol::Msgid::kRegister: return "register";
    case protocol::Msgid::kOneChat: return "chat";
    case protocol::Msgid::kAddFriend: return "add";
    case protocol::Msgid::kCreateGroup: return "creategroup";
    case protocol::Msgid::kAddGroup: return "join";
    case protocol::Msgid::kGroupChat: return "group";
    case protocol::Msgid::kHello: return "hello";
    case protocol::Msgid::kPing: return "ping";
    case protocol::Msgid::kHistory: return "history";
    case protocol::Msgid::kChangePassword: return "password";
    case protocol::Msgid::kDeleteAccount: return "deleteaccount";
    case protocol::Msgid::kSessions: return "sessions";
    case protocol::Msgid::kRevokeSession: return "revoke";
    default: return "request";
  }
}

}  // namespace chat::client
