#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "client/core/event.h"

namespace chat::client {

// Who is typing just now, for a short time after each report.
// Threading: externally synchronised. Bounds: those reported within kShown, and those whose
// messages came within kStale.
class TypingHints {
 public:
  static constexpr std::chrono::seconds kShown{8};
  // The server may pass on a report after the message that was typed.
  static constexpr std::chrono::seconds kStale{1};

  void take(const event::Typing& typing, base::SteadyTime now) {
    const Target where = place(typing.id, typing.group);
    const auto wrote = wrote_.find({where, typing.id});
    if (wrote != wrote_.end() && now - wrote->second < kStale) return;
    typing_.erase({where, typing.id});
    if (typing.on) typing_[{where, typing.id}] = now + kShown;
  }

  // Who has written no longer types.
  void take(const event::Message& message, base::SteadyTime now) {
    const Target where = place(message.from, message.group);
    typing_.erase({where, message.from});
    std::erase_if(wrote_, [now](const auto& each) { return now - each.second >= kStale; });
    wrote_[{where, message.from}] = now;
  }

  // To the user, and in the current conversation.
  std::vector<UserId> users(const std::optional<Target>& current, base::SteadyTime now) {
    std::erase_if(typing_, [now](const auto& each) { return each.second <= now; });
    std::vector<UserId> out;
    for (const auto& [report, until] : typing_) {
      const auto& [where, who] = report;
      if (!where.group || current == where) out.push_back(who);
    }
    return out;
  }

 private:
  static Target place(UserId user, GroupId group) {
    return group ? Target{{}, group} : Target{user, {}};
  }

  using Author = std::pair<Target, UserId>;
  std::map<Author, base::SteadyTime> typing_;  // until when it is shown
  std::map<Author, base::SteadyTime> wrote_;
};

}  // namespace chat::client
