#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/errors.h"
#include "client/core/account_events.h"
#include "client/core/contacts.h"
#include "client/core/message_events.h"
#include "client/core/people_events.h"

// The kinds of events, as plain values (event.h).
namespace chat::client {
namespace event {

struct Connected {
  std::string host;
  std::uint16_t port = 0;
  bool again = false;  // after a lost connection; the login follows automatically
  std::string tls{};   // "TLSv1.3"; empty: not encrypted
};
struct Pong {};  // the reply to PING: not shown
struct Registered {
  UserId id;
  std::string name;
};
struct LoggedIn {
  UserId id;
  std::string name;
  std::string token;
  std::vector<Friend> friends;
  std::vector<Group> groups;
  std::vector<Message> offline;
  bool more = false;  // more offline messages follow as pushes
  bool more_friends = false;
  bool more_groups = false;
  bool again = false;  // automatic, after a lost connection
};
struct LoggedOut {
  UserId id;
};
struct Sent {
  Target target;
  Seq seq = 0;
  UnixMillis ts = 0;
  std::string cid;
};
struct Sending {  // a chat that the user wrote; Sent or Refused follows
  Target target;
  std::string text;
  std::string cid;
  MessageExtras extras{};
};
struct Queued {  // a chat to be sent once reconnected
  Target target;
};
struct Unsent {  // unanswered chats that will not be resent
  std::size_t count = 0;
};
struct Held {  // a chat that the server cannot accept now; resent until accepted
  Target target;
  std::string error;  // "busy", "unavailable" or "rate_limited"
};
struct Receipt {     // others have received one's messages up to seq
  std::string kind;  // "delivered" or "read"
  UserId id;         // the other user; 0 for a group
  GroupId group;
  Seq seq = 0;
  std::string name;    // as the list of friends has it
  Seq newest_own = 0;  // the newest own message newly confirmed by this; 0: none
};
struct History {
  Target target;
  std::vector<Message> messages;  // newest last
  std::string cursor;             // for the older messages; empty: none
  // The messages begin with the first unread one: `cursor` is for the newer ones.
  bool from_first_unread = false;
  std::int64_t left_unread = 0;  // unread ones of the conversation that have not been shown
};
struct Reconnecting {
  std::chrono::milliseconds after{0};
  std::string reason;  // why the last attempt failed; empty for the first
};
struct Refused {
  std::string command;  // empty if the error belongs to no request
  Target target;        // of a chat
  int code = 0;
  std::string error;
  std::string errmsg;
  std::optional<std::int64_t> retry_after_ms;
  std::string about{};  // the names that the command mentions, as shown_name() has them
  std::string cid{};    // of the request

  bool is(protocol::Errno what) const { return code == static_cast<int>(what); }
};
struct Presence {
  UserId id;
  std::string name;  // as the list of friends has it
  std::string state;
};
struct Bye {
  std::string reason;
  std::int64_t reconnect_after_ms = -1;  // -1: do not reconnect automatically
};
struct Announcement {  // of the server's operator
  std::string text;
  UnixMillis ts = 0;
};
// A push of a kind unknown to this client; it is only shown.
struct Notice {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> fields;  // name → JSON text
};
struct Current {  // the conversation that plain text goes to
  Target target;
  std::string shown;  // its name, safe for a terminal
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
struct Unanswered {  // the connection was lost before the answer, and will be reopened
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
