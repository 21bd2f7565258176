#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "chat/base/ids.h"
#include "chat/delivery/stream.h"

namespace chat::delivery {

// What one node tells the others on a user's or a group's channel: a committed message with its
// whole push, or an event that is not stored. One head line of numbers, then the JSON:
//   m <d|g> <sender or group id> <seq> <sender>\n{…}
//   e <user who does not get it, or 0>\n{…}
//   r <user who does not get it, or 0> <group, or 0>\n{…}      a receipt
struct EventEnvelope {
  UserId except;
  std::shared_ptr<const std::string> json;
  bool receipt = false;  // for sessions that acknowledge; of a group: and have written in it
  GroupId group{};       // of a receipt
};
using Envelope = std::variant<Push, EventEnvelope>;

std::string encode(const Push& push);
std::string encode(const EventEnvelope& event);
// Nothing when the payload is malformed.
std::optional<Envelope> decode(std::string_view payload);

}  // namespace chat::delivery
