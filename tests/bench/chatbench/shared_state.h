#pragma once

// Memory shared by the conductor (the process that was started) and the load processes that it
// forks. Each value has one writer.
//
// The course of a run: each load process sets up and reports kReady. The conductor waits for all,
// then sets the measured span and `go`. Modes that end by the clock run until the span is over; the
// others report kDone. The conductor watches the totals until nothing is missing or the time is up,
// and sets `stop`; the load processes write their results and report kFinished.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "chat/base/clock.h"
#include "client/load/latency.h"

namespace chat::bench {

using base::SteadyTime;
using client::load::Latency;

// The clock is the same in every process of the machine.
inline constexpr SteadyTime kNever = SteadyTime::max();
inline SteadyTime time_now() {
  return base::system_clock().now();
}
inline SteadyTime::duration to_duration(double seconds) {
  return std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
}
inline double to_seconds(SteadyTime::duration time) {
  return std::chrono::duration<double>(time).count();
}

enum class Stage : int { kSettingUp, kReady, kDone, kFinished, kFailed };

enum class Count : std::size_t {
  kSent,       // messages
  kAcked,      // messages that were acknowledged
  kExpected,   // deliveries due for acknowledged messages
  kDelivered,  // messages of this run that arrived
  kStale,      // messages of earlier runs that arrived
  kReplies,    // to PING
  kLogins,     // sessions that were opened
  kRetries,    // logins that were refused for a while or broken off, and tried again
  kRefused,    // requests that were answered by an error
  kLost,       // deliveries of acknowledged messages that never came
  kDoubled,    // the same message again
  kReordered,  // out of order
  kGaps,       // holes in the seqs that a recipient has seen
  kStrange,    // never sent, or in a wrong place
  kCutOff,     // connections that the server or the network ended
  kCounts
};
inline constexpr std::size_t kCounts = static_cast<std::size_t>(Count::kCounts);

enum class Took : std::size_t {
  kDelivery,  // from sending to the recipient
  kAck,       // from sending to the acknowledgement
  kReply,     // PING to its reply
  kLogin,     // from connecting to LOGIN_MSG_ACK
  kCatchUp,   // from connecting until every missed message has arrived
  kTooks
};
inline constexpr std::size_t kTooks = static_cast<std::size_t>(Took::kTooks);

struct ShardState {
  std::atomic<Stage> stage{Stage::kSettingUp};
  std::array<std::atomic<std::uint64_t>, kCounts> totals{};    // since the start
  std::array<std::atomic<std::uint64_t>, kCounts> measured{};  // within the measured span
  std::array<Latency, kTooks> took;
  std::atomic<SteadyTime> done_at{};
  double set_up_rate = 0;           // messages/s while setting up, in mode offline
  std::array<char, 256> problem{};  // the first one, for people
};

struct SharedState {
  std::uint32_t run = 0;
  std::atomic<bool> go{false};
  std::atomic<SteadyTime> from{kNever};
  std::atomic<SteadyTime> until{kNever};
  std::atomic<bool> stop{false};
};

}  // namespace chat::bench
