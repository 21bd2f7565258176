#include "delivery/push/presence.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "chat/base/clock.h"
#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/storage/block_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {
namespace {

constinit log::Limiter presence_failures{log::kRepeatedFault};
constexpr std::size_t kUsersPerRound = 256;
constexpr std::size_t kWatchesPerRound = 4096;
constexpr std::size_t kRefreshedPerRound = 8;
constexpr std::chrono::milliseconds kPresenceRetryDelay{500};
// Longer than a node needs to notice that the bus is down.
constexpr std::chrono::seconds kGeneration{10};

bool watched_earlier(const storage::Watch& a, const storage::Watch& b) {
  return a.watched != b.watched ? a.watched < b.watched : a.watcher < b.watcher;
}

// True for "joined". The only other change is "left", of a deleted account.
bool says_joined(const Hint& event) {
  return event.push.find("\"change\":\"joined\"") != std::string::npos;
}

// Moves the watches whose watcher is blocked by the watched user out of `watches`. Only a user in
// `restricted` can have blocked anybody.
Result<std::vector<storage::Watch>> take_blocked(storage::Connection& connection,
                                                 std::vector<storage::Watch>& watches,
                                                 const std::unordered_set<UserId>& restricted) {
  std::vector<storage::Block> asked;
  for (const storage::Watch& watch : watches) {
    if (restricted.contains(watch.watched)) asked.push_back({watch.watched, watch.watcher});
  }
  const auto blocks = storage::BlockModel(connection).among(asked);
  if (!blocks) return fail(blocks);
  std::vector<storage::Watch> hidden;
  std::erase_if(watches, [&](const storage::Watch& watch) {
    const bool is_blocked = std::binary_search(blocks->begin(), blocks->end(),
                                               storage::Block{watch.watched, watch.watcher});
    if (is_blocked) hidden.push_back(watch);
    return is_blocked;
  });
  return hidden;
}

bool says_contact(const Hint& event, std::string_view what) {
  return event.push.find("\"event\":\"" + std::string(what) + "\"") != std::string::npos;
}

// The same as is_still_so(), for a CONTACT push about `about`.
Result<bool> is_contact_still_so(storage::Connection& connection, const Hint& event, UserId about) {
  const UserId user{event.id};
  if (says_contact(event, "request")) {
    const auto now = base::system_clock().unix_millis();
    const auto request = storage::FriendRequestModel(connection, now).find(about, user);
    if (!request) return fail(request);
    return *request && (*request)->state == storage::FriendRequest::State::kPending;
  }
  storage::FriendModel friends(connection);
  if (!says_contact(event, "removed")) return friends.is_listed(about, user);
  const auto still_listed = friends.is_listed(user, about);
  if (!still_listed) return still_listed;
  return !*still_listed;
}

// True if the table still agrees with the event of another node.
Result<bool> is_still_so(storage::Connection& connection, const Hint& event) {
  const UserId about{event.other};
  if (event.kind == Hint::Kind::kUserEvent && !about) return true;  // sent by an earlier version
  switch (event.kind) {
    case Hint::Kind::kUserEvent: return is_contact_still_so(connection, event, about);
    case Hint::Kind::kGroupEvent: {
      const auto joined_seq = storage::GroupModel(connection).joined_seq(GroupId{event.id}, about);
      if (!joined_seq) return fail(joined_seq);
      return joined_seq->has_value() == says_joined(event);
    }
    default: {
      const auto user = storage::UserModel(connection).find(UserId{event.id});
      if (!user) return fail(user);
      return !user->has_value();
    }
  }
}

}  // namespace

void Presence::News::add(std::span<const storage::Watch> more) {
  for (const storage::Watch& watch : more) {
    if (watches.size() < kWatchesMax) {
      watches.push_back(watch);
    } else {
      users.insert(watch.watched);
    }
  }
}

Presence::News Presence::News::take_some() {
  News some;
  while (!users.empty() && some.users.size() < kUsersPerRound) {
    some.users.insert(users.extract(users.begin()));
  }
  while (!refreshed.empty() && some.refreshed.size() < kRefreshedPerRound) {
    some.refreshed.insert(refreshed.extract(refreshed.begin()));
  }
  const std::size_t left = watches.size() - std::min(watches.size(), kWatchesPerRound);
  some.watches.assign(watches.begin() + static_cast<std::ptrdiff_t>(left), watches.end());
  watches.resize(left);
  return some;
}

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
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  changed_.add(users);
}

void Presence::changed(std::span<const storage::Watch> watches) {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  changed_.add(watches);
}

void Presence::changed_elsewhere(std::span<const UserId> users) {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  changed_elsewhere_.add(users);
}

void Presence::refresh(UserId watcher) {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  changed_elsewhere_.refreshed.insert(watcher);
}

void Presence::on_presence_told(const storage::Watch& watch) {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  changed_elsewhere_.add(std::span(&watch, 1));
}

void Presence::on_event_told(const Hint& event) {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  if (events_.size() < kEventsMax) events_.push_back(event);
}

void Presence::repeat() {
  base::MutexLock lock(mutex_);
  wake_if_idle_locked();
  for (News* const news : {&unheard_, &older_}) {
    changed_.users.merge(news->users);
    changed_.add(news->watches);
    *news = {};
  }
}

