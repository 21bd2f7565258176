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

// The bus over Redis' publish/subscribe: one PUBLISH a message, on channels as in redis_wire.h.
// What it couldn't publish it drops, remembers that, and tells the other nodes' buses on a channel
// of their own as soon as it can: that is their on_bus_gap(). A connection that is lost, or
// silent for a second or two when it owes an answer, is closed and made again, with random pauses
// of at most 2 s.
//
// Threading: thread-safe after start(); no call waits for the network but start(). A subscriber
// thread alone owns the connection that listens and calls the listener and `heard` (while the bus
// is down, subscribe() itself calls `heard`); a publisher thread owns the other connection. Both
// block all signals; a process that calls start() on another thread ignores SIGPIPE.
// Bounds: 65536 messages or 64 MiB wait to be published and as much is on its way; what comes on
// top is lost like a failed publish. Asked subscriptions wait for the subscriber thread, at most
// for the 2 s of an attempt to connect.
class RedisBus final : public Bus {
 public:
  explicit RedisBus(RedisOptions options);
  ~RedisBus() override;

  void set_cluster(std::string id) override { options_.cluster = std::move(id); }
  // Tries once to connect, for 2 s at most. kInvalidArgument when Redis refuses the password or
  // the database; when it merely isn't there, the bus starts down and goes on trying.
  Result<void> start(BusListener& listener) override;
  // Takes a fifth of a second at most (and as long as the resolver takes, where the host is a name
  // that is being looked up). Not to be called from a callback of the bus.
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
