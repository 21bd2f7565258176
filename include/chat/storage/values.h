#pragma once

#include <cstdint>
#include <string>

#include "chat/base/ids.h"

// Plain values that the models read and write. No behaviour.
namespace chat::storage {

struct User {
  UserId id;
  std::string name;
  std::string password_hash;  // argon2id string
  bool online = false;
  SessionEpoch session_epoch = 0;
};

struct Friend {
  UserId id;
  std::string name;
  bool online = false;
};

enum class GroupRole { kCreator, kNormal };

struct Group {
  GroupId id;
  std::string name;
  std::string desc;
};

struct GroupMember {
  UserId id;
  std::string name;
  bool online = false;
  GroupRole role = GroupRole::kNormal;
};

struct Node {
  NodeId id;
  NodeEpoch epoch = 0;
};

// One row of `directmessage`: message number `seq` of the stream sender → recipient.
struct DirectMessage {
  UserId recipient;
  UserId sender;
  Seq seq = 0;
  std::string cid;
  UnixMillis sent_at = 0;
  std::string body;
};

struct GroupMessage {
  GroupId group;
  Seq seq = 0;
  UserId sender;
  std::string cid;
  UnixMillis sent_at = 0;
  std::string body;
};

// How far a recipient is in one stream, and where the stream ends.
struct DirectPosition {
  UserId sender;
  Seq delivered = 0;
  Seq head = 0;
};

struct GroupPosition {
  GroupId group;
  Seq delivered = 0;
  Seq head = 0;
};

// A cursor to be moved forward. Exactly one of sender and group is set. 0: not this position.
struct CursorMove {
  UserId recipient;
  UserId sender;
  GroupId group;
  Seq delivered = 0;
  Seq read = 0;
};

}  // namespace chat::storage
