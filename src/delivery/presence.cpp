#include "chat/delivery/presence.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "chat/base/log.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {
namespace {

constexpr std::size_t kUsersPerRound = 256;
constexpr std::chrono::milliseconds kRetryDelay{500};
// It takes a node less than this to notice that the bus is away.
constexpr std::chrono::seconds kGeneration{10};

}  // namespace

void Presence::start() {
  thread_ = base::Thread("presence", [this] { work(); });
}

void Presence::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Presence::changed(std::span<const UserId> users) {
  bool first = false;
  {
    base::MutexLock lock(mutex_);
    first = changed_.empty();
    changed_.insert(users.begin(), users.end());
  }
  if (first) wake_.notify_all();  // for the others it is awake, or gathers
}

void Presence::repeat() {
  {
    base::MutexLock lock(mutex_);
    changed_.merge(unheard_);
    changed_.merge(older_);
    unheard_.clear();
    older_.clear();
  }
  wake_.notify_all();
}

void Presence::work() {
  for (;;) {
    const std::vector<UserId> users = take();
    if (users.empty()) return;
    const auto told = tell(users);
    if (told) continue;
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    log::warn("event=presence_failed users={} what={}", users.size(),
              log::quoted(told.error().message));
    changed_.insert(users.begin(), users.end());
    const auto until = std::chrono::steady_clock::now() + kRetryDelay;
    while (!stopping_ && wake_.wait_until(mutex_, until)) {
    }
  }
}

// Waits for users who changed, and a moment for more of them. Empty: everything is told, and it is
// time to stop.
std::vector<UserId> Presence::take() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && changed_.empty()) wake_.wait(mutex_);
  const auto until = std::chrono::steady_clock::now() + kGather;
  while (!stopping_ && wake_.wait_until(mutex_, until)) {
  }
  std::vector<UserId> users;
  const auto now = std::chrono::steady_clock::now();
  if (now - turned_ > kGeneration && bus_.up()) {
    older_ = std::exchange(unheard_, {});
    turned_ = now;
  }
  while (!changed_.empty() && users.size() < kUsersPerRound) {
    users.push_back(*changed_.begin());
    changed_.erase(changed_.begin());
  }
  if (!bus_.alone() && unheard_.size() < kUnheardMax) unheard_.insert(users.begin(), users.end());
  return users;
}

Result<void> Presence::tell(std::span<const UserId> users) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  const auto watches = storage::FriendModel(**lease).online_watchers(users);
  if (!watches) return fail(watches);
  if (watches->empty()) return {};
  const auto states = storage::UserModel(**lease).states(users);
  if (!states) return fail(states);
  std::unordered_map<UserId, bool> online;
  for (const storage::UserState& state : *states) online.emplace(state.id, state.online);
  router_.presence(*watches, online);
  return {};
}

}  // namespace chat::delivery
