#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "chat/base/ids.h"
#include "chat/delivery/push_json.h"
#include "chat/delivery/stream.h"

namespace chat::delivery {

// The payloads on the bus: a committed message with its complete push, or an event that is not
// stored. A head line of numbers, then the JSON:
//   m <d|g> <sender or group id> <seq> <sender> <receipt wanted: 0|1> <sent at> <ended, or 0>\n{…}
//   p <user>\n               the user came or went; for a friend, whose channel it is
//   e <user whom it is about, and who does not get it> <mark>\n{…}
//                            on the channel of all nodes: for everybody online
//   r <user who does not get it, or 0> <group, or 0> <other user, or 0> <read: 0|1> <seq>\n
//   t <session epoch>\n      the user's sessions that are older than this claim have to go
//   g <session epoch>\n      a session of this claim has gone: its cursors are in the table
//   k\n                      an operator has ended the user's sessions: compare them with the table
//   s <user>\n               the user's streams have changed: it has become a member of a group
//   d <user>\n               an account was deleted
//   y <user> <on: 0|1>\n     the user types to the user or in the group whose channel it is
//   b <node> <epoch> <number>\n
//                            the node is alive and can publish (BusHealth)
//   x <node> <epoch>\n       this life of the node was taken for dead and ended
//
// Any of them may arrive late: a network can delay the bytes of a closed connection until newer
// ones have arrived over other connections and from other nodes. So each is either compared with
// local knowledge (seqs, epochs, beat numbers), or only says what to look up in the table
// (Presence).
struct PresenceEnvelope {
  UserId user;
};
struct EventEnvelope {
  UserId about;
  std::shared_ptr<const std::string> json;  // not sent for a receipt
  // For sessions that acknowledge and, in a group, have written to it.
  std::optional<Receipt> receipt{};
  std::int64_t mark = 0;  // see Hint; not sent for a receipt
};
struct TakeoverEnvelope {
  SessionEpoch epoch = 0;
  bool gone = false;  // the reply to a takeover
};
struct KickedEnvelope {};
struct DeletedEnvelope {
  UserId user;
};
struct StreamsEnvelope {
  UserId user;
};
struct TypingEnvelope {
  UserId from;
  bool on = false;
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
using Envelope =
    std::variant<Push, PresenceEnvelope, EventEnvelope, TakeoverEnvelope, KickedEnvelope,
                 DeletedEnvelope, StreamsEnvelope, BeatEnvelope, EndedEnvelope, TypingEnvelope>;

std::string encode(const Push& push);
std::string encode(const PresenceEnvelope& presence);
std::string encode(const EventEnvelope& event);
std::string encode(const TakeoverEnvelope& takeover);
std::string encode(const KickedEnvelope& kicked);
std::string encode(const DeletedEnvelope& deleted);
std::string encode(const StreamsEnvelope& streams);
std::string encode(const BeatEnvelope& beat);
std::string encode(const EndedEnvelope& ended);
std::string encode(const TypingEnvelope& typing);
// Nothing if the payload is malformed.
std::optional<Envelope> decode(std::string_view payload);

}  // namespace chat::delivery
