#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/rate_store.h"
#include "chat/cluster/redis_options.h"

namespace chat::cluster {

class RedisConnection;
class Wakeup;

// Token buckets shared by all servers on one Redis, which outlive the servers. A bucket is a key
// that expires when the bucket is full again: its time to live is what it lacks, and unused buckets
// disappear.
//
// Threading: thread-safe; a call waits at most kAnswerMax for Redis. After a failure calls return
// nothing at once for kPause; then one caller waits for the reconnect while the others still return
// at once.
class RedisRateStore final : public base::RateStore {
 public:
  static constexpr std::chrono::milliseconds kAnswerMax{200};
  static constexpr std::chrono::seconds kPause{2};

  explicit RedisRateStore(RedisOptions options);
  ~RedisRateStore() override;

  // Call first. `cluster` becomes part of every key. Does not connect yet.
  Result<void> open(std::string cluster);
  // Ends pending waits; no call reaches Redis afterwards.
  void stop();

  std::optional<std::chrono::milliseconds> take(
      std::span<const base::NamedBucket> buckets) override;
  void give_back(std::span<const base::NamedBucket> buckets) override;

 private:
  std::string key_of(std::string_view key) const;
  std::vector<std::string> script(std::string_view text,
                                  std::span<const base::NamedBucket> buckets) const;
  std::optional<long long> ask(const std::vector<std::string>& words);
  std::unique_ptr<RedisConnection> take_connection();
  void put_back(std::unique_ptr<RedisConnection> connection, bool works);

  RedisOptions options_;  // fixed after open()
  const std::unique_ptr<Wakeup> stop_;
  base::Mutex mutex_;
  // At most kIdleMax.
  std::vector<std::unique_ptr<RedisConnection>> idle_ CHAT_GUARDED_BY(mutex_);
  base::SteadyTime not_before_ CHAT_GUARDED_BY(mutex_){};
  bool connecting_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::cluster
