#include "chat/delivery/directory.h"

#include <utility>

#include "chat/storage/user_model.h"

namespace chat::delivery {

Result<Directory::Name> Directory::name_of(UserId user) {
  Shard& shard = shards_[static_cast<std::size_t>(user.value) % kShards];
  {
    base::MutexLock lock(shard.mutex);
    const auto found = shard.names.find(user);
    if (found != shard.names.end()) return found->second;
  }
  auto name = load(user);
  if (!name || *name == nullptr) return name;
  base::MutexLock lock(shard.mutex);
  if (shard.names.size() >= kShardMax) shard.names.clear();
  shard.names.emplace(user, *name);
  return name;
}

Result<Directory::Name> Directory::load(UserId user) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  auto found = storage::UserModel(**lease).find(user);
  if (!found) return fail(found);
  if (!*found) return Name();
  return std::make_shared<const std::string>(std::move((*found)->name));
}

}  // namespace chat::delivery
