#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "chat/base/clock.h"
#include "client/check/ledger.h"

namespace chat::client::check {

// When one client sends: a message every `period`, `count` of them.
struct Schedule {
  base::SteadyTime first;
  std::chrono::nanoseconds period{0};
  std::uint64_t count = 0;

  base::SteadyTime due(std::uint64_t index) const {
    return first + period * static_cast<std::int64_t>(index);
  }
};

// Which message one client sends next, and which ones have no answer yet. An open loop: a message
// is due at its time, whatever became of the earlier ones; a delay by the window counts in its
// latency. Messages that were refused temporarily, or lost with a connection, go first, in order.
// Threading: confined to its client's thread. Bounds: the window.
class SendPlan {
 public:
  SendPlan(Ledger& ledger, std::size_t member, std::size_t window, bool resend)
      : ledger_(ledger), member_(member), window_(window), resend_(resend) {}

  void begin(const Schedule& schedule) { schedule_ = schedule; }
  // Starts no new messages; returns how many remain unsent.
  std::uint64_t end();

  // The number of the message to send now; empty if there is none yet.
  std::optional<std::uint32_t> next(base::SteadyTime now);
  // When next() may return one; max() if only an answer can change that.
  base::SteadyTime next_time() const;

  // The message was answered.
  void answered(std::uint32_t number);
  // The server refused it until `again_at`.
  void refused(std::uint32_t number, base::SteadyTime again_at);
  // The connection was lost: unanswered messages are sent again, or given up.
  void connection_lost();

  bool idle() const { return chats_.empty(); }
  // When the oldest message in flight was sent; max() if there is none.
  base::SteadyTime waits_since() const;

 private:
  struct Chat {
    std::uint32_t number = 0;
    bool on_its_way = false;
    base::SteadyTime since;  // when it was sent, or may be sent
  };

  using Chats = std::deque<Chat>;

  bool room() const { return chats_.size() < window_ && planned_ < schedule_.count; }
  Chats::iterator find(std::uint32_t number);

  Ledger& ledger_;
  const std::size_t member_;
  const std::size_t window_;
  const bool resend_;
  Schedule schedule_;
  std::uint64_t planned_ = 0;  // how many of the schedule have been sent
  std::size_t held_ = 0;       // how many of chats_ are not in flight
  Chats chats_;                // without an answer, in the order of sending
};

}  // namespace chat::client::check
