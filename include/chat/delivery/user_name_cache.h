#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "chat/base/flat_map.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/pool.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {

// Caches which users exist and their names, which every message needs. Only hits are cached, so a
// new account is found at once. A deleted account has an empty name. A miss also reads the
// neighbouring ids, which lie on the same page; otherwise all-to-all traffic would cost one query
// per message.
// Threading: thread-safe; a miss blocks on the database.
// Bounds: kShardMax names in each of kShards shards; a full shard starts anew.
class UserNameCache {
 public:
  using Name = std::optional<std::string>;

  explicit UserNameCache(storage::Pool& pool) : pool_(pool) {}

  // Nothing if no such user ever existed.
  Result<Name> name_of(UserId user);
  // The same for a caller that already has a connection: two leases at once could exhaust the pool.
  Result<Name> name_of(UserId user, storage::Connection& connection);
  // False for a deleted account as well.
  Result<bool> exists(UserId user);
  // The account was just deleted.
  void forget(UserId user);
  // Any account may have been deleted.
  void forget_all();

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kShardMax = 65536;
  static constexpr std::int32_t kNeighbours = 32;
  struct Shard {
    base::Mutex mutex;
    base::FlatMap<UserId, std::string> names CHAT_GUARDED_BY(mutex);
  };

  Shard& shard_of(UserId user) { return shards_[static_cast<std::size_t>(user.value) % kShards]; }
  Name cached(UserId user);
  void keep(const storage::UserName& person, std::uint64_t deletions);

  storage::Pool& pool_;
  std::atomic<std::uint64_t> deletions_ = 0;
  std::array<Shard, kShards> shards_;
};

}  // namespace chat::delivery
