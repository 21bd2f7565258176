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
  auto found = storage::UserModel(connection).find(user);
  if (!found) return fail(found);
  if (!*found) return Name();
  auto name = std::make_shared<const std::string>(std::move((*found)->name));
  keep(user, name);
  return name;
}

Directory::Name Directory::cached(UserId user) {
  Shard& shard = shards_[static_cast<std::size_t>(user.value) % kShards];
  base::MutexLock lock(shard.mutex);
  const auto found = shard.names.find(user);
  return found == shard.names.end() ? nullptr : found->second;
}

void Directory::keep(UserId user, const Name& name) {
  Shard& shard = shards_[static_cast<std::size_t>(user.value) % kShards];
  base::MutexLock lock(shard.mutex);
  if (shard.names.size() >= kShardMax) shard.names.clear();
  shard.names.emplace(user, name);
}

}  // namespace chat::delivery
