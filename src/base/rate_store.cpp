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

TokenBucket& MemoryRateStore::bucket_locked(Shard& shard, std::uint64_t hash) {
  if (const auto found = shard.newer.find(hash); found != shard.newer.end()) return found->second;
  if (shard.newer.size() >= kKeysMax / kShards) shard.older = std::exchange(shard.newer, {});
  TokenBucket& bucket = shard.newer[hash];
  if (const auto found = shard.older.find(hash); found != shard.older.end()) bucket = found->second;
  return bucket;
}

std::optional<std::chrono::milliseconds> MemoryRateStore::take(
    std::span<const NamedBucket> buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const std::uint64_t key = hash(buckets[i].key);
    Shard& shard = shard_of(key);
    std::chrono::milliseconds wait{0};
    {
      MutexLock lock(shard.mutex);
      wait = bucket_locked(shard, key).take(buckets[i].rate, 1, clock_.now());
    }
    if (wait.count() == 0) continue;
    give_back(buckets.first(i));
    return wait;
  }
  return std::chrono::milliseconds(0);
}

void MemoryRateStore::give_back(std::span<const NamedBucket> buckets) {
  for (const NamedBucket& bucket : buckets) {
    const std::uint64_t key = hash(bucket.key);
    Shard& shard = shard_of(key);
    MutexLock lock(shard.mutex);
    bucket_locked(shard, key).give_back(bucket.rate, 1);
  }
}

// A name that is remembered is a bucket that has not filled again yet.
bool MemoryRateStore::knows(const std::string& key) {
  const std::uint64_t name = hash(key);
  Shard& shard = shard_of(name);
  MutexLock lock(shard.mutex);
  return !bucket_locked(shard, name).full(clock_.now());
}

void MemoryRateStore::remember(const std::string& key, std::chrono::seconds lifetime) {
  const std::uint64_t name = hash(key);
  Shard& shard = shard_of(name);
  MutexLock lock(shard.mutex);
  bucket_locked(shard, name).empty_until(clock_.now() + lifetime);
}

std::size_t MemoryRateStore::size() {
  std::size_t size = 0;
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    size += shard.newer.size() + shard.older.size();
  }
  return size;
}

}  // namespace chat::base
