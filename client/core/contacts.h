#pragma once

#include <compare>
#include <string>
#include <vector>

#include "chat/base/ids.h"

// Users and groups, as the server describes them. Plain values.
namespace chat::client {

// A user or a group by id, by name, or both: as typed, or as known.
struct UserRef {
  UserId id{};
  std::string name{};
  friend bool operator==(const UserRef&, const UserRef&) = default;
};
struct GroupRef {
  GroupId id{};
  std::string name{};
  friend bool operator==(const GroupRef&, const GroupRef&) = default;
};

struct Friend {
  UserId id;
  std::string name;
  std::string state;  // "online" or "offline"
};

struct Member {
  UserId id;
  std::string name;
  std::string state;
  std::string role;            // "creator", "admin" or "normal"; others are possible
  UnixMillis muted_until = 0;  // 0: not muted
};

struct Group {
  GroupId id;
  std::string name;
  std::string desc;
  std::vector<Member> members{};
  std::string announcement{};
  std::string joining{};       // "open", "approval" or "invite"; empty: unknown
  std::string role{};          // one's own; empty: unknown
  UnixMillis muted_until = 0;  // of all normal members
  bool dismissed = false;
  bool all_members = false;  // `members` are all of them
};

// A profile. Empty texts: none, or hidden from the reader.
struct Person {
  UserId id{};
  std::string name{};
  std::string nick{};
  std::string bio{};
  std::string avatar{};
  std::string state{};
  bool is_friend = false;
  bool blocked = false;
  std::string who_may_add{};  // this and the next of one's own profile only
  std::string who_may_chat{};
};

// A friend request by or to a user.
struct FriendRequest {
  UserRef user{};
  std::string text{};
  UnixMillis ts = 0;
};

// A request to join a group that the reader may answer.
struct JoinRequest {
  GroupRef group{};
  UserRef user{};
  std::string text{};
};

// An invitation of the reader into a group.
struct Invitation {
  GroupRef group{};
  UserRef by{};
};

// The recipient of a chat: exactly one of the two is set.
struct Target {
  UserId user;
  GroupId group;
  friend auto operator<=>(const Target&, const Target&) = default;
};

}  // namespace chat::client
