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

// Buckets that all servers on one Redis share, and that outlive them. A bucket is a key
// that expires at the moment at which the bucket is full again, so what it lacks is its time to
// live, and what nobody uses is no more.
//
// Threading: thread-safe; calls wait for Redis, kAnswerMax at most, one after the other. After a
// failure Redis isn't asked for kPause: calls return at once, empty-handed. Whoever finds it time
// to connect again waits for that, the others don't.
class RedisRateStore final : public base::RateStore {
 public:
  static constexpr std::chrono::milliseconds kAnswerMax{200};
  static constexpr std::chrono::seconds kPause{2};

  explicit RedisRateStore(RedisOptions options);
  ~RedisRateStore() override;

  // Before the first call. `cluster` goes into every key. Does not connect yet.
  Result<void> open(std::string cluster);
  // Ends what is being waited for; no call reaches Redis after it.
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
  // Idle ones; at most kIdleMax.
  std::vector<std::unique_ptr<RedisConnection>> idle_ CHAT_GUARDED_BY(mutex_);
  base::SteadyTime not_before_ CHAT_GUARDED_BY(mutex_){};
  bool connecting_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::cluster
