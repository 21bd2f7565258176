#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "chat/base/clock.h"
#include "chat/base/flat_map.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/token_bucket.h"

namespace chat::service {

// The rate limit of chats per account: one bucket per account, whatever its connections and
// framings. An account that returns from another node starts without a burst, so changing nodes
// gains nothing; a claim by another node shows as a gap between the session epochs seen here.
// Threading: thread-safe. Bounds: kAccountsMax to 2 * kAccountsMax accounts; the least recently
// active are dropped first.
class ChatAllowance {
 public:
  static constexpr std::size_t kAccountsMax = 65536;

  ChatAllowance(std::int64_t per_second, const base::Clock& clock);

  // Takes one token and returns 0 ms. Otherwise takes none and returns how long to wait.
  std::chrono::milliseconds take(UserId user);
  void logged_in(UserId user, SessionEpoch epoch);
  std::size_t size();

 private:
  static constexpr std::size_t kShards = 16;
  struct Account {
    base::TokenBucket bucket;
    SessionEpoch epoch = 0;  // of the last login here
  };
  // Two generations: when the newer one is full, the older one is dropped.
  struct Shard {
    base::Mutex mutex;
    base::FlatMap<UserId, Account> newer CHAT_GUARDED_BY(mutex);
    base::FlatMap<UserId, Account> older CHAT_GUARDED_BY(mutex);
  };

  bool off() const { return rate_.per_period == 0; }
  Shard& shard_of(UserId user) { return shards_[std::hash<UserId>{}(user) >> 7 & (kShards - 1)]; }
  static Account& account_locked(Shard& shard, UserId user) CHAT_REQUIRES(shard.mutex);

  const base::Rate rate_;
  const base::Clock& clock_;
  std::array<Shard, kShards> shards_;
};

}  // namespace chat::service
