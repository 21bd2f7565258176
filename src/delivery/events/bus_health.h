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

// Tells whether hints get through between all nodes of the cluster; if not, the bus is impaired and
// the nodes have to look in the tables (Resync). bus_health.cpp says how it is found out.
// Threading: thread-safe; tick() on one thread.
// Bounds: one entry per node that lives or was ended by this one.
class BusHealth {
 public:
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr std::chrono::milliseconds kBeatInterval{1'000};
  static constexpr std::chrono::milliseconds kUnheardAfter{3'000};
  // Longer than the other nodes need to see it in this node's row.
  static constexpr std::chrono::milliseconds kHold{5'000};

  // `say_mute` takes what this node's row is to say of its bus; called with each tick.
  BusHealth(cluster::Bus& bus, const base::Clock& clock, std::function<void(bool)> say_mute)
      : bus_(bus), clock_(clock), say_mute_(std::move(say_mute)) {}

  // Before the first tick.
  void start(const storage::Node& node) { node_ = node; }
  // Every kTick.
  void tick();

  void heard(const BeatEnvelope& beat);
  void note_ended(const EndedEnvelope& ended);
  // True: since the last call, another node has said that it has ended this node's life, or a later
  // life of this node was heard.
  bool take_ended() { return ended_.exchange(false, std::memory_order_relaxed); }
  // This node has ended that life of another one in the table.
  void life_ended(const storage::Node& life);
  // The other nodes that are alive, by their rows.
  void nodes_seen(const std::vector<storage::NodeRow>& living);
  // When they were last read.
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
    std::int64_t number = 0;  // of its last beat; 0: none was heard
    base::SteadyTime since;   // the last beat, or the first look at its row
    bool living = false;
    bool ended_by_us = false;  // its life of the epoch before this one
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

  // tick()'s
  base::SteadyTime beat_at_{};
  std::int64_t beats_ = 0;
  std::uint64_t losses_ = 0;
  base::SteadyTime mute_until_{};

  base::Mutex mutex_;  // a leaf: nothing that locks is called under it
  std::unordered_map<NodeId, Peer> peers_ CHAT_GUARDED_BY(mutex_);
  NodeId mute_peer_ CHAT_GUARDED_BY(mutex_);
  bool gap_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
