#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "chat/base/clock.h"
#include "client/core/event.h"

namespace chat::client {

// Who is typing just now, for a short time after each report.
// Threading: externally synchronised. Bounds: one user for each conversation.
class TypingHints {
 public:
  static constexpr std::chrono::seconds kShown{8};

  void take(const event::Typing& typing, base::SteadyTime now) {
    const Target where = typing.group ? Target{{}, typing.group} : Target{typing.id, {}};
    typing_.erase(where);
    if (typing.on) typing_[where] = {typing.id, now + kShown};
  }

  // Who has written no longer types.
  void take(const event::Message& message) {
    typing_.erase(message.group ? Target{{}, message.group} : Target{message.from, {}});
  }

  // To the user, and in the current conversation.
  std::vector<UserId> users(const std::optional<Target>& current, base::SteadyTime now) {
    std::erase_if(typing_, [now](const auto& each) { return each.second.until <= now; });
    std::vector<UserId> out;
    for (const auto& [where, who] : typing_) {
      if (!where.group || current == where) out.push_back(who.user);
    }
    return out;
  }

 private:
  struct Typist {
    UserId user{};
    base::SteadyTime until{};
  };
  std::map<Target, Typist> typing_;
};

}  // namespace chat::client
