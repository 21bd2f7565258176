#include "chat/cluster/redis_rate_store.h"

#include <fmt/format.h>

#include <utility>

#include "chat/base/log_limiter.h"
#include "cluster/redis/redis_connection.h"
#include "cluster/redis/redis_wire.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kIdleMax = 4;

constinit log::Limiter rate_failures{log::kRepeatedFault};

// KEYS: buckets. ARGV: for each the cost of one token and the capacity, in ms. Returns how long to
// wait; 0 if a token was taken from each.
constexpr std::string_view kTake = R"(
local wait = 0
local lacks = {}
for i, key in ipairs(KEYS) do
  lacks[i] = math.max(redis.call('PTTL', key), 0) + tonumber(ARGV[2 * i - 1])
  wait = math.max(wait, lacks[i] - tonumber(ARGV[2 * i]))
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do redis.call('SET', key, '', 'PX', lacks[i]) end
return 0)";

// KEYS, ARGV: as above, without the capacities.
constexpr std::string_view kGiveBack = R"(
for i, key in ipairs(KEYS) do
  local lacks = redis.call('PTTL', key) - tonumber(ARGV[i])
  if lacks > 0 then redis.call('PEXPIRE', key, lacks) else redis.call('DEL', key) end
end
return 0)";

std::string millis(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<milliseconds>(time).count());
}

}  // namespace

RedisRateStore::RedisRateStore(RedisOptions options)
    : options_(std::move(options)), stop_(std::make_unique<Wakeup>()) {}

RedisRateStore::~RedisRateStore() {
  stop();
}

Result<void> RedisRateStore::open(std::string cluster) {
  options_.cluster = std::move(cluster);
  return stop_->open();
}

void RedisRateStore::stop() {
  if (stop_->is_open()) stop_->raise();
}

std::optional<milliseconds> RedisRateStore::take(std::span<const base::NamedBucket> buckets) {
  std::vector<std::string> words = script(kTake, buckets);
  for (const base::NamedBucket& bucket : buckets) {
    words.push_back(millis(bucket.rate.time_of(1)));
    words.push_back(millis(bucket.rate.time_of(bucket.rate.burst)));
  }
  const auto wait = ask(words);
  if (!wait) return std::nullopt;
  return milliseconds(*wait);
}

void RedisRateStore::give_back(std::span<const base::NamedBucket> buckets) {
  std::vector<std::string> words = script(kGiveBack, buckets);
  for (const base::NamedBucket& bucket : buckets) words.push_back(millis(bucket.rate.time_of(1)));
  (void)ask(words);
}

std::string RedisRateStore::key_of(std::string_view key) const {
  return cluster_prefix(options_.cluster).append("rate:").append(key);
}

std::vector<std::string> RedisRateStore::script(std::string_view text,
                                                std::span<const base::NamedBucket> buckets) const {
  std::vector<std::string> words{"EVAL", std::string(text), std::to_string(buckets.size())};
  for (const base::NamedBucket& bucket : buckets) words.push_back(key_of(bucket.key));
  return words;
}

std::optional<long long> RedisRateStore::ask(const std::vector<std::string>& words) {
  auto connection = take_connection();
  if (connection == nullptr) return std::nullopt;
  const std::vector<std::string_view> views(words.begin(), words.end());
  connection->append(views);
  auto reply = connection->await_reply(steady_clock::now() + kAnswerMax, stop_.get());
  const bool works = reply && *reply != nullptr && !is_error(**reply);
  if (!works && !stop_->raised()) {
    log::limited(log::Level::kWarn, rate_failures, "event=rate_store_failed redis={} what={}",
                 describe_redis(options_),
                 log::quoted(reply ? text_of(**reply) : std::string_view(reply.error().message)));
  }
  put_back(std::move(connection), works);
  if (!works) return std::nullopt;
  return (*reply)->integer;
}

std::unique_ptr<RedisConnection> RedisRateStore::take_connection() {
  {
    base::MutexLock lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    if (connecting_ || steady_clock::now() < not_before_) return nullptr;
    connecting_ = true;
  }
  auto opened = stop_->raised() ? Result<RedisConnection>(fail(ErrorCode::kUnavailable, "stopped"))
                                : RedisConnection::open(options_, *stop_);
  base::MutexLock lock(mutex_);
  connecting_ = false;
  if (opened) return std::make_unique<RedisConnection>(std::move(*opened));
  not_before_ = steady_clock::now() + kPause;
  return nullptr;
}

void RedisRateStore::put_back(std::unique_ptr<RedisConnection> connection, bool works) {
  base::MutexLock lock(mutex_);
  if (!works) {
    // The other connections lead to the same Redis.
    idle_.clear();
    not_before_ = steady_clock::now() + kPause;
  } else if (idle_.size() < kIdleMax) {
    idle_.push_back(std::move(connection));
  }
}

}  // namespace chat::cluster
