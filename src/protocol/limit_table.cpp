#include "chat/protocol/limit_table.h"

#include <array>
#include <chrono>
#include <cstddef>

#include "chat/protocol/limits.h"

namespace chat::protocol {
namespace {

constexpr Limit count(std::string_view name, std::size_t value, std::string_view unit) {
  return {name, static_cast<std::int64_t>(value), unit};
}
constexpr Limit time(std::string_view name, std::chrono::milliseconds value) {
  return {name, value.count(), "ms"};
}

constexpr std::array kLimits{
    count("frame_max_bytes_before_login", kFrameMaxBytesBeforeLogin, "bytes"),
    count("frame_max_bytes", kFrameMaxBytes, "bytes"),
    count("reply_max_bytes", kReplyMaxBytes, "bytes"),
    count("json_max_depth", kJsonMaxDepth, "levels"),
    count("fields_max", kFieldsMax, "fields"),
    count("values_max", kValuesMax, "values"),
    count("text_max_code_points", kTextMaxCodePoints, "code points"),
    count("name_max_code_points", kNameMaxCodePoints, "code points"),
    count("groupdesc_max_code_points", kGroupDescMaxCodePoints, "code points"),
    count("password_min_bytes", kPasswordMinBytes, "bytes"),
    count("password_max_bytes", kPasswordMaxBytes, "bytes"),
    count("cid_max_bytes", kCidMaxBytes, "bytes"),
    count("id_max", kIdMax, "ids"),
    count("friends_max", kFriendsMax, "users"),
    count("groups_max", kGroupsMax, "groups"),
    count("group_members_max", kGroupMembersMax, "users"),
    count("group_users_in_reply_max", kGroupUsersInReply, "users"),
    count("history_max", kHistoryMax, "messages"),
    count("mentions_max", kMentionsMax, "users"),
    count("unacknowledged_per_stream_max", kDirectCidWindow, "messages"),
    time("frame_timeout_ms", kFrameTimeout),
    time("no_login_idle_timeout_ms", kNoLoginIdleTimeout),
    time("no_login_timeout_ms", kNoLoginTimeout),
    time("login_timeout_ms", kLoginTimeout),
    time("heartbeat_interval_ms", kHeartbeatInterval),
    time("heartbeat_timeout_ms", kHeartbeatTimeout),
};

}  // namespace

std::span<const Limit> limit_table() {
  return kLimits;
}

}  // namespace chat::protocol
