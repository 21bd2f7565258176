#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/result.h"

namespace chat::cluster {

// Where a message on the bus goes: everyone who wants to hear of one user, or of one group.
struct Channel {
  enum class Kind : std::uint8_t { kUser, kGroup };
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

struct BusMessage {
  Channel channel;
  std::string payload;
};

class BusListener {
 public:
  virtual ~BusListener() = default;
  // On the bus's own thread; must not block on it for long.
  virtual void on_bus_message(const BusMessage& message) = 0;
};

// Carries hints between nodes: fast, and allowed to lose. The truth is in the tables.
// A node does not hear what it published itself.
// Threading: thread-safe after start().
class Bus {
 public:
  virtual ~Bus() = default;
  virtual Result<void> start(BusListener& listener) = 0;
  virtual void stop() = 0;

  virtual void subscribe(const std::vector<Channel>& channels) = 0;
  virtual void unsubscribe(const std::vector<Channel>& channels) = 0;
  virtual void publish(std::vector<BusMessage> messages) = 0;
  // No other node can be listening: there is no need to build messages for it.
  virtual bool alone() const = 0;
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
