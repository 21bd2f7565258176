#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/pool.h"

namespace chat::delivery {

// Which users exist and what they are called, remembered: every message asks. Only hits are
// kept, so an account that was made a moment ago is found.
// Threading: thread-safe; a miss blocks on the database.
// Bounds: kShardMax names in each of kShards shards; a full shard starts anew.
class Directory {
 public:
  using Name = std::shared_ptr<const std::string>;

  explicit Directory(storage::Pool& pool) : pool_(pool) {}

  // nullptr: there is no such user.
  Result<Name> name_of(UserId user);
  // The same for a caller that has a connection at hand: two leases at once could starve the
  // pool.
  Result<Name> name_of(UserId user, storage::Connection& connection);

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kShardMax = 65536;
  struct Shard {
    base::Mutex mutex;
    std::unordered_map<UserId, Name> names CHAT_GUARDED_BY(mutex);
  };

  Name cached(UserId user);
  void keep(UserId user, const Name& name);

  storage::Pool& pool_;
  std::array<Shard, kShards> shards_;
};

}  // namespace chat::delivery
