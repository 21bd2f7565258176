#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/cluster/bus.h"
#include "chat/storage/values.h"
#include "delivery/events/envelope.h"

namespace chat::delivery {

// Tracks whether hints get through between all nodes of the cluster. If not, the bus is impaired
// and the nodes must read the tables (Resync). bus_health.cpp explains how this is detected.
// Threading: thread-safe; tick() on one thread.
// Bounds: one entry per node that is alive or was ended by this one.
class BusHealth {
 public:
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr std::chrono::milliseconds kBeatInterval{1'000};
  static constexpr std::chrono::milliseconds kUnheardAfter{3'000};
  // Longer than the other nodes need to notice it in this node's row.
  static constexpr std::chrono::milliseconds kHold{5'000};

  // `say_mute` is called with each tick and sets the mute flag of this node's row.
  BusHealth(cluster::Bus& bus, const base::Clock& clock, std::function<void(bool)> say_mute)
      : bus_(bus), clock_(clock), say_mute_(std::move(say_mute)) {}

  // Call before the first tick.
  void start(const storage::Node& node) { node_ = node; }
  // Call every kTick.
  void tick();

  void heard(const BeatEnvelope& beat);
  void note_ended(const EndedEnvelope& ended);
  // True if, since the last call, another node has reported ending this node's life, or a beat of a
  // later life of this node has arrived.
  bool take_ended() { return ended_.exchange(false, std::memory_order_relaxed); }
  // This node has ended a life of another node in the table.
  void life_ended(const storage::Node& life);
  // The other nodes that are alive according to their rows.
  void nodes_seen(const std::vector<storage::NodeRow>& living);
  // When the rows were last read.
  std::chrono::steady_clock::time_point rows_read_at() const {
    return rows_read_at_.load(std::memory_order_acquire);
  }
  // Messages to this node were lost.
  void note_gap();

  std::vector<storage::Node> living();

  bool impaired() const { return impaired_.load(std::memory_order_acquire); }

 private:
  struct Peer {
    NodeEpoch epoch = 0;
    std::int64_t number = 0;  // of its last beat; 0: none has arrived
    base::SteadyTime since;   // its last beat, or when its row was first read
    bool living = false;
    bool ended_by_us = false;  // the life before this epoch
  };

  void beat(base::SteadyTime now);
  bool note_beat(const BeatEnvelope& beat);
  std::string trouble_locked(base::SteadyTime now) CHAT_REQUIRES(mutex_);
  void say(bool impaired, const std::string& reason);

  cluster::Bus& bus_;
  const base::Clock& clock_;
  const std::function<void(bool)> say_mute_;
  storage::Node node_;  // fixed after start()
  std::atomic<bool> impaired_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::chrono::steady_clock::time_point> rows_read_at_{};

  // confined to tick()
  base::SteadyTime beat_at_{};
  std::int64_t beats_ = 0;
  std::uint64_t losses_ = 0;
  base::SteadyTime mute_until_{};

  base::Mutex mutex_;  // nothing that locks is called under it
  std::unordered_map<NodeId, Peer> peers_ CHAT_GUARDED_BY(mutex_);
  NodeId mute_peer_ CHAT_GUARDED_BY(mutex_);
  bool gap_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
