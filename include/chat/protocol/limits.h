#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every limit of the wire, in one place. limit_table.h names those that HELLO tells to clients.
namespace chat::protocol {

inline constexpr std::size_t kFrameMaxBytesBeforeLogin = 4 * 1024;
inline constexpr std::size_t kFrameMaxBytes = 64 * 1024;
// What the binary framing itself bears: its length's first byte is always 0x00.
inline constexpr std::size_t kFrameMaxBytesOfFormat = 16 * 1024 * 1024 - 1;
inline constexpr std::size_t kReplyMaxBytes = 64 * 1024;
inline constexpr int kJsonMaxDepth = 8;
// Fields of a request; and all values in it, those of nested objects and arrays included.
inline constexpr std::size_t kFieldsMax = 64;
inline constexpr std::size_t kValuesMax = 2048;

inline constexpr std::size_t kTextMaxCodePoints = 4000;
inline constexpr std::size_t kNameMaxCodePoints = 50;
inline constexpr std::size_t kGroupDescMaxCodePoints = 50;
inline constexpr std::size_t kPasswordMinBytes = 6;
inline constexpr std::size_t kPasswordMaxBytes = 128;
inline constexpr std::size_t kCidMaxBytes = 36;
inline constexpr std::int64_t kIdMax = 2147483647;

inline constexpr std::size_t kFriendsMax = 2000;
inline constexpr std::size_t kGroupsMax = 500;
inline constexpr std::size_t kGroupMembersMax = 2000;
// A group in LOGIN_ACK or 109 names at most so many of its members.
inline constexpr std::size_t kGroupUsersInReply = 200;

// A page of HISTORY.
inline constexpr std::size_t kHistoryMax = 100;

// The last so many messages of a direct stream are known by their cid.
inline constexpr std::size_t kDirectCidWindow = 64;

// A connection that began a frame.
inline constexpr std::chrono::seconds kFrameTimeout{10};
// A connection on which nobody is logged in: how long it may be silent, and how long it may be
// without a login at all, whatever it says.
inline constexpr std::chrono::seconds kNoLoginIdleTimeout{60};
inline constexpr std::chrono::seconds kNoLoginTimeout{300};
// The same for classic clients, which sit at their menu.
inline constexpr std::chrono::minutes kClassicNoLoginTimeout{30};
// A login that was accepted is answered after that at the latest.
inline constexpr std::chrono::seconds kLoginTimeout{10};
// With "heartbeat":true at login: ping at this interval, dead after that silence.
inline constexpr std::chrono::seconds kHeartbeatInterval{30};
inline constexpr std::chrono::seconds kHeartbeatTimeout{75};

}  // namespace chat::protocol
