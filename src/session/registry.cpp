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
    auto [found, inserted] = shard.entries.try_emplace(user);
    Entry& entry = found->second;
    if (inserted) {
      entry.session = session;
      return Reservation::kGranted;
    }
    if (takeover) {
      evicted = entry.session;
    } else if (!shard.leaving_locked(user) && !entry.session->ending()) {
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
  const auto found = shard.entries.find(user);
  if (found != shard.entries.end() && found->second.session.get() == &session) {
    found->second.epoch = epoch;
  }
}

bool Registry::evict_older(UserId user, SessionEpoch newer) {
  std::shared_ptr<Session> evicted;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(user);
    if (found == shard.entries.end()) return false;
    const Entry& entry = found->second;
    if (entry.epoch == 0 || entry.epoch >= newer) return false;
    evicted = entry.session;
  }
  evicted->evict("taken_over");
  return true;
}

void Registry::leaving(UserId user, const Session& session) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(user);
  if (found != shard.entries.end() && found->second.session.get() == &session) {
    shard.changes[user].leaving = true;
  }
}

void Registry::release(UserId user, const Session& session) {
  Entry released;
  Change change;
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(user);
    if (found == shard.entries.end() || found->second.session.get() != &session) return;
    released = std::move(found->second);
    shard.entries.erase(found);
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
  const auto found = shard.entries.find(user);
  if (found == shard.entries.end()) return {};
  const Entry& entry = found->second;
  return {entry.session,
          entry.epoch != 0 && !shard.leaving_locked(user) && !entry.session->ending()};
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
    for (const auto& [user, entry] : shard.entries) {
      holders.push_back({user, entry.epoch, entry.session});
    }
  }
  return holders;
}

}  // namespace chat::session
