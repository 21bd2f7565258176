#include "chat/delivery/user_name_cache.h"

#include <utility>

namespace chat::delivery {

Result<UserNameCache::Name> UserNameCache::name_of(UserId user) {
  if (Name name = cached(user)) return name;
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  return name_of(user, **lease);
}

Result<UserNameCache::Name> UserNameCache::name_of(UserId user, storage::Connection& connection) {
  if (Name name = cached(user)) return name;
  const std::uint64_t deletions = deletions_.load();
  const std::int32_t first = user.value - user.value % kNeighbours;
  const auto people =
      storage::UserModel(connection).names(UserId{first}, UserId{first + (kNeighbours - 1)});
  if (!people) return fail(people);
  Name found;
  for (const storage::UserName& person : *people) {
    if (person.user == user) found = person.name;
    // The snapshot of a transaction may predate a deletion that is already known.
    if (!connection.in_transaction()) keep(person, deletions);
  }
  return found;
}

Result<bool> UserNameCache::exists(UserId user) {
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    if (const std::string* name = shard.names.find(user)) return !name->empty();
  }
  const auto name = name_of(user);
  if (!name) return fail(name);
  return *name && !(*name)->empty();
}

void UserNameCache::forget(UserId user) {
  ++deletions_;
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  shard.names.erase(user);
}

void UserNameCache::forget_all() {
  ++deletions_;
  for (Shard& shard : shards_) {
    base::MutexLock lock(shard.mutex);
    shard.names.clear();
  }
}

UserNameCache::Name UserNameCache::cached(UserId user) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const std::string* found = shard.names.find(user);
  return found == nullptr ? Name() : Name(*found);
}

// Caches the name, unless a deletion has happened since it was read.
void UserNameCache::keep(const storage::UserName& person, std::uint64_t deletions) {
  Shard& shard = shard_of(person.user);
  base::MutexLock lock(shard.mutex);
  if (deletions_.load() != deletions) return;
  if (shard.names.size() >= kShardMax) shard.names.clear();
  shard.names[person.user] = person.name;
}

}  // namespace chat::delivery
