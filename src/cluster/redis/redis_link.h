#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/base/task.h"
#include "cluster/redis/confirmations.h"
#include "cluster/redis/redis_connection.h"
#include "cluster/redis/redis_mailbox.h"

namespace chat::cluster {

// The subscriber's connection from connect to failure: the requested and confirmed subscriptions,
// and whether Redis still answers. Dead after the first error.
// Threading: externally synchronised.
class RedisLink {
 public:
  using Verb = RedisMailbox::Verb;
  using OnMessage = std::function<void(std::string_view channel, std::string_view bytes)>;

  static constexpr std::size_t kChannelsPerCommand = 1000;
  // The link is dead if a confirmation is owed and none arrives for this long … …
  static constexpr std::chrono::milliseconds kConfirmPatience{1000};
  // … or if nothing arrives within this time after a PING; the next PING follows this long after
  // the last PONG … …
  static constexpr std::chrono::milliseconds kPingAfter{2000};
  static constexpr std::chrono::milliseconds kPingPatience{2000};
  // … or if the PONG takes this long although other data arrives, which means that all data is that
  // late. A new link starts without the backlog.
  static constexpr std::chrono::milliseconds kLagMax{3000};

  RedisLink(RedisConnection connection, base::SteadyTime now)
      : connection_(std::move(connection)), heard_at_(now), ponged_at_(now) {}

  // Adjacent requests with the same verb become one command; flush() completes the last.
  void ask(Verb verb, std::string channel, base::SteadyTime now);
  void flush();
  void when_confirmed(base::Task task) { confirmations_.when_confirmed(std::move(task)); }
  Confirmations& confirmations() { return confirmations_; }

  pollfd interest() const { return connection_.interest(); }
  // When keep_alive() is due.
  base::SteadyTime deadline() const;

  // Reads and writes as poll() reported, and passes on received messages.
  Result<void> transfer(short events, base::SteadyTime now, const OnMessage& on_message);
  // Call after transfer().
  Result<void> keep_alive(base::SteadyTime now);

 private:
  void note_pong(base::SteadyTime now);
  base::SteadyTime pong_deadline() const;
  Result<void> handle(const redisReply& reply, base::SteadyTime now, const OnMessage& on_message);

  RedisConnection connection_;
  Confirmations confirmations_;
  Verb verb_ = Verb::kSubscribe;
  std::vector<std::string> command_;  // the channels of the unfinished command
  base::SteadyTime heard_at_;         // the last input
  base::SteadyTime confirmed_at_;     // the last confirmation, or when one was first owed
  base::SteadyTime pinged_at_;
  base::SteadyTime ponged_at_;  // the last PONG, or when the link began
  bool pinged_ = false;         // a PING is unanswered
};

}  // namespace chat::cluster
