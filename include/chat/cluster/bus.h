#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/base/task.h"

namespace chat::cluster {

// Where a message on the bus goes: everyone who wants to hear of one user, or of one group, or of
// what concerns all nodes (id 0).
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
  // Messages to any of our channels may have been missed until now: the bus was away and is back,
  // or another node could not publish what it had to say.
  virtual void on_bus_gap() = 0;
};

// Carries hints between nodes: fast, and allowed to lose. The truth is in the tables.
// A node does not hear what it published itself.
// Threading: thread-safe after start(); no call waits for the network.
class Bus {
 public:
  virtual ~Bus() = default;
  // Call before start(). Only buses of the same cluster hear each other.
  virtual void set_cluster(std::string id) = 0;
  virtual Result<void> start(BusListener& listener) = 0;
  // No listener and no `heard` is called any more once it returns.
  virtual void stop() = 0;

  // A channel is listened to until it has been given back as often as it was asked for. `heard` is
  // called once, on any thread, when the channels and all those that were asked for earlier are
  // listened to. While the bus is down that is at once: who misses something then gets
  // it after on_bus_gap().
  virtual void subscribe(std::vector<Channel> channels, base::Task heard) = 0;
  virtual void unsubscribe(std::vector<Channel> channels) = 0;
  virtual void publish(std::vector<BusMessage> messages) = 0;
  // No other node can be listening: there is no need to build messages for it.
  virtual bool alone() const = 0;
  // False: nothing comes in at present. Says nothing about publishing.
  virtual bool up() const = 0;
  // Grows whenever something could not be published, at least once a second while that goes on and
  // there is something to publish.
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
