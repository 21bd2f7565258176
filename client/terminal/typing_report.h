#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "chat/base/clock.h"
#include "client/core/contacts.h"

namespace chat::client {

// Decides when the server is told that the user types in the current conversation, and that the
// user has stopped without sending. After a refusal it is told nothing until the line is empty or
// another conversation is the current one.
// Threading: refused() from any thread; the rest externally synchronised.
class TypingReport {
 public:
  static constexpr std::chrono::seconds kInterval{4};
  static constexpr std::chrono::seconds kStopped{8};  // without a change of the line
  // A message ends the hint, so the next report comes as soon as it is shown again: the server
  // passes on one in 3 s, and clients ignore one that arrives within 1 s of a message.
  static constexpr std::chrono::milliseconds kBetween{3'200};
  static constexpr std::chrono::milliseconds kAfterMessage{1'200};

  struct Report {
    Target to;
    bool on = false;
    friend bool operator==(const Report&, const Report&) = default;
  };

  void enable() { enabled_ = true; }  // the server takes TYPING

  // What to tell the server now. `line`: the text being typed for `current`; empty: none.
  std::optional<Report> next(const std::optional<Target>& current, const std::u32string& line,
                             base::SteadyTime now) {
    if (!enabled_) return std::nullopt;
    take(current, line, now);
    if (stopped(now)) return Report{*std::exchange(told_, std::nullopt), false};
    if (!current_ || !typed_ || refused_ || now < next_) return std::nullopt;
    typed_ = false;
    next_ = now + kInterval;
    told_ = current_;
    told_at_ = now;
    return Report{*told_, true};
  }

  // The text was sent there, which says itself that the user no longer types.
  void sent(const Target& target, base::SteadyTime now) {
    const bool was_told = told_ == target;
    if (was_told) told_.reset();
    line_.clear();
    typed_ = false;
    next_ = now + kAfterMessage;
    if (was_told) next_ = std::max<base::SteadyTime>(next_, told_at_ + kBetween);
  }
  // The server does not pass it on: the user may not write there.
  void refused() { refused_ = true; }

 private:
  void take(const std::optional<Target>& current, const std::u32string& line,
            base::SteadyTime now) {
    if (line.empty() || current != current_) refused_ = false;
    if (refused_) told_.reset();
    current_ = current;
    if (line == line_) return;
    line_ = line;
    changed_ = now;
    typed_ = !line.empty();
  }
  bool stopped(base::SteadyTime now) const {
    return told_ && (told_ != current_ || line_.empty() || now - changed_ >= kStopped);
  }

  bool enabled_ = false;
  std::optional<Target> current_;
  std::u32string line_;
  base::SteadyTime changed_{};    // the line
  bool typed_ = false;            // the line has changed since the last report
  std::optional<Target> told_{};  // where the user is reported to type
  base::SteadyTime told_at_{};
  base::SteadyTime next_{};
  std::atomic<bool> refused_{false};
};

}  // namespace chat::client
