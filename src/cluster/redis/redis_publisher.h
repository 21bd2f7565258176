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

// The thread that publishes, on a connection of its own: takes all that waits, sends it in chunks
// and reads the answers, of which only errors mean something. What fails, or comes while there is
// no connection, is dropped, and so is what has waited for too long; then the first thing that gets
// through is word of that to the other nodes. Nothing is sent twice.
// Threading: publish() is thread-safe; open(), start() and stop() externally synchronised.
// Bounds: RedisOutbox's waiting, and as much taken from it.
class RedisPublisher {
 public:
  RedisPublisher(const RedisOptions& options, const Wakeup& stop)
      : options_(options), stop_(stop) {}
  ~RedisPublisher() { stop(); }

  Result<void> open() { return wakeup_.open(); }
  // `first` is the outcome of the first attempt to connect.
  void start(Result<RedisConnection> first);
  // Once the wake-up `stop` is raised. What waits is still published if that takes but a moment.
  void stop() { thread_.join(); }

  void publish(std::vector<BusMessage> messages) {
    if (outbox_.put(std::move(messages))) wakeup_.raise();
  }
  // Grows whenever something was not published.
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

  // The thread's own.
  std::optional<RedisConnection> connection_;
  std::string bytes_;  // of one message, to use its memory again
  bool lost_ = false;  // something was not published, and the others have not been told
  bool said_down_ = false;
  bool stopping_ = false;
  base::SteadyTime give_up_at_;  // when stopping
  Backoff backoff_;
};

}  // namespace chat::cluster
