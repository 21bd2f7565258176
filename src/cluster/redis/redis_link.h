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

// One life of the connection that listens: what has been asked of Redis on it, what of that is
// confirmed, and whether Redis still answers. Dead after the first error.
// Threading: externally synchronised.
class RedisLink {
 public:
  using Verb = RedisMailbox::Verb;
  using OnMessage = std::function<void(std::string_view channel, std::string_view bytes)>;

  static constexpr std::size_t kChannelsPerCommand = 1000;
  // Without one confirmation for so long while some are owed, the link is dead …
  static constexpr std::chrono::milliseconds kConfirmPatience{1000};
  // … and so it is when nothing has come this long after a PING, of which one is always sent so
  // long after the answer to the last …
  static constexpr std::chrono::milliseconds kPingAfter{2000};
  static constexpr std::chrono::milliseconds kPingPatience{2000};
  // … or when the answer takes so long, although other things come: all of them come that late. A
  // new link begins without what has piled up.
  static constexpr std::chrono::milliseconds kLagMax{3000};

  RedisLink(RedisConnection connection, base::SteadyTime now)
      : connection_(std::move(connection)), heard_at_(now), ponged_at_(now) {}

  // Neighbours with the same verb become one command, and flush() ends the last.
  void ask(Verb verb, std::string channel, base::SteadyTime now);
  void flush();
  void when_confirmed(base::Task task) { confirmations_.when_confirmed(std::move(task)); }
  Confirmations& confirmations() { return confirmations_; }

  pollfd interest() const { return connection_.interest(); }
  // When keep_alive() has something to do.
  base::SteadyTime deadline() const;

  // Does what poll() found possible and passes on the messages that came.
  Result<void> transfer(short events, base::SteadyTime now, const OnMessage& on_message);
  // After transfer().
  Result<void> keep_alive(base::SteadyTime now);

 private:
  void note_pong(base::SteadyTime now);
  base::SteadyTime pong_deadline() const;
  Result<void> handle(const redisReply& reply, base::SteadyTime now, const OnMessage& on_message);

  RedisConnection connection_;
  Confirmations confirmations_;
  Verb verb_ = Verb::kSubscribe;
  std::vector<std::string> command_;  // the channels of the command that is being put together
  base::SteadyTime heard_at_;         // anything
  base::SteadyTime confirmed_at_;     // the last confirmation, or when one began to be owed
  base::SteadyTime pinged_at_;
  base::SteadyTime ponged_at_;  // the last answer to a PING, or when the link began
  bool pinged_ = false;         // and not answered
};

}  // namespace chat::cluster
