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

// A token bucket that goes by a name.
struct NamedBucket {
  std::string key;
  Rate rate;
};

// Token buckets for very many names, and names that are remembered for a while.
// Threading: thread-safe.
class RateStore {
 public:
  virtual ~RateStore() = default;
  // Takes one from each bucket if each has one: 0 ms. Otherwise takes nothing and says how long to
  // wait. Nothing: the store can't be asked now.
  virtual std::optional<std::chrono::milliseconds> take(std::span<const NamedBucket> buckets) = 0;
  // Gives back what was taken.
  virtual void give_back(std::span<const NamedBucket> buckets) = 0;
  virtual bool knows(const std::string& key) = 0;
  virtual void remember(const std::string& key, std::chrono::seconds lifetime) = 0;
};

// In this process's memory. Bounds: kKeysMax to 2 * kKeysMax names; what was not touched for
// longest is forgotten first. Names are kept as hashes that nobody outside can foresee.
class MemoryRateStore final : public RateStore {
 public:
  static constexpr std::size_t kKeysMax = 65536;

  explicit MemoryRateStore(const Clock& clock);

  std::optional<std::chrono::milliseconds> take(std::span<const NamedBucket> buckets) override;
  void give_back(std::span<const NamedBucket> buckets) override;
  bool knows(const std::string& key) override;
  void remember(const std::string& key, std::chrono::seconds lifetime) override;
  // How many names there are.
  std::size_t size();

 private:
  static constexpr std::size_t kShards = 16;
  // Two generations: the older one goes when the newer one is full.
  using Buckets = std::unordered_map<std::uint64_t, TokenBucket>;
  struct Shard {
    Mutex mutex;
    Buckets newer CHAT_GUARDED_BY(mutex);
    Buckets older CHAT_GUARDED_BY(mutex);
  };

  std::uint64_t hash(std::string_view key) const;
  Shard& shard_of(std::uint64_t hash) { return shards_[hash % kShards]; }
  static TokenBucket& bucket_locked(Shard& shard, std::uint64_t hash) CHAT_REQUIRES(shard.mutex);

  const Clock& clock_;
  const std::string seed_;
  std::array<Shard, kShards> shards_;
};

}  // namespace chat::base
