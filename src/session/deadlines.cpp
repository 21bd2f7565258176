#include "chat/session/deadlines.h"

#include <algorithm>

#include "chat/protocol/limits.h"

namespace chat::session {
namespace {

bool is_set(base::SteadyTime time) {
  return time != base::SteadyTime{};
}

}  // namespace

// A client that was allowed a longer silence before its first byte gets the usual time from that
// byte on.
void Deadlines::first_byte(Time now) {
  first_byte_seen_ = true;
  if (now - nobody_since_ > protocol::kNoLoginIdleTimeout) since_ = nobody_since_ = now;
}

void Deadlines::frames(bool any, bool partial, Time now) {
  if (any) {
    first_frame_seen_ = true;
    since_ = now;
  }
  if (!partial) {
    frame_began_ = {};
  } else if (any || !is_set(frame_began_)) {
    frame_began_ = now;
  }
}

void Deadlines::output_queued(Time now) {
  if (!is_set(stalled_since_)) stalled_since_ = now;
  if (!is_set(look_at_acks_)) look_at_acks_ = now + kLookAfter;
}

void Deadlines::reading(bool reads, Time now) {
  reading_ = reads;
  look_at_input_ = reads || !heartbeat_ ? Time{} : now + kLookAgain;
  input_waiting_ = 0;
  if (!reads) return;
  input(now);
  if (is_set(frame_began_)) frame_began_ = now;
}

void Deadlines::input_waits(std::size_t bytes, Time now) {
  if (bytes > input_waiting_ || bytes >= kInputFull) input(now);
  input_waiting_ = static_cast<std::uint32_t>(bytes);
}

Deadlines::Due Deadlines::due(Time now, const Patience& patience) {
  if (is_set(close_by_) && now >= close_by_) return Due::kClose;
  if (is_set(unterminated_since_) && now >= unterminated_since_ + kTerminatorPatience) {
    unterminated_since_ = {};
    return Due::kUnterminated;
  }
  if (is_set(stalled_since_) && now >= stalled_since_ + patience.output_stall) return Due::kStalled;
  if (is_set(look_at_output_) && now >= look_at_output_) {
    look_at_output_ = {};
    return Due::kSlow;
  }
  if (is_set(read_again_at_) && now >= read_again_at_) {
    read_again_at_ = {};
    return Due::kReadAgain;
  }
  if (is_set(look_at_acks_) && now >= look_at_acks_) {
    look_at_acks_ = {};
    return Due::kAcks;
  }
  if (is_set(look_at_input_) && now >= look_at_input_) {
    look_at_input_ = now + kLookAgain;
    return Due::kInput;
  }
  if (now >= silent_at()) return Due::kSilent;
  if (now >= no_login_at(patience)) return Due::kNoLogin;
  if (now < nothing_sent_at(patience)) return Due::kNothing;
  since_ = now;
  return Due::kNothingSent;
}

std::optional<Deadlines::Time> Deadlines::next(bool ending, const Patience& patience) const {
  Time next = Time::max();
  if (is_set(close_by_)) next = std::min(next, close_by_);
  if (is_set(stalled_since_)) next = std::min(next, stalled_since_ + patience.output_stall);
  if (is_set(look_at_acks_)) next = std::min(next, look_at_acks_);
  if (is_set(look_at_output_)) next = std::min(next, look_at_output_);
  if (!ending && is_set(look_at_input_)) next = std::min(next, look_at_input_);
  if (!ending && is_set(read_again_at_)) next = std::min(next, read_again_at_);
  if (!ending && is_set(unterminated_since_)) {
    next = std::min(next, unterminated_since_ + kTerminatorPatience);
  }
  if (!ending)
    next = std::min({next, silent_at(), nothing_sent_at(patience), no_login_at(patience)});
  return next == Time::max() ? std::nullopt : std::optional<Time>(next);
}

Deadlines::Time Deadlines::silent_at() const {
  Time when = Time::max();
  if (reading_ && is_set(frame_began_)) when = frame_began_ + protocol::kFrameTimeout;
  if (heartbeat_) when = std::min(when, since_ + protocol::kHeartbeatTimeout);
  return when;
}

Deadlines::Time Deadlines::nothing_sent_at(const Patience& patience) const {
  const bool looked_at = !first_byte_seen_ && is_set(nobody_since_);
  return looked_at ? since_ + patience.silent_look : Time::max();
}

Deadlines::Time Deadlines::no_login_at(const Patience& patience) const {
  if (!is_set(nobody_since_)) return Time::max();
  if (!first_byte_seen_) return nobody_since_ + patience.first_byte;
  if (classic_) return nobody_since_ + protocol::kClassicNoLoginTimeout;
  const Time at_the_latest = nobody_since_ + protocol::kNoLoginTimeout;
  return reading_ ? std::min(at_the_latest, since_ + protocol::kNoLoginIdleTimeout) : at_the_latest;
}

}  // namespace chat::session
