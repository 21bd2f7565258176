#include "chat/delivery/directory.h"

#include <utility>

#include "chat/storage/user_model.h"

namespace chat::delivery {

Result<Directory::Name> Directory::name_of(UserId user) {
  if (Name name = cached(user)) return name;
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  return name_of(user, **lease);
}

Result<Directory::Name> Directory::name_of(UserId user, storage::Connection& connection) {
  if (Name name = cached(user)) return name;
  auto name = storage::UserModel(connection).name_of(user);
  if (name && *name) keep(user, **name);
  return name;
}

Result<bool> Directory::exists(UserId user) {
  {
    Shard& shard = shard_of(user);
    base::MutexLock lock(shard.mutex);
    if (const std::string* name = shard.names.find(user)) return !name->empty();
  }
  const auto name = name_of(user);
  if (!name) return fail(name);
  return *name && !(*name)->empty();
}

void Directory::forget(UserId user) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  shard.names.erase(user);
}

void Directory::forget_all() {
  for (Shard& shard : shards_) {
    base::MutexLock lock(shard.mutex);
    shard.names.clear();
  }
}

Directory::Name Directory::cached(UserId user) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  const std::string* found = shard.names.find(user);
  return found == nullptr ? Name() : Name(*found);
}

void Directory::keep(UserId user, const std::string& name) {
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  if (shard.names.size() >= kShardMax) shard.names.clear();
  shard.names[user] = name;
}

}  // namespace chat::delivery
