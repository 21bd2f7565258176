#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "chat/base/clock.h"
#include "client/core/contacts.h"

namespace chat::client {

// Decides when the server is told that the user types in the current conversation. After a refusal
// it is told nothing until the line is empty or another conversation is the current one.
// Threading: refused() from any thread; the rest externally synchronised.
class TypingReport {
 public:
  static constexpr std::chrono::seconds kInterval{4};

  void enable() { enabled_ = true; }  // the server takes TYPING

  // True if it is to be told now. `composes`: a text for `current` is being typed.
  bool due(const std::optional<Target>& current, bool composes, base::SteadyTime now) {
    if (!composes || current != current_) refused_ = false;
    current_ = current;
    if (!enabled_ || !current || !composes || refused_ || now < next_) return false;
    next_ = now + kInterval;
    return true;
  }

  // The text was sent, so another begins.
  void sent() { next_ = {}; }
  // The server does not pass it on: the user may not write there.
  void refused() { refused_ = true; }

 private:
  bool enabled_ = false;
  std::optional<Target> current_;
  base::SteadyTime next_{};
  std::atomic<bool> refused_{false};
};

}  // namespace chat::client
