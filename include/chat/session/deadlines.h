#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"

namespace chat::session {

// How soon a client that was disconnected for a fault of its own may reconnect.
inline constexpr std::chrono::milliseconds kReconnectSoon{1000};
// Sent in BYE to a client that should not reconnect by itself.
inline constexpr std::chrono::milliseconds kNeverReconnect{-1};

// Combines all time-outs of a conversation into one next deadline. Pure: times go in, times come
// out. Events are reported as they happen; time in which the server itself did not read is not
// counted against the client.
// Threading: externally synchronised (the session's loop).
class Deadlines {
 public:
  using Time = base::SteadyTime;

  struct Patience {
    // How long queued output may make no progress.
    std::chrono::milliseconds output_stall{std::chrono::minutes(5)};
    // How long a client may take to send its first byte.
    std::chrono::milliseconds first_byte{protocol::kNoLoginIdleTimeout};
    // How often a client that has sent nothing is checked.
    std::chrono::milliseconds silent_look{protocol::kNoLoginIdleTimeout};
  };

  explicit Deadlines(Time opened) : since_(opened), nobody_since_(opened) {}

  void input(Time now) {
    if (!first_byte_seen_) first_byte(now);
    if (first_frame_seen_) since_ = now;
  }
  // After decoding: whether there were complete frames, and whether a partial one remains.
  void frames(bool any, bool partial, Time now);
  void logged_in(bool heartbeat) {
    heartbeat_ = heartbeat;
    nobody_since_ = {};
  }
  void logged_out(Time now) {
    heartbeat_ = false;
    nobody_since_ = now;
  }
  // Classic clients get kClassicNoLoginTimeout, as their users may stay at the menu.
  void classic(bool is_classic) { classic_ = is_classic; }
  // Since when the input may be a complete frame without its terminator; Time{} if it is not.
  void unterminated_since(Time when) { unterminated_since_ = when; }
  // Some output was written; `waits` says whether more is queued.
  void output_moved(bool waits, Time now) { stalled_since_ = waits ? now : Time{}; }
  void output_queued(Time now);
  // Much output is queued: check at `when` whether it is being read. Time{} cancels the check.
  void look_at_output_at(Time when) { look_at_output_ = when; }
  // Sent bytes are still unacknowledged: check again soon.
  void unacknowledged(Time now) { look_at_acks_ = now + kLookAgain; }
  // The client exceeded its rate: reading resumes at `when`.
  void read_again_at(Time when) { read_again_at_ = when; }
  bool holding_back() const { return read_again_at_ != Time{}; }
  void reading(bool reads, Time now);
  // While nothing is read: `bytes` wait in the kernel. More than at the last check means that the
  // client is alive.
  void input_waits(std::size_t bytes, Time now);
  // The conversation is over; the connection must be closed by `when`.
  void close_by(Time when) { close_by_ = when; }

  // How long sent bytes may stay unacknowledged by TCP. For a client without heartbeats, this is
  // the only sign that it is gone.
  static constexpr std::chrono::seconds kUnacknowledgedMax{75};

  // How long to wait for a frame's terminator, which may be in a lost segment that TCP retransmits.
  // If it has not come by then, it will not.
  static constexpr std::chrono::milliseconds kTerminatorPatience{250};

  enum class Due {
    kNothing,
    kClose,         // close the connection
    kUnterminated,  // accept a frame without its terminator
    kStalled,       // queued output has made no progress for too long
    kSlow,          // check how much of its output a slow client has read
    kReadAgain,     // holding_back() has ended
    kAcks,          // check whether the peer's TCP has acknowledged what was sent
    kInput,         // check how much input waits from a client that is not read
    kSilent,        // a frame was not finished, or a heartbeat did not come, in time
    kNothingSent,   // check whether a client that has sent nothing may stay
    kNoLogin,       // nobody has been logged in for too long
  };
  Due due(Time now, const Patience& patience);
  // Empty if nothing can become due. If `ending`, only deadlines that can end the connection count.
  std::optional<Time> next(bool ending, const Patience& patience) const;

 private:
  static constexpr std::chrono::seconds kLookAfter{10};
  static constexpr std::chrono::seconds kLookAgain{5};
  // With this much unread input the receive buffer may be full, so a live client looks like a dead
  // one. Such a client does not read either, and Patience::output_stall ends it.
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
  std::uint32_t input_waiting_ = 0;  // bytes, at the last check
  // The opening, or the last check of a client that has sent nothing; after the first frame, the
  // last input.
  Time since_;
  // In all of these, Time{} means "not set".
  Time frame_began_{};
  Time unterminated_since_{};
  Time nobody_since_{};  // since when nobody is logged in
  Time stalled_since_{};
  Time read_again_at_{};
  Time look_at_acks_{};
  Time look_at_input_{};
  Time look_at_output_{};
  Time close_by_{};
};

}  // namespace chat::session
