#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/cluster/bus.h"

// The encoding of channels and messages in Redis. A channel is "chat:<cluster>:" followed by
// "user:<id>", "group:<id>", "all" or "nodes". Redis channels span all its databases, so only the
// cluster's random id keeps clusters apart. A message is a line with the publishing node's name,
// then the payload, which may contain any bytes.
namespace chat::cluster {

// The prefix of all names of a cluster in Redis.
std::string cluster_prefix(std::string_view cluster);

// The channel for the buses themselves.
std::string nodes_channel(std::string_view cluster);
// Its payload when a node has failed to publish messages.
inline constexpr std::string_view kGapPayload = "gap";

std::string channel_name(std::string_view cluster, const Channel& channel);
// Nothing if `name` is not a user, group or all channel of this cluster.
std::optional<Channel> parse_channel(std::string_view cluster, std::string_view name);

struct WireMessage {
  std::string_view origin;
  std::string_view payload;
};
// Replaces the content of `bytes`, to reuse its memory.
void encode_message(std::string_view origin, std::string_view payload, std::string& bytes);
// Points into `bytes`. Nothing if there is no origin line.
std::optional<WireMessage> decode_message(std::string_view bytes);

}  // namespace chat::cluster
