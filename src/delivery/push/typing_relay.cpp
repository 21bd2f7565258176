#include "delivery/push/typing_relay.h"

#include <algorithm>
#include <string>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/delivery/refusals.h"
#include "chat/protocol/msgid.h"
#include "chat/session/session.h"
#include "chat/session/socket_side.h"
#include "chat/storage/contact_model.h"
#include "chat/storage/group_model.h"

namespace chat::delivery {
namespace {

using protocol::Errno;
using protocol::Refusal;
using storage::GroupModel;

constinit log::Limiter typing_failures{log::kRepeatedFault};

bool contains(const std::vector<UserId>& sorted, UserId user) {
  return std::binary_search(sorted.begin(), sorted.end(), user);
}

Refusal not_allowed(const char* why) {
  return {Errno::kNotAllowed, why, std::nullopt};
}

// The rules are those for a message (GroupCommitter).
std::optional<Refusal> refusal_of(const GroupModel::Speaker* speaker, UnixMillis now) {
  if (speaker == nullptr) {
    return Refusal{Errno::kNotFound, "there is no such group, or you are not in it", std::nullopt};
  }
  if (speaker->dismissed) return not_allowed("this group was dismissed");
  const bool normal = speaker->role == storage::GroupRole::kNormal;
  if (speaker->muted_until > now || (normal && speaker->group_muted_until > now)) {
    return not_allowed("you are muted in this group");
  }
  return std::nullopt;
}

void refuse(const TypingRequest& request, const Refusal& refusal) {
  request.session->post_to_loop(
      [session = request.session,
       json = protocol::error_reply(protocol::reply_to(protocol::Msgid::kTyping), refusal,
                                    request.cid)] { session->socket().send(json); });
}

}  // namespace

bool TypingRelay::take_turn(const Typing& typing) {
  base::MutexLock lock(mutex_);
  return pending_.size() < kPendingMax && is_news_locked(typing);
}

void TypingRelay::add(TypingRequest&& request) {
  base::MutexLock lock(mutex_);
  if (pending_.size() >= kPendingMax) return;
  pending_.push_back(std::move(request));
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

// A session's requests are handled one after the other, so whoever sends the message sees its own
// requests counted.
void TypingRelay::overtake(UserId from, UserId user, GroupId group) {
  if (waiting_.load(std::memory_order_relaxed) == 0) return;
  base::MutexLock lock(mutex_);
  if (Chat* const chat = find_locked(from, user, group)) chat->overtaken = true;
}

bool TypingRelay::is_overtaken(const Typing& typing) {
  base::MutexLock lock(mutex_);
  const Chat* const chat = find_locked(typing.from, typing.user, typing.group);
  return chat != nullptr && chat->overtaken;
}

TypingRelay::Chat* TypingRelay::find_locked(UserId from, UserId user, GroupId group) {
  Account* account = newer_.find(from);
  if (account == nullptr) account = older_.find(from);
  return account == nullptr ? nullptr : find(*account, user, group);
}

TypingRelay::Chat* TypingRelay::find(Account& account, UserId user, GroupId group) {
  const auto found = std::find_if(account.begin(), account.end(), [&](const Chat& each) {
    return each.user == user && each.group == group;
  });
  return found == account.end() ? nullptr : &*found;
}

bool TypingRelay::due() {
  base::MutexLock lock(mutex_);
  return !pending_.empty() && !std::exchange(working_, true);
}

void TypingRelay::given_up() {
  base::MutexLock lock(mutex_);
  working_ = false;
}

void TypingRelay::work() {
  Requests requests;
  {
    base::MutexLock lock(mutex_);
    requests = std::exchange(pending_, {});
  }
  if (const auto passed = pass_on(requests); !passed) {
    log::limited(log::Level::kWarn, typing_failures, "event=typing_failed what={}",
                 log::quoted(passed.error().message));
  }
  waiting_.fetch_sub(requests.size(), std::memory_order_relaxed);
  given_up();
}

TypingRelay::Account& TypingRelay::account_locked(UserId user) {
  if (Account* found = newer_.find(user)) return *found;
  if (newer_.size() >= kAccountsMax) older_ = std::exchange(newer_, {});
  Account& account = newer_[user];
  if (const Account* found = older_.find(user)) account = *found;
  return account;
}

bool TypingRelay::is_news_locked(const Typing& typing) {
  Account& chats = account_locked(typing.from);
  const auto now = clock_.now();
  Chat* chat = find(chats, typing.user, typing.group);
  if (!typing.on) return chat != nullptr && std::exchange(chat->on, false);
  if (chat == nullptr) {
    chat = &*std::min_element(chats.begin(), chats.end(), [](const Chat& one, const Chat& other) {
      return one.on_at < other.on_at;
    });
  }
  const bool unused = !chat->user && !chat->group;
  if (!unused && now - chat->on_at < kEvery) return false;
  *chat = {typing.user, typing.group, now, true};
  return true;
}

Result<void> TypingRelay::pass_on(const Requests& requests) {
  Refusals refusals(requests.size());
  {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    if (auto checked = check_direct(**lease, requests, refusals); !checked) return checked;
    if (auto checked = check_groups(**lease, requests, refusals); !checked) return checked;
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (refusals[i]) {
      refuse(requests[i], *refusals[i]);
    } else if (!requests[i].typing.on || !is_overtaken(requests[i].typing)) {
      router_.typing(requests[i].typing, Reach::kCluster);
    }
  }
  return {};
}

Result<void> TypingRelay::check_direct(storage::Connection& connection, const Requests& requests,
                                       Refusals& refusals) {
  std::vector<UserId> users;
  for (const TypingRequest& request : requests) {
    if (request.typing.group) continue;
    users.push_back(request.typing.from);
    users.push_back(request.typing.user);
  }
  if (users.empty()) return {};
  storage::ContactModel contacts(connection);
  const auto restricted = contacts.restricted(users);
  if (!restricted) return fail(restricted);
  std::vector<storage::DirectStream> asked;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Typing& typing = requests[i].typing;
    if (typing.group) continue;
    if (!contains(*restricted, typing.from) && !contains(*restricted, typing.user)) continue;
    asked.push_back({typing.user, typing.from});
    numbers.push_back(i);
  }
  if (asked.empty()) return {};
  const auto rights = contacts.chat_rights(asked);
  if (!rights) return fail(rights);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if ((*rights)[i] == storage::ChatRight::kYes) continue;
    refusals[numbers[i]] = not_accepted((*rights)[i]);
  }
  return {};
}

Result<void> TypingRelay::check_groups(storage::Connection& connection, const Requests& requests,
                                       Refusals& refusals) const {
  std::vector<storage::Membership> asked;
  for (const TypingRequest& request : requests) {
    if (request.typing.group) asked.push_back({request.typing.from, request.typing.group, 0});
  }
  if (asked.empty()) return {};
  const auto speakers = GroupModel(connection).speakers(asked);
  if (!speakers) return fail(speakers);
  const UnixMillis now = clock_.unix_millis();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Typing& typing = requests[i].typing;
    if (!typing.group) continue;
    const auto found =
        std::find_if(speakers->begin(), speakers->end(), [&typing](const auto& speaker) {
          return speaker.group == typing.group && speaker.user == typing.from;
        });
    refusals[i] = refusal_of(found == speakers->end() ? nullptr : &*found, now);
  }
  return {};
}

}  // namespace chat::delivery
