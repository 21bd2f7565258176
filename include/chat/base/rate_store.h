#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/token_bucket.h"

namespace chat::base {

// Each kind of bucket has a bound of its own, so that names invented by a stranger never evict the
// buckets of accounts.
enum class BucketKind : std::uint8_t {
  kAccount,  // an account that exists
  kAddress,  // a client's network
  kUnknown,  // a name or id that no account has
};
inline constexpr std::size_t kBucketKinds = 3;

// A token bucket identified by a name.
struct NamedBucket {
  std::string key;
  Rate rate;
  BucketKind kind = BucketKind::kAddress;
};

// Rate limits: token buckets for very many names.
// Threading: thread-safe.
class RateStore {
 public:
  virtual ~RateStore() = default;
  // Takes one token from each bucket if all have one, and returns 0 ms. Otherwise takes none and
  // returns how long to wait. Nothing: the store is unavailable.
  virtual std::optional<std::chrono::milliseconds> take(std::span<const NamedBucket> buckets) = 0;
  // Returns the tokens of a take().
  virtual void give_back(std::span<const NamedBucket> buckets) = 0;
};

// In this process's memory. Only a successful take() and charge() add a name. Names are stored as
// keyed hashes, so that clients cannot provoke collisions.
// Bounds: kKeysMax to 2 * kKeysMax names of each kind; least recently used names are dropped first.
class MemoryRateStore final : public RateStore {
 public:
  static constexpr std::size_t kKeysMax = 65536;

  explicit MemoryRateStore(const Clock& clock);

  std::optional<std::chrono::milliseconds> take(std::span<const NamedBucket> buckets) override;
  void give_back(std::span<const NamedBucket> buckets) override;
  // Takes `count` tokens unconditionally; the bucket may go into debt.
  void charge(const NamedBucket& bucket, std::int64_t count);
  // How long take() would make the caller wait. Changes nothing.
  std::chrono::milliseconds wait_for(const NamedBucket& bucket);
  // The number of names of this kind.
  std::size_t size(BucketKind kind);

 private:
  static constexpr std::size_t kShards = 16;
  // Two generations: when the newer one is full, the older one is dropped.
  using Buckets = std::unordered_map<std::uint64_t, TokenBucket>;
  struct Shard {
    Mutex mutex;
    Buckets newer CHAT_GUARDED_BY(mutex);
    Buckets older CHAT_GUARDED_BY(mutex);
  };

  std::uint64_t hash(std::string_view key) const;
  Shard& shard_of(BucketKind kind, std::uint64_t hash) {
    return shards_[static_cast<std::size_t>(kind)][hash % kShards];
  }
  static TokenBucket* find_locked(Shard& shard, std::uint64_t hash) CHAT_REQUIRES(shard.mutex);
  static TokenBucket& touch_locked(Shard& shard, std::uint64_t hash) CHAT_REQUIRES(shard.mutex);
  std::chrono::milliseconds take_one(const NamedBucket& bucket);

  const Clock& clock_;
  const std::string seed_;
  std::array<std::array<Shard, kShards>, kBucketKinds> shards_;
};

}  // namespace chat::base