// Wakes the thread, unless it is awake or gathering.
void Presence::wake_if_idle_locked() {
  if (is_idle_locked()) wake_.notify_all();
}

void Presence::work() {
  for (;;) {
    Round round = take();
    if (round.empty()) return;
    const auto told = tell(round);
    if (told) continue;
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    log::limited(log::Level::kWarn, presence_failures, "event=presence_failed users={} what={}",
                 round.everywhere.users.size() + round.here.users.size(),
                 log::quoted(told.error().message));
    put_back_locked(round);
    const auto until = std::chrono::steady_clock::now() + kPresenceRetryDelay;
    while (!stopping_ && wake_.wait_until(mutex_, until)) {
    }
  }
}

bool Presence::is_idle_locked() const {
  return changed_.empty() && changed_elsewhere_.empty() && events_.empty();
}

void Presence::put_back_locked(Round& round) {
  changed_.users.merge(round.everywhere.users);
  changed_.add(round.everywhere.watches);
  changed_elsewhere_.users.merge(round.here.users);
  changed_elsewhere_.add(round.here.watches);
  changed_elsewhere_.refreshed.merge(round.here.refreshed);
  events_.insert(events_.begin(), round.events.begin(), round.events.end());
}

// Waits for users who changed, then briefly for more of them. Empty: everything is sent and the
// thread should stop.
Presence::Round Presence::take() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && is_idle_locked()) wake_.wait(mutex_);
  const auto until = std::chrono::steady_clock::now() + kGather;
  while (!stopping_ && wake_.wait_until(mutex_, until)) {
  }
  Round round{changed_.take_some(), changed_elsewhere_.take_some(), std::exchange(events_, {})};
  if (!bus_.alone()) note_told_locked(round.everywhere);
  return round;
}

void Presence::note_told_locked(const News& news) {
  if (news.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - turned_ > kGeneration && bus_.up()) {
    older_ = std::exchange(unheard_, {});
    turned_ = now;
  }
  for (const UserId user : news.users) {
    if (unheard_.users.size() < kUnheardMax) unheard_.users.insert(user);
    hints_.note({Hint::Kind::kPresence, user.value, 0});
  }
  for (const storage::Watch& watch : news.watches) {
    if (unheard_.watches.size() < kUnheardMax) unheard_.watches.push_back(watch);
    hints_.note({Hint::Kind::kPresence, watch.watched.value, watch.watcher.value});
  }
}

Result<void> Presence::tell(Round& round) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  // A lock met by one part must not delay the others.
  const auto everywhere = tell(**lease, round.everywhere, Reach::kCluster);
  const auto here = tell(**lease, round.here, Reach::kThisNode);
  const auto events = tell(**lease, round.events);
  return !everywhere ? everywhere : !here ? here : events;
}

// Removes sent items from `news`, so that they are not repeated after a later failure.
Result<void> Presence::tell(storage::Connection& connection, News& news, Reach reach) {
  std::vector<storage::Watch> watches = news.watches;
  if (!news.users.empty()) {
    const std::vector<UserId> users(news.users.begin(), news.users.end());
    const auto friends = storage::FriendModel(connection).online_watchers(users);
    if (!friends) return fail(friends);
    watches.insert(watches.end(), friends->begin(), friends->end());
  }
  if (!news.refreshed.empty()) {
    const std::vector<UserId> refreshed(news.refreshed.begin(), news.refreshed.end());
    const auto friends = storage::FriendModel(connection).list(refreshed);
    if (!friends) return fail(friends);
    for (const storage::Listed& item : *friends) watches.push_back({item.user, item.item.id});
  }
  std::sort(watches.begin(), watches.end(), watched_earlier);
  watches.erase(std::unique(watches.begin(), watches.end()), watches.end());
  if (auto told = tell(connection, std::move(watches), reach); !told) return told;
  news = {};
  return {};
}

// `watches` are sorted by the watched user.
Result<void> Presence::tell(storage::Connection& connection, std::vector<storage::Watch> watches,
                            Reach reach) {
  std::vector<UserId> watched;
  for (const storage::Watch& watch : watches) {
    if (watched.empty() || watched.back() != watch.watched) watched.push_back(watch.watched);
  }
  const auto states = storage::UserModel(connection).states(watched);
  if (!states) return fail(states);
  std::unordered_map<UserId, bool> online;
  std::unordered_set<UserId> restricted;
  for (const storage::UserState& state : *states) {
    online.emplace(state.id, state.online);
    if (state.contact_rev > 0) restricted.insert(state.id);
  }
  const auto hidden = take_blocked(connection, watches, restricted);
  if (!hidden) return fail(hidden);
  router_.presence(watches, online, reach);
  for (auto& [user, state] : online) state = false;
  if (!hidden->empty()) router_.presence(*hidden, online, reach);
  return {};
}

Result<void> Presence::tell(storage::Connection& connection, std::deque<Hint>& events) {
  for (; !events.empty(); events.pop_front()) {
    const Hint& event = events.front();
    const auto so = is_still_so(connection, event);
    if (!so) return fail(so);
    if (!*so) continue;
    if (event.kind == Hint::Kind::kAccountDeleted) {
      router_.evict_deleted(UserId{event.id});
    } else {
      router_.event_here(event);
    }
  }
  return {};
}

}  // namespace chat::delivery
