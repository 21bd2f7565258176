#include "chat/base/rate_store.h"

#include <functional>
#include <random>
#include <utility>

namespace chat::base {
namespace {

std::string random_seed() {
  std::random_device random;
  std::string seed;
  for (int i = 0; i < 4; ++i) seed += std::to_string(random());
  return seed;
}

}  // namespace

MemoryRateStore::MemoryRateStore(const Clock& clock) : clock_(clock), seed_(random_seed()) {}

std::uint64_t MemoryRateStore::hash(std::string_view key) const {
  return std::hash<std::string>{}(seed_ + std::string(key));
}

TokenBucket* MemoryRateStore::find_locked(Shard& shard, std::uint64_t hash) {
  if (const auto found = shard.newer.find(hash); found != shard.newer.end()) return &found->second;
  if (const auto found = shard.older.find(hash); found != shard.older.end()) return &found->second;
  return nullptr;
}

// A used bucket moves to the newer generation. New ones are added only when tokens are taken,
// because a full bucket needs no entry.
TokenBucket& MemoryRateStore::touch_locked(Shard& shard, std::uint64_t hash) {
  TokenBucket bucket;
  if (const TokenBucket* found = find_locked(shard, hash)) bucket = *found;
  if (shard.newer.size() >= kKeysMax / kShards && !shard.newer.contains(hash)) {
    shard.older = std::exchange(shard.newer, {});
  }
  return shard.newer[hash] = bucket;
}

std::chrono::milliseconds MemoryRateStore::take_one(const NamedBucket& bucket) {
  const std::uint64_t key = hash(bucket.key);
  Shard& shard = shard_of(bucket.kind, key);
  MutexLock lock(shard.mutex);
  return touch_locked(shard, key).take(bucket.rate, 1, clock_.now());
}

void MemoryRateStore::charge(const NamedBucket& bucket, std::int64_t count) {
  const std::uint64_t key = hash(bucket.key);
  Shard& shard = shard_of(bucket.kind, key);
  MutexLock lock(shard.mutex);
  (void)touch_locked(shard, key).charge(bucket.rate, count, clock_.now());
}

std::optional<std::chrono::milliseconds> MemoryRateStore::take(
    std::span<const NamedBucket> buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto wait = take_one(buckets[i]);
    if (wait.count() == 0) continue;
    give_back(buckets.first(i));
    return wait;
  }
  return std::chrono::milliseconds(0);
}

void MemoryRateStore::give_back(std::span<const NamedBucket> buckets) {
  for (const NamedBucket& bucket : buckets) {
    const std::uint64_t key = hash(bucket.key);
    Shard& shard = shard_of(bucket.kind, key);
    MutexLock lock(shard.mutex);
    if (TokenBucket* found = find_locked(shard, key)) found->give_back(bucket.rate, 1);
  }
}

std::chrono::milliseconds MemoryRateStore::wait_for(const NamedBucket& bucket) {
  const std::uint64_t key = hash(bucket.key);
  Shard& shard = shard_of(bucket.kind, key);
  MutexLock lock(shard.mutex);
  const TokenBucket* found = find_locked(shard, key);
  if (found == nullptr) return std::chrono::milliseconds(0);
  TokenBucket copy = *found;
  return copy.take(bucket.rate, 1, clock_.now());
}

std::size_t MemoryRateStore::size(BucketKind kind) {
  std::size_t size = 0;
  for (Shard& shard : shards_[static_cast<std::size_t>(kind)]) {
    MutexLock lock(shard.mutex);
    size += shard.newer.size() + shard.older.size();
  }
  return size;
}

}  // namespace chat::base
