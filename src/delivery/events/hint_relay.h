#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"
#include "delivery/events/bus_health.h"

namespace chat::delivery {

// Something changed in the tables that users on other nodes are to be told.
struct Hint {
  enum class Kind : char {
    kPresence = 'p',        // user `id` came or went
    kDirectCursor = 'c',    // recipient `id` is further in what `other`, a user, has sent to it
    kGroupCursors = 'g',    // members of group `id` are further
    kAccountDeleted = 'd',  // user `id`
    kUserEvent = 'u',       // `push` is for user `id`
    kGroupEvent = 'e',      // `push` is for the members of group `id` but `other`
  };
  Kind kind = Kind::kPresence;
  std::int32_t id = 0;
  std::int32_t other = 0;
  std::string push{};  // JSON; what is told once is in no table that says to whom

  friend bool operator==(const Hint&, const Hint&) = default;
};

class HintListener {
 public:
  virtual ~HintListener() = default;
  // Another node's hints; some may have come over the bus too. Called on the relay's thread.
  virtual Result<void> on_hints(const std::vector<Hint>& hints) = 0;
};

// Which hints must be kept: those of the last kKept. While the tables can't be read, no hint can be
// written and no node learns that another one is mute, so during such an outage, and for kKept
// after it, none is given up. Threading: externally synchronised. No clock of its own.
class HintRetention {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Longer than it takes all nodes to learn that the bus is impaired.
  static constexpr std::chrono::seconds kKept{10};

  // Call it again and again during an outage: how long it lasted is not known from its end.
  void note_outage(Time now) { last_outage_ = now; }
  bool is_over(Time noted, Time now) const {
    return now - noted > kKept && (last_outage_ == Time{} || now - last_outage_ > kKept);
  }

 private:
  Time last_outage_{};
};

// Carries hints through the database while the bus is impaired (BusHealth); messages need none,
// Resync finds them. hint_relay.cpp says how.
// Threading: note() is thread-safe; a thread of its own does the rest; start() and stop()
// externally synchronised.
// Bounds: kHintsMax hints (HintRetention says which), with kPushBytesMax of pushes; more are not
// kept.
class HintRelay {
 public:
  static constexpr std::chrono::milliseconds kInterval{1'000};
  // The rows of the nodes are read several times in this time, unless the database is away.
  static constexpr std::chrono::seconds kOutageAfter{5};
  static constexpr std::size_t kHintsMax = 50'000;
  static constexpr std::size_t kPushBytesMax = 1024 * 1024;
  // An event that comes by the bus and by a hint is taken once within this time.
  static constexpr std::chrono::seconds kTaken{30};

  HintRelay(storage::Pool& pool, BusHealth& health) : pool_(pool), health_(health) {}
  ~HintRelay() { stop(); }

  // Without start(), hints are not kept.
  void start(const storage::Node& node, HintListener& listener);
  void stop();

  // This node has told this over the bus.
  void note(const Hint& hint);
  // Whether a push that another node has told, over the bus or by a hint, comes for the first time.
  bool take(const Hint& event);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Noted {
    std::int64_t number;
    Time at;
  };
  struct KeyHash {
    std::size_t operator()(const Hint& hint) const noexcept;
  };
  struct Read {
    NodeEpoch epoch = 0;
    std::int64_t number = 0;
  };

  void work();
  void look_for_outage();
  Result<void> write();
  Result<void> read();
  Result<void> read_of(const storage::Node& node);
  std::string take_recent(std::int64_t& newest);
  void prune_locked(Time now) CHAT_REQUIRES(mutex_);

  storage::Pool& pool_;
  BusHealth& health_;
  storage::Node node_;                // fixed after start()
  HintListener* listener_ = nullptr;  // likewise
  base::StopSignal stop_;
  base::Thread thread_;

  // the thread's
  std::int64_t written_ = 0;
  std::unordered_map<NodeId, Read> read_;
  bool failing_ = false;

  base::Mutex mutex_;  // a leaf: nothing is called under it
  std::unordered_map<Hint, Noted, KeyHash> hints_ CHAT_GUARDED_BY(mutex_);
  std::int64_t last_number_ CHAT_GUARDED_BY(mutex_) = 0;
  std::size_t push_bytes_ CHAT_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Hint, Time, KeyHash> taken_ CHAT_GUARDED_BY(mutex_);
  HintRetention retention_ CHAT_GUARDED_BY(mutex_);
  Time pruned_at_ CHAT_GUARDED_BY(mutex_){};
  Time taken_pruned_at_ CHAT_GUARDED_BY(mutex_){};
  bool keeping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
