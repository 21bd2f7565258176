#include "chat/delivery/presence.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {
namespace {

constinit log::Limiter presence_failures{log::kRepeatedFault};
constexpr std::size_t kUsersPerRound = 256;
constexpr std::chrono::milliseconds kPresenceRetryDelay{500};
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

void Presence::changed_elsewhere(std::span<const UserId> users) {
  {
    base::MutexLock lock(mutex_);
    changed_elsewhere_.insert(users.begin(), users.end());
  }
  wake_.notify_all();
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
    const Round round = take();
    if (round.users.empty()) return;
    const auto told = tell(round);
    if (told) continue;
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    log::limited(log::Level::kWarn, presence_failures, "event=presence_failed users={} what={}",
                 round.users.size(), log::quoted(told.error().message));
    auto& again = round.reach == Reach::kCluster ? changed_ : changed_elsewhere_;
    again.insert(round.users.begin(), round.users.end());
    const auto until = std::chrono::steady_clock::now() + kPresenceRetryDelay;
    while (!stopping_ && wake_.wait_until(mutex_, until)) {
    }
  }
}

// Waits for users who changed, and a moment for more of them. Empty: everything is told, and it is
// time to stop.
Presence::Round Presence::take() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && changed_.empty() && changed_elsewhere_.empty()) wake_.wait(mutex_);
  const auto until = std::chrono::steady_clock::now() + kGather;
  while (!stopping_ && wake_.wait_until(mutex_, until)) {
  }
  Round round;
  round.reach = changed_.empty() ? Reach::kThisNode : Reach::kCluster;
  auto& changed = changed_.empty() ? changed_elsewhere_ : changed_;
  while (!changed.empty() && round.users.size() < kUsersPerRound) {
    round.users.push_back(*changed.begin());
    changed.erase(changed.begin());
  }
  if (!bus_.alone() && round.reach == Reach::kCluster) note_told_locked(round.users);
  return round;
}

void Presence::note_told_locked(std::span<const UserId> users) {
  const auto now = std::chrono::steady_clock::now();
  if (now - turned_ > kGeneration && bus_.up()) {
    older_ = std::exchange(unheard_, {});
    turned_ = now;
  }
  if (unheard_.size() < kUnheardMax) unheard_.insert(users.begin(), users.end());
  for (const UserId user : users) hints_.note({Hint::Kind::kPresence, user.value, 0});
}

Result<void> Presence::tell(const Round& round) {
  const std::vector<UserId>& users = round.users;
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  const auto watches = storage::FriendModel(**lease).online_watchers(users);
  if (!watches) return fail(watches);
  if (watches->empty()) return {};
  const auto states = storage::UserModel(**lease).states(users);
  if (!states) return fail(states);
  std::unordered_map<UserId, bool> online;
  for (const storage::UserState& state : *states) online.emplace(state.id, state.online);
  router_.presence(*watches, online, round.reach);
  return {};
}

}  // namespace chat::delivery
