#include "chat/session/registry.h"

#include <utility>

#include "chat/session/session.h"

namespace chat::session {

Registry::Reservation Registry::reserve(UserId user, const std::shared_ptr<Session>& session,
                                        bool takeover, std::function<void()> when_free) {
  std::shared_ptr<Session> evicted;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const auto [entry, added] = shard.entries.try_emplace(user);
    if (added) {
      entry->session = session;
      return Reservation::kGranted;
    }
    if (entry->session == session) {
      // An earlier login on this session, refused before its claim was decided.
    } else if (shard.leaving_locked(user)) {
      // Its session is giving up the user, and may already belong to another one.
    } else if (takeover) {
      evicted = entry->session;
    } else if (!entry->session->ending()) {
      return Reservation::kHeld;
    }
    shard.changes[user].waiting.push_back(std::move(when_free));
  }
  if (evicted) evicted->evict("taken_over");
  return Reservation::kWait;
}

void Registry::claimed(UserId user, const Session& session, SessionEpoch epoch) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  Entry* entry = shard.entries.find(user);
  if (entry == nullptr || entry->session.get() != &session) return;
  entry->epoch = epoch;
  entry->claimed_at = std::chrono::steady_clock::now();
}

bool Registry::evict_older(UserId user, SessionEpoch newer, const Ending& ending) {
  std::shared_ptr<Session> evicted;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const Entry* entry = shard.entries.find(user);
    if (entry == nullptr || entry->epoch == 0 || entry->epoch >= newer) return false;
    evicted = entry->session;
  }
  evicted->evict(ending.reason, ending.reconnect_after);
  return true;
}

bool Registry::evict_lost(UserId user, SessionEpoch epoch) {
  std::shared_ptr<Session> evicted;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const Entry* entry = shard.entries.find(user);
    if (entry == nullptr || entry->epoch != epoch || shard.leaving_locked(user)) return false;
    evicted = entry->session;
  }
  return evicted->evict("session_lost", kReconnectSoon);
}

void Registry::leaving(UserId user, const Session& session) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const Entry* entry = shard.entries.find(user);
  if (entry != nullptr && entry->session.get() == &session) shard.changes[user].leaving = true;
}

void Registry::release(UserId user, const Session& session) {
  std::optional<Entry> released;  // releases the session outside the lock
  Change change;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const Entry* entry = shard.entries.find(user);
    if (entry == nullptr || entry->session.get() != &session) return;
    released = shard.entries.extract(user);
    if (auto node = shard.changes.extract(user)) change = std::move(node.mapped());
  }
  for (const auto& call : change.waiting) call();
}

std::shared_ptr<Session> Registry::find(UserId user) const {
  return look_up(user).session;
}

Registry::Found Registry::look_up(UserId user) const {
  const Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const Entry* entry = shard.entries.find(user);
  if (entry == nullptr) return {};
  const bool sure = entry->epoch != 0 && !shard.leaving_locked(user) && !entry->session->ending();
  return {entry->session, sure};
}

std::size_t Registry::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    base::MutexLock lock(shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

std::vector<Registry::Holder> Registry::all() const {
  std::vector<Holder> holders;
  for (const Shard& shard : shards_) {
    base::MutexLock lock(shard.mutex);
    shard.entries.for_each([&holders](UserId user, const Entry& entry) {
      holders.push_back({user, entry.epoch, entry.claimed_at, entry.session});
    });
  }
  return holders;
}

std::optional<Registry::Holder> Registry::holder_of(UserId user) const {
  const Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const Entry* entry = shard.entries.find(user);
  if (entry == nullptr) return std::nullopt;
  return Holder{user, entry->epoch, entry->claimed_at, entry->session};
}

}  // namespace chat::session
