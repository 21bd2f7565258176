#include "cluster/redis/redis_wire.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace chat::cluster {
namespace {

constexpr std::string_view kUser = "user:";
constexpr std::string_view kGroup = "group:";
constexpr std::string_view kAll = "all";
constexpr std::string_view kNodes = "nodes";

std::optional<std::int32_t> parse_id(std::string_view digits) {
  std::int32_t id = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, id);
  if (error != std::errc{} || stopped != end || id <= 0) return std::nullopt;
  return id;
}

}  // namespace

std::string cluster_prefix(std::string_view cluster) {
  return std::string("chat:").append(cluster).append(1, ':');
}

std::string nodes_channel(std::string_view cluster) {
  return cluster_prefix(cluster).append(kNodes);
}

std::string channel_name(std::string_view cluster, const Channel& channel) {
  std::string name = cluster_prefix(cluster);
  if (channel == kChannelOfAll) return name.append(kAll);
  name.append(channel.kind == Channel::Kind::kUser ? kUser : kGroup);
  return name += std::to_string(channel.id);
}

std::optional<Channel> parse_channel(std::string_view cluster, std::string_view name) {
  const std::string prefix = cluster_prefix(cluster);
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (name == kAll) return kChannelOfAll;
  const bool user = name.starts_with(kUser);
  if (!user && !name.starts_with(kGroup)) return std::nullopt;
  const auto id = parse_id(name.substr(user ? kUser.size() : kGroup.size()));
  if (!id) return std::nullopt;
  return Channel{user ? Channel::Kind::kUser : Channel::Kind::kGroup, *id};
}

void encode_message(std::string_view origin, std::string_view payload, std::string& bytes) {
  bytes.clear();
  bytes.reserve(origin.size() + 1 + payload.size());
  bytes.append(origin).append(1, '\n').append(payload);
}

std::optional<WireMessage> decode_message(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  return WireMessage{bytes.substr(0, end), bytes.substr(end + 1)};
}

}  // namespace chat::cluster
