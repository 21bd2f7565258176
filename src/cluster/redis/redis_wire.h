#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/cluster/bus.h"

// What goes over Redis, as bytes. A channel is "chat:<cluster>:" and then "user:<id>",
// "group:<id>", "all" or "nodes". Redis has one space of channels for all its databases, so the
// cluster's random id is what keeps two clusters apart. A message is a line with the name of the
// node that published it, then the payload, which may hold any bytes.
namespace chat::cluster {

// What the name of everything that a cluster has in Redis begins with.
std::string cluster_prefix(std::string_view cluster);

// The buses' own channel.
std::string nodes_channel(std::string_view cluster);
// The payload on it by which a node says that it couldn't publish something.
inline constexpr std::string_view kGapPayload = "gap";

std::string channel_name(std::string_view cluster, const Channel& channel);
// Nothing when it is not the name of such a channel in this cluster.
std::optional<Channel> parse_channel(std::string_view cluster, std::string_view name);

struct WireMessage {
  std::string_view origin;
  std::string_view payload;
};
// Replaces what is in `bytes`, so that its memory is used again.
void encode_message(std::string_view origin, std::string_view payload, std::string& bytes);
// Points into `bytes`. Nothing when there is no line with an origin.
std::optional<WireMessage> decode_message(std::string_view bytes);

}  // namespace chat::cluster
