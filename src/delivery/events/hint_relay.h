#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
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

// A change in the tables that users on other nodes should learn of.
struct Hint {
  enum class Kind : char {
    kPresence = 'p',        // user `id` logged in or out; `other`: only this friend needs to know
    kDirectCursor = 'c',    // recipient `id` has advanced in the stream of user `other`
    kGroupCursors = 'g',    // members of group `id` have advanced
    kAccountDeleted = 'd',  // user `id`
    kUserEvent = 'u',       // `push` is for user `id`
    kGroupEvent = 'e',      // `push` is for the members of group `id` except `other`
    kAnnouncement = 'a',    // `push` is for everybody online
    kTyping = 'y',          // user `other` types to user `id`: `push` is "1", or "0" at the end
    kGroupTyping = 'z',     // the same in group `id`
  };
  Kind kind = Kind::kPresence;
  std::int32_t id = 0;
  std::int32_t other = 0;
  // JSON of a one-time event, whose addressees no table records; of typing, see kTyping.
  std::string push{};
  // Of a one-time event: the same on the bus and as a hint, and different for every event, so that
  // one which happens again is no repetition.
  std::int64_t mark = 0;

  friend bool operator==(const Hint&, const Hint&) = default;
};

class HintListener {
 public:
  virtual ~HintListener() = default;
  // Another node's hints; some may also have arrived over the bus. Called on the relay's thread.
  virtual Result<void> on_hints(const std::vector<Hint>& hints) = 0;
};

// Decides which hints to keep: those of the last kKept. While the tables cannot be read, hints
// cannot be written and no node learns that another one is mute, so during such an outage, and for
// kKept after it, none is dropped. Threading: externally synchronised.
class HintRetention {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Longer than all nodes need to notice that the bus is impaired.
  static constexpr std::chrono::seconds kKept{10};

  // Call repeatedly during an outage, whose length cannot be known from its end.
  void note_outage(Time now) { last_outage_ = now; }
  bool is_over(Time noted, Time now) const {
    return now - noted > kKept && (last_outage_ == Time{} || now - last_outage_ > kKept);
  }

 private:
  Time last_outage_{};
};

// Carries hints through the database while the bus is impaired (BusHealth); messages need none,
// because Resync finds them. hint_relay.cpp explains how.
// Threading: note() is thread-safe; a separate thread does the rest; start() and stop() externally
// synchronised.
// Bounds: kHintsMax hints, selected by HintRetention, with kPushBytesMax of pushes; more are
// dropped.
class HintRelay {
 public:
  static constexpr std::chrono::milliseconds kInterval{1'000};
  // The node rows are read several times within this time, unless the database is unavailable.
  static constexpr std::chrono::seconds kOutageAfter{5};
  static constexpr std::size_t kHintsMax = 50'000;
  static constexpr std::size_t kPushBytesMax = 1024 * 1024;
  // Within this time, an event that arrives both over the bus and as a hint is taken once.
  static constexpr std::chrono::seconds kTaken{30};
  // TYPING is not passed on later than this.
  static constexpr std::chrono::seconds kTypingAge{3};

  HintRelay(storage::Pool& pool, BusHealth& health) : pool_(pool), health_(health) {}
  ~HintRelay() { stop(); }

  // Without start(), hints are not kept.
  void start(const storage::Node& node, HintListener& listener);
  void stop();

  // This node has published `hint` on the bus.
  void note(const Hint& hint);
  // True if another node's push, received over the bus or as a hint, arrives for the first time.
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
  Result<void> clear_old();
  Result<void> write_row(std::int64_t newest, std::string_view hints);
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

  // confined to the thread
  std::int64_t written_ = 0;
  std::optional<Time> row_filled_at_;  // the node's row has hints, written then
  std::unordered_map<NodeId, Read> read_;
  bool failing_ = false;

  base::Mutex mutex_;  // nothing is called under it
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
