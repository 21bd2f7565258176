#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/cluster/bus.h"

// What goes over Redis, as bytes. A channel is "user:<id>", "group:<id>" or "all"; a message is a
// line with the name of the node that published it, then the payload, which may hold any bytes.
namespace chat::cluster {

// Every bus listens to it and none of its users do.
inline constexpr std::string_view kNodesChannel = "nodes";
// The payload on it by which a node says: I couldn't publish something to somebody.
inline constexpr std::string_view kGapPayload = "gap";

std::string channel_name(const Channel& channel);
// Nothing when it is no name of ours.
std::optional<Channel> parse_channel(std::string_view name);

struct WireMessage {
  std::string_view origin;
  std::string_view payload;
};
// Replaces what is in `bytes`, so that its memory is used again.
void encode_message(std::string_view origin, std::string_view payload, std::string& bytes);
// Points into `bytes`. Nothing when there is no line with an origin.
std::optional<WireMessage> decode_message(std::string_view bytes);

}  // namespace chat::cluster
