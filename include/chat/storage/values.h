#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "chat/base/ids.h"
#include "chat/storage/group_values.h"

// Plain values that the models read and write. No behaviour.
namespace chat::storage {

struct User {
  UserId id;
  std::string name;
  std::string password_hash;  // argon2id string
  bool online = false;
  SessionEpoch session_epoch = 0;
  bool disabled = false;  // by an operator: must not log in
};

// A token that logs `user` in.
struct TokenOwner {
  std::string token_hash;
  UnixMillis expires_at = 0;
  UserId user;
  std::string name;           // the user's
  std::string password_hash;  // the user's
};

// A token, as its user sees it.
struct Token {
  std::string token_hash;
  UnixMillis created_at = 0;
  UnixMillis expires_at = 0;
};

struct Friend {
  UserId id;
  std::string name;
  bool online = false;
};

// `user` lists `item` as a friend.
struct Listed {
  UserId user;
  Friend item;
};

struct Node {
  NodeId id;
  NodeEpoch epoch = 0;
};

// A row of `node`: one server process, as the others see it.
struct NodeRow {
  Node node;
  UnixMillis lease_until = 0;  // changes with every renewal; 0: ended in good order
  bool alone = false;          // it has no bus
  bool mute = false;           // its bus is down
  std::string name;
  std::string holder;  // the process, and where it listens
};

// The columns of `user` that logins and logouts change.
struct UserState {
  UserId id;
  bool online = false;
  Node holder;  // all 0 when offline
  SessionEpoch session_epoch = 0;
  bool removed = false;  // the account was deleted
  bool disabled = false;
  SessionEpoch kicked_epoch = 0;  // with which an operator last ended the user's sessions
  std::int64_t contact_rev = 0;   // see ContactModel::bump()
};

// `user` is a member of `group` and has received its messages up to `delivered`.
struct Membership {
  UserId user;
  GroupId group;
  Seq delivered = 0;
};

// `watcher`, who is online, lists `watched` as a friend.
struct Watch {
  UserId watcher;
  UserId watched;

  friend auto operator<=>(const Watch&, const Watch&) = default;
};

// One row of `directmessage`: message number `seq` of the stream sender → recipient.
struct DirectMessage {
  UserId recipient;
  UserId sender;
  Seq seq = 0;
  std::string cid;
  UnixMillis sent_at = 0;
  std::string body;
  // Of an event row; `body` is then a readable fallback.
  std::string kind{};
  // More fields of its pushes, as a JSON object, or empty.
  std::string extra{};
  // Of an event row: the seq of the message that it recalls or edits. Of a text: the seq of the
  // newest event that has recalled or edited it, or 0.
  Seq ref = 0;
  std::int64_t n = 0;  // countable messages up to this row; set when stored
};

// Whether a user may write to another one.
enum class ChatRight {
  kYes,
  kNo,        // the recipient does not accept messages from the sender
  kOwnBlock,  // the sender has blocked the recipient
};

// `user` has blocked `blocked`.
struct Block {
  UserId user;
  UserId blocked;

  friend auto operator<=>(const Block&, const Block&) = default;
};

// The stream sender → recipient.
struct DirectStream {
  UserId recipient;
  UserId sender;

  bool operator==(const DirectStream&) const = default;
};

struct GroupMessage {
  GroupId group;
  Seq seq = 0;
  UserId sender;
  std::string cid;
  UnixMillis sent_at = 0;
  std::string body;
  // Of an event row; `body` is a readable fallback.
  std::string kind{};
  // Fields that a push adds, as a JSON object: an event's, or what a message replies to and whom it
  // mentions. Empty: none.
  std::string extra{};
  UserId ended{};  // the user whose membership ends with this row, which is the last one it gets
  std::int64_t n = 0;  // countable messages up to this row; set when stored
  Seq ref = 0;         // as in DirectMessage
};

// A member's position in a group, and the group's head.
struct GroupPosition {
  GroupId group;
  Seq delivered = 0;
  Seq head = 0;
};

// The position of `user` in one of its streams. Exactly one of sender and group is set.
struct StreamState {
  UserId user;
  UserId sender;
  GroupId group;
  Seq delivered = 0;
  Seq head = 0;
  UnixMillis delivered_at = 0;  // when the message at `delivered` was sent; 0: unknown
  Seq end = 0;                  // of a group that the user has left: the last message that it gets
};

// A cursor to move forward. Exactly one of sender and group is set. A position of 0 is not moved.
struct CursorMove {
  UserId recipient;
  UserId sender;
  GroupId group;
  Seq delivered = 0;
  Seq read = 0;
  bool receipt_wanted = true;  // a sender may want a receipt; not stored
};

}  // namespace chat::storage
