#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/base/task.h"

namespace chat::cluster {

// The address of a message on the bus: the subscribers of one user, of one group, or all nodes (id
// 0).
struct Channel {
  enum class Kind : std::uint8_t { kUser, kGroup, kAll };
  Kind kind = Kind::kUser;
  std::int32_t id = 0;

  friend bool operator==(const Channel&, const Channel&) = default;
};

inline Channel channel_of(UserId user) {
  return {Channel::Kind::kUser, user.value};
}
inline Channel channel_of(GroupId group) {
  return {Channel::Kind::kGroup, group.value};
}

inline constexpr Channel kChannelOfAll{Channel::Kind::kAll, 0};

struct BusMessage {
  Channel channel;
  std::string payload;
};

// Called on the bus's own threads; must not block them for long.
class BusListener {
 public:
  virtual ~BusListener() = default;
  virtual void on_bus_message(const BusMessage& message) = 0;
  // Messages on any of our channels may have been lost until now: the bus was down and is up again,
  // or another node failed to publish.
  virtual void on_bus_gap() = 0;
};

// Carries hints between nodes: fast, but lossy; the tables are authoritative. A node does not
// receive its own messages.
// Threading: thread-safe after start(); no call waits for the network.
class Bus {
 public:
  virtual ~Bus() = default;
  // Call before start(). Only buses of the same cluster exchange messages.
  virtual void set_cluster(std::string id) = 0;
  virtual Result<void> start(BusListener& listener) = 0;
  // Neither the listener nor any `heard` is called after it returns.
  virtual void stop() = 0;

  // Subscriptions are counted: a channel stays subscribed until unsubscribe() was called as often
  // as subscribe(). `heard` is called once, on any thread, when these channels and all earlier ones
  // are subscribed. While the bus is down it is called at once; on_bus_gap() then makes up for
  // missed messages.
  virtual void subscribe(std::vector<Channel> channels, base::Task heard) = 0;
  virtual void unsubscribe(std::vector<Channel> channels) = 0;
  virtual void publish(std::vector<BusMessage> messages) = 0;
  // True: no other node can be listening, so building messages is needless.
  virtual bool alone() const = 0;
  // False: no messages arrive at present. Says nothing about publishing.
  virtual bool up() const = 0;
  // Grows with every failure to publish, at least once a second while messages keep failing.
  virtual std::uint64_t losses() const = 0;
  // "local", "redis:…": for the log and the ready line, without secrets.
  virtual std::string describe() const = 0;
};

}  // namespace chat::cluster

template <>
struct std::hash<chat::cluster::Channel> {
  std::size_t operator()(const chat::cluster::Channel& channel) const noexcept {
    const auto kind = static_cast<std::uint64_t>(channel.kind);
    return static_cast<std::size_t>(((kind << 32) | static_cast<std::uint32_t>(channel.id)) *
                                    0x9E3779B97F4A7C15ULL);
  }
};
