#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/redis_options.h"
#include "cluster/redis/backoff.h"
#include "cluster/redis/redis_connection.h"
#include "cluster/redis/redis_outbox.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {

// The publishing thread, with its own connection: takes all waiting messages, sends them in chunks
// and checks the replies for errors. Messages that fail, arrive without a connection or wait too
// long are dropped; the first message sent after that tells the other nodes of the loss. Nothing is
// sent twice.
// Threading: publish() is thread-safe; open(), start() and stop() externally synchronised.
// Bounds: the messages in RedisOutbox, and as many taken from it.
class RedisPublisher {
 public:
  RedisPublisher(const RedisOptions& options, const Wakeup& stop)
      : options_(options), stop_(stop) {}
  ~RedisPublisher() { stop(); }

  Result<void> open() { return wakeup_.open(); }
  // `first` is the result of the first connection attempt.
  void start(Result<RedisConnection> first);
  // Call after raising `stop`. Waiting messages are still published if that is quick.
  void stop() { thread_.join(); }

  void publish(std::vector<BusMessage> messages) {
    if (outbox_.put(std::move(messages))) wakeup_.raise();
  }
  // Grows with every failure to publish.
  std::uint64_t losses() const { return losses_.load(std::memory_order_relaxed); }

 private:
  void work();
  void await_work();
  void reconnect();
  void pause();
  void begin_to_stop();

  void deliver();
  void publish_all(std::span<const BusMessage> messages, base::SteadyTime since);
  void publish_chunk(std::span<const BusMessage> messages);
  void tell_gap();
  void ping();
  RedisReply receive(base::SteadyTime until);
  void note_loss();
  void say_down(std::string_view reason);

  const RedisOptions& options_;
  const Wakeup& stop_;
  base::Thread thread_;
  RedisOutbox outbox_;
  Wakeup wakeup_;                         // the outbox is no longer empty
  std::atomic<std::uint64_t> losses_{0};  // written by the thread

  // Confined to the thread.
  std::optional<RedisConnection> connection_;
  std::string bytes_;  // of one message; reused
  bool lost_ = false;  // messages were lost and the other nodes not yet told
  bool said_down_ = false;
  bool stopping_ = false;
  base::SteadyTime give_up_at_;  // when stopping
  Backoff backoff_;
};

}  // namespace chat::cluster
