#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/cluster/bus.h"
#include "chat/cluster/redis_options.h"

namespace chat::cluster {

class RedisPublisher;
class RedisSubscriber;
class Wakeup;

// The bus over Redis' publish/subscribe: one PUBLISH per message, on the channels of redis_wire.h.
// Messages that cannot be published are dropped; the bus remembers that and tells the other nodes'
// buses as soon as it can, on a separate channel; they call on_bus_gap(). A connection that is
// lost, or owes an answer for a second or two, is closed and reopened, with random pauses of at
// most 2 s.
//
// Threading: thread-safe after start(); only start() waits for the network. A subscriber thread
// owns the connection that listens, and calls the listener and `heard` (while the bus is down,
// subscribe() itself calls `heard`); a publisher thread owns the other connection. Both block all
// signals; a process that calls start() on another thread ignores SIGPIPE.
// Bounds: at most 65536 messages or 64 MiB wait to be published, and as many are in flight; further
// messages are dropped like failed ones. Subscriptions wait for the subscriber thread, for at most
// the 2 s of a connection attempt.
class RedisBus final : public Bus {
 public:
  explicit RedisBus(RedisOptions options);
  ~RedisBus() override;

  void set_cluster(std::string id) override { options_.cluster = std::move(id); }
  // Tries once to connect, for at most 2 s. kInvalidArgument when Redis refuses the password or the
  // database; if Redis is merely unreachable, the bus starts down and keeps trying.
  Result<void> start(BusListener& listener) override;
  // Blocks for at most 0.2 s (longer if a host name is being resolved). Must not be called from a
  // callback of the bus.
  void stop() override;

  void subscribe(std::vector<Channel> channels, base::Task heard) override;
  void unsubscribe(std::vector<Channel> channels) override;
  void publish(std::vector<BusMessage> messages) override;
  bool alone() const override { return false; }
  bool up() const override;
  std::uint64_t losses() const override;
  // "redis:host:port/db" or "redis:<socket>/db".
  std::string describe() const override;

 private:
  RedisOptions options_;  // fixed after start()
  const std::unique_ptr<Wakeup> stop_;
  const std::unique_ptr<RedisSubscriber> subscriber_;
  const std::unique_ptr<RedisPublisher> publisher_;
};

}  // namespace chat::cluster
