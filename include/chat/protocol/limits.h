#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// The limits of the wire. limit_table.h lists those that HELLO reports to clients.
namespace chat::protocol {

inline constexpr std::size_t kFrameMaxBytesBeforeLogin = 4 * 1024;
inline constexpr std::size_t kFrameMaxBytes = 64 * 1024;
// The largest frame of the binary framing: the first byte of its length is always 0x00.
inline constexpr std::size_t kFrameMaxBytesOfFormat = 16 * 1024 * 1024 - 1;
inline constexpr std::size_t kReplyMaxBytes = 64 * 1024;
inline constexpr int kJsonMaxDepth = 8;
// The fields of a request; and all values in it, nested ones included.
inline constexpr std::size_t kFieldsMax = 64;
inline constexpr std::size_t kValuesMax = 2048;

inline constexpr std::size_t kTextMaxCodePoints = 4000;
inline constexpr std::size_t kNameMaxCodePoints = 50;
inline constexpr std::size_t kGroupDescMaxCodePoints = 50;
inline constexpr std::size_t kRequestTextMaxCodePoints = 50;
inline constexpr std::size_t kBioMaxCodePoints = 200;
inline constexpr std::size_t kAvatarMaxCodePoints = 200;
inline constexpr std::size_t kAnnouncementMaxCodePoints = 1000;
inline constexpr std::size_t kPasswordMinBytes = 6;
inline constexpr std::size_t kPasswordMaxBytes = 128;
inline constexpr std::size_t kCidMaxBytes = 36;
inline constexpr std::int64_t kIdMax = 2147483647;

inline constexpr std::size_t kFriendsMax = 2000;
inline constexpr std::size_t kBlocksMax = 2000;
// To different people whose approval is needed.
inline constexpr std::size_t kFriendRequestsPerDay = 20;
inline constexpr std::size_t kGroupsMax = 500;
inline constexpr std::size_t kGroupMembersMax = 2000;
// Valid codes of a group, and those of them by one member who is not an admin.
inline constexpr std::size_t kGroupCodesMax = 50;
inline constexpr std::size_t kMemberCodesMax = 10;
// Pending invitations.
inline constexpr std::size_t kInvitationsPerGroup = 500;
inline constexpr std::size_t kInvitationsPerUser = 200;
// The most members of a group listed in LOGIN_ACK or 109.
inline constexpr std::size_t kGroupUsersInReply = 200;

// The members that a message may mention by name.
inline constexpr std::size_t kMentionsMax = 20;

// Messages per page of HISTORY.
inline constexpr std::size_t kHistoryMax = 100;

// Conversations per page of INBOX, and users per page of READERS.
inline constexpr std::size_t kInboxMax = 100;
inline constexpr std::size_t kReadersMax = 100;

// Users or groups per page of FIND.
inline constexpr std::size_t kFoundPerPage = 20;

// Edits of one message.
inline constexpr std::int64_t kEditsMax = 100;

// How many of the latest messages of a direct stream are recognised by their cid.
inline constexpr std::size_t kDirectCidWindow = 64;

// How long a frame may take to arrive.
inline constexpr std::chrono::seconds kFrameTimeout{10};
// How long a connection without a login may be silent, and how long it may last at all.
inline constexpr std::chrono::seconds kNoLoginIdleTimeout{60};
inline constexpr std::chrono::seconds kNoLoginTimeout{300};
// The same for classic clients, whose users may wait at the menu.
inline constexpr std::chrono::minutes kClassicNoLoginTimeout{30};
// The longest time until an accepted login is answered.
inline constexpr std::chrono::seconds kLoginTimeout{10};
// With "heartbeat":true at login: the ping interval, and the silence after which the peer is dead.
inline constexpr std::chrono::seconds kHeartbeatInterval{30};
inline constexpr std::chrono::seconds kHeartbeatTimeout{75};

}  // namespace chat::protocol
