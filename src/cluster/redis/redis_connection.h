#pragma once

#include <hiredis/hiredis.h>
#include <poll.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/cluster/redis_options.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

// The text of a string, status or error reply.
inline std::string_view text_of(const redisReply& reply) {
  return {reply.str == nullptr ? "" : reply.str, reply.len};
}
inline bool is_error(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR;
}

// A non-blocking connection to Redis: the caller polls, and can be woken meanwhile. Unusable after
// an error. Threading: externally synchronised.
class RedisConnection {
 public:
  static constexpr std::chrono::milliseconds kConnectTimeout{1000};
  static constexpr std::chrono::milliseconds kLoginTimeout{1000};

  // Connects, authenticates, selects the database and checks that Redis answers. Blocks, but only
  // until `stop` is raised. kInvalidArgument: Redis refuses the options.
  static Result<RedisConnection> open(const RedisOptions& options, const Wakeup& stop);

  // The events to poll for: input, and output while any is pending.
  pollfd interest() const;
  // Reads and writes as poll() reported.
  Result<void> transfer(short events);

  // Queues a command for the next transfers. Words may contain any bytes.
  void append(std::span<const std::string_view> words);
  void append(std::initializer_list<std::string_view> words) {
    append(std::span(words.begin(), words.size()));
  }
  // The next complete reply; null if there is none yet.
  Result<RedisReply> next_reply();
  // Writes and reads until there is a reply; null if `stop`, when given, is raised first. kTimeout
  // at the deadline.
  Result<RedisReply> await_reply(base::SteadyTime deadline, const Wakeup* stop);

 private:
  struct ContextDeleter {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };

  explicit RedisConnection(redisContext* context) : context_(context) {}
  Result<void> finish_connect(const Wakeup& stop);
  Result<void> log_in(const RedisOptions& options, const Wakeup& stop);
  Error failure() const;

  std::unique_ptr<redisContext, ContextDeleter> context_;
  bool writing_ = false;  // output is pending
};

// "redis:host:port/db", without secrets.
std::string describe_redis(const RedisOptions& options);

}  // namespace chat::cluster
