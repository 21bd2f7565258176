#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/msgid.h"
#include "client/core/event_kinds.h"

// Replies, pushes and changes of the connection, as plain values. The session makes them, printers
// show them.
namespace chat::client {

struct Event {
  using What = std::variant<
      std::monostate, event::Connected, event::Pong, event::Registered, event::LoggedIn,
      event::LoggedOut, event::PasswordChanged, event::AccountDeleted, event::SessionList,
      event::SessionsRevoked, event::FriendAdded, event::GroupCreated, event::GroupJoined,
      event::Done, event::Requested, event::InviteCode, event::Profile, event::UsersFound,
      event::GroupsFound, event::GroupShown, event::ListPage, event::RequestList,
      event::BlockedList, event::Sent, event::Queued, event::Unsent, event::Held, event::Receipt,
      event::History, event::Reconnecting, event::Refused, event::Message, event::Presence,
      event::Contact, event::GroupChanged, event::Bye, event::Announcement, event::Notice,
      event::FriendList, event::GroupList, event::TimedOut, event::Unanswered, event::Usage,
      event::Help, event::Fault, event::Disconnected>;

  What what;
  // The received JSON object; empty for the client's own events.
  std::string raw = {};

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&what);
  }
};

// The command of a request as typed by the user: "login", "chat" … …
std::string_view command_name(protocol::Msgid request);

}  // namespace chat::client
