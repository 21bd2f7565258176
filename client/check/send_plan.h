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

// What one client sends into its stream: which message is next, and which have no answer yet. An
// open loop: a message is due at its time, whatever became of those before it; one that the window
// holds back is late, and its latency says so. What was refused for a while, or lost with a
// connection, goes first, in order.
// Threading: confined to its client's thread. Bounds: the window.
class SendPlan {
 public:
  SendPlan(Ledger& ledger, std::size_t member, std::size_t window, bool resend)
      : ledger_(ledger), member_(member), window_(window), resend_(resend) {}

  void begin(const Schedule& schedule) { schedule_ = schedule; }
  // Starts no new message any more; how many that leaves unsent.
  std::uint64_t end();

  // The number of the message that is to be sent now; nothing: none yet.
  std::optional<std::uint32_t> next(base::SteadyTime now);
  // When next() may have one; max() when only an answer can change that.
  base::SteadyTime next_time() const;

  // Its answer has come.
  void answered(std::uint32_t number);
  // The server wants it later.
  void refused(std::uint32_t number, base::SteadyTime again_at);
  // The connection is gone: everything is sent again, or given up.
  void connection_lost();

  bool idle() const { return chats_.empty(); }
  // The longest wait of those on their way began then; max() when there are none.
  base::SteadyTime waits_since() const;

 private:
  struct Chat {
    std::uint32_t number = 0;
    bool on_its_way = false;
    base::SteadyTime since;  // when it left, or when it may
  };

  using Chats = std::deque<Chat>;

  bool room() const { return chats_.size() < window_ && planned_ < schedule_.count; }
  Chats::iterator find(std::uint32_t number);

  Ledger& ledger_;
  const std::size_t member_;
  const std::size_t window_;
  const bool resend_;
  Schedule schedule_;
  std::uint64_t planned_ = 0;  // so many of the schedule have been sent
  std::size_t held_ = 0;       // of chats_: not on their way
  Chats chats_;                // without an answer, in the order of sending
};

}  // namespace chat::client::check
