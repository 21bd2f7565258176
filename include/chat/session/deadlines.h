#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"

namespace chat::session {

// Who is sent away for a fault of its own may be back so soon.
inline constexpr std::chrono::milliseconds kReconnectSoon{1000};
// What BYE says to a client that is not to come back by itself.
inline constexpr std::chrono::milliseconds kNeverReconnect{-1};

// All that a conversation may run out of time for, as one next deadline. A pure leaf: times go
// in, times come out. Facts are reported as they happen; the time in which the server itself did
// not read is not counted against the client.
// Threading: externally synchronised (the session's loop).
class Deadlines {
 public:
  using Time = base::SteadyTime;

  struct Patience {
    // Output that waits may stand still for so long.
    std::chrono::milliseconds output_stall{std::chrono::minutes(5)};
    // A client may take so long until it sends its first byte.
    std::chrono::milliseconds first_byte{protocol::kNoLoginIdleTimeout};
    // How often a client that has sent nothing is looked at.
    std::chrono::milliseconds silent_look{protocol::kNoLoginIdleTimeout};
  };

  explicit Deadlines(Time opened) : since_(opened), nobody_since_(opened) {}

  void input(Time now) {
    if (!first_byte_seen_) first_byte(now);
    if (first_frame_seen_) since_ = now;
  }
  // After frames were cut: whether any came out, and whether one has begun and is not finished.
  void frames(bool any, bool partial, Time now);
  void logged_in(bool heartbeat) {
    heartbeat_ = heartbeat;
    nobody_since_ = {};
  }
  void logged_out(Time now) {
    heartbeat_ = false;
    nobody_since_ = now;
  }
  // The client is a classic one: it sits at its menu for as long as its user likes.
  void classic(bool is_classic) { classic_ = is_classic; }
  // Since when a frame may be complete without its terminator; Time{}: none is.
  void unterminated_since(Time when) { unterminated_since_ = when; }
  // Output that waits makes progress, or has all left.
  void output_moved(bool waits, Time now) { stalled_since_ = waits ? now : Time{}; }
  void output_queued(Time now);
  // Much output waits; whether it is read shall be seen at `when`. Time{}: no more.
  void look_at_output_at(Time when) { look_at_output_ = when; }
  // Bytes are still on their way to the client: it is worth another look.
  void unacknowledged(Time now) { look_at_acks_ = now + kLookAgain; }
  // The client was too fast: reading begins again at `when`.
  void read_again_at(Time when) { read_again_at_ = when; }
  bool holding_back() const { return read_again_at_ != Time{}; }
  void reading(bool reads, Time now);
  // Nothing is read now, and so many bytes wait in the kernel: more than before means that the
  // client is alive.
  void input_waits(std::size_t bytes, Time now);
  // The conversation is over and must be gone by `when`.
  void close_by(Time when) { close_by_ = when; }

  // How long a client may acknowledge nothing that was sent to it: when it does not tell by
  // heartbeats that it lives, somebody has to look.
  static constexpr std::chrono::seconds kUnacknowledgedMax{75};

  // A terminator that has not come by then will not: it may be the retransmission of a lost
  // segment.
  static constexpr std::chrono::milliseconds kTerminatorPatience{250};

  enum class Due {
    kNothing,
    kClose,         // cut it off
    kUnterminated,  // take a frame without its terminator
    kStalled,       // not one byte of waiting output was taken for too long
    kSlow,          // look how much of its output a slow client has read
    kReadAgain,     // holding_back() is over now
    kAcks,          // look whether the client's side has acknowledged what was sent
    kInput,         // look how much a client that is not read has sent
    kSilent,        // a frame not finished, or no heartbeat in time
    kNothingSent,   // look whether a client that has sent nothing yet may stay
    kNoLogin,       // nobody is logged in, and has not been for too long
  };
  Due due(Time now, const Patience& patience);
  // Nothing: it may stay as it is for ever. `ending`: only what ends it counts.
  std::optional<Time> next(bool ending, const Patience& patience) const;

 private:
  static constexpr std::chrono::seconds kLookAfter{10};
  static constexpr std::chrono::seconds kLookAgain{5};
  // With so much unread input there may be no room for more, and no telling whether it lives. It
  // does not read either, so Patience::output_stall ends it.
  static constexpr std::size_t kInputFull = 32 * 1024;

  void first_byte(Time now);
  Time silent_at() const;
  Time nothing_sent_at(const Patience& patience) const;
  Time no_login_at(const Patience& patience) const;

  bool first_byte_seen_ = false;
  bool first_frame_seen_ = false;
  bool heartbeat_ = false;
  bool classic_ = false;
  bool reading_ = true;
  std::uint32_t input_waiting_ = 0;  // when it was last looked at, in bytes
  // The opening, or the last look at a client that has sent nothing; from the first frame on: the
  // last input.
  Time since_;
  // Time{} means "not so" in all of these.
  Time frame_began_{};
  Time unterminated_since_{};
  Time nobody_since_{};  // nobody has been logged in
  Time stalled_since_{};
  Time read_again_at_{};
  Time look_at_acks_{};
  Time look_at_input_{};
  Time look_at_output_{};
  Time close_by_{};
};

}  // namespace chat::session
