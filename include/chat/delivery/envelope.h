#pragma once

#include <cstdint>
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
//   m <d|g> <sender or group id> <seq> <sender> <receipt wanted: 0|1> <sent at>\n{…}
//   e <user who does not get it, or 0>\n{…}
//   r <user who does not get it, or 0> <group, or 0>\n{…}      a receipt
//   t <session epoch>\n      the user's sessions that are older than this claim have to go
//   g <session epoch>\n      a session of this claim has gone: its cursors are in the table
//   d <user>\n               an account was deleted
//   b <node> <epoch> <number>\n    the node is alive and can publish (BusHealth)
//   x <node> <epoch>\n       this life of the node was taken for dead and ended
struct EventEnvelope {
  UserId except;
  std::shared_ptr<const std::string> json;
  bool receipt = false;  // for sessions that acknowledge; of a group: and have written in it
  GroupId group{};       // of a receipt
};
struct TakeoverEnvelope {
  SessionEpoch epoch = 0;
  bool gone = false;  // the answer
};
struct DeletedEnvelope {
  UserId user;
};
struct BeatEnvelope {
  NodeId node;
  NodeEpoch epoch = 0;
  std::int64_t number = 0;
};
struct EndedEnvelope {
  NodeId node;
  NodeEpoch epoch = 0;
};
using Envelope = std::variant<Push, EventEnvelope, TakeoverEnvelope, DeletedEnvelope, BeatEnvelope,
                              EndedEnvelope>;

std::string encode(const Push& push);
std::string encode(const EventEnvelope& event);
std::string encode(const TakeoverEnvelope& takeover);
std::string encode(const DeletedEnvelope& deleted);
std::string encode(const BeatEnvelope& beat);
std::string encode(const EndedEnvelope& ended);
// Nothing when the payload is malformed.
std::optional<Envelope> decode(std::string_view payload);

}  // namespace chat::delivery
