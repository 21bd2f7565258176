#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/account_events.h"
#include "client/core/contacts.h"

// The kinds of events, as plain values (event.h).
namespace chat::client {
namespace event {

struct Connected {
  std::string host;
  std::uint16_t port = 0;
  bool again = false;  // after a lost connection; the login follows by itself
  std::string tls{};   // "TLSv1.3"; empty: not encrypted
};
struct Pong {};  // the answer to PING: nothing to show
struct Registered {
  UserId id;
  std::string name;
};
struct Message {
  UserId from;
  std::string name;
  GroupId group;  // names nothing for a direct message
  std::string text;
  std::string time;
  UnixMillis ts = 0;
  Seq seq = 0;
  std::string cid;
};
struct LoggedIn {
  UserId id;
  std::string name;
  std::string token;
  std::vector<Friend> friends;
  std::vector<Group> groups;
  std::vector<Message> offline;
  bool more = false;  // the rest of the offline messages follows as pushes
  bool more_friends = false;
  bool more_groups = false;
  bool again = false;  // by itself, after a lost connection
};
struct LoggedOut {
  UserId id;
};
struct FriendAdded {
  Friend added;
};
struct GroupCreated {
  GroupId id;
  std::string name;
  std::string desc;
};
struct GroupJoined {
  Group group;
};
struct Sent {
  Target target;
  Seq seq = 0;
  UnixMillis ts = 0;
  std::string cid;
};
struct Queued {  // a chat that is sent once there is a connection again
  Target target;
};
struct Unsent {  // chats that have no answer and are not sent again
  std::size_t count = 0;
};
struct Held {  // a chat that the server can't take now: it is sent again, until it is taken
  Target target;
  std::string error;  // "busy", "unavailable" or "rate_limited"
};
struct Receipt {     // others have one's messages up to seq
  std::string kind;  // "delivered" or "read"
  UserId id;         // whose; names nothing for a group's
  GroupId group;
  Seq seq = 0;
  std::string name;    // as the list of friends has it
  Seq newest_own = 0;  // the newest of one's messages that this confirms first; 0: none
};
struct History {
  Target target;
  std::vector<Message> messages;  // newest last
  std::string cursor;             // for what was before; empty: that was all
};
struct Reconnecting {
  std::chrono::milliseconds after{0};
  std::string reason;  // why the last try failed; empty for the first
};
struct Refused {
  std::string command;  // empty for what the server could not tie to a request
  Target target;        // of a chat
  int code = 0;
  std::string error;
  std::string errmsg;
  std::optional<std::int64_t> retry_after_ms;
};
struct Presence {
  UserId id;
  std::string name;  // as the list of friends has it
  std::string state;
};
struct Contact {  // someone added the user as a friend
  UserId id;
  std::string name;
  bool stranger = false;  // known not to be on the user's own list
};
struct GroupChanged {
  GroupId group;
  std::string change;  // "joined"; more may come
  UserId id;           // who did; names nothing where the change is no member's
  std::string name;
};
struct Bye {
  std::string reason;
  std::int64_t reconnect_after_ms = -1;  // -1: do not come back by yourself
};
// A push that is only shown: whatever is new to this client.
struct Notice {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> fields;  // name → JSON text
};
struct FriendList {
  std::vector<Friend> friends;
};
struct GroupList {
  std::vector<Group> groups;
};
struct TimedOut {
  std::string command;
  std::chrono::milliseconds after{0};
};
struct Unanswered {  // the connection ended before the answer, and is to come back
  std::string command;
};
struct Usage {  // the user's own mistake
  std::string text;
};
struct Help {
  std::string text;
};
struct Fault {  // the server broke the protocol
  std::string text;
};
struct Disconnected {
  std::string reason;
};

}  // namespace event
}  // namespace chat::client
