#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/msgid.h"
#include "client/core/event_kinds.h"

// Replies, pushes and changes of the connection, as plain values. The session makes them, printers
// show them.
namespace chat::client {

// The kinds of events. Values of so many types are made, copied and destroyed out of line: the
// tables of functions for that are compiled once.
using EventKinds =
    std::variant<std::monostate, event::Connected, event::Pong, event::Registered, event::LoggedIn,
                 event::LoggedOut, event::PasswordChanged, event::AccountDeleted,
                 event::SessionList, event::SessionsRevoked, event::FriendAdded,
                 event::GroupCreated, event::GroupJoined, event::Done, event::Requested,
                 event::InviteCode, event::Profile, event::UsersFound, event::GroupsFound,
                 event::GroupShown, event::ListPage, event::RequestList, event::BlockedList,
                 event::Sending, event::Sent, event::Queued, event::Unsent, event::Held,
                 event::Receipt, event::History, event::Reconnecting, event::Refused,
                 event::Message, event::Presence, event::Contact, event::GroupChanged, event::Bye,
                 event::Announcement, event::Notice, event::Inbox, event::Readers, event::Typing,
                 event::Current, event::FriendList, event::GroupList, event::TimedOut,
                 event::Unanswered, event::Usage, event::Help, event::Fault, event::Disconnected>;

template <typename Kind, typename Kinds>
inline constexpr bool kIsOneOf = false;
template <typename Kind, typename... Kinds>
inline constexpr bool kIsOneOf<Kind, std::variant<Kinds...>> = (std::is_same_v<Kind, Kinds> || ...);
template <typename Kind>
concept EventKind = kIsOneOf<std::remove_cvref_t<Kind>, EventKinds>;

struct Event {
  struct What : EventKinds {
    What() noexcept;
    // EventKind excludes What itself.
    template <EventKind Kind>
    What(Kind&& kind)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
        : EventKinds(std::in_place_type<std::remove_cvref_t<Kind>>, std::forward<Kind>(kind)) {}
    What(const What& other);
    What(What&& other) noexcept;
    What& operator=(const What& other);
    What& operator=(What&& other) noexcept;
    ~What();
  };

  What what;
  // The received JSON object; empty for the client's own events.
  std::string raw = {};

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&what);
  }
};

}  // namespace chat::client
