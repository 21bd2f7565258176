#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/contacts.h"

// Events about people and groups, as plain values (event.h).
namespace chat::client::event {

struct FriendAdded {
  Friend added;
  bool accepted = false;  // by answering a request
};
struct GroupCreated {
  GroupId id;
  std::string name;
  std::string desc;
};
struct GroupJoined {
  Group group;
};
// The server has carried out the user's command ("kick"); `user` and `group` are those that the
// command concerns, if any.
struct Done {
  std::string command;
  UserRef user{};
  GroupRef group{};
  UnixMillis until = 0;  // of a mute, by the clock of this computer
  Seq seq = 0;           // of the event that a recall or an edit has become
};
// Somebody has to accept first: `user` the friendship, or an admin the joining of `group`.
struct Requested {
  UserRef user{};
  GroupRef group{};
};
struct InviteCode {
  GroupRef group{};
  std::string code;
  UnixMillis expires = 0;  // 0: unknown
};
struct Profile {
  Person person;
  bool changed = false;  // the user's own, which has been changed
};
struct UsersFound {
  std::vector<Person> users;
  std::string cursor;  // for the next page; empty: none
};
struct GroupsFound {
  std::vector<Group> groups;
  std::string cursor;
};
struct GroupShown {
  Group group;  // with one page of its members, or none
  bool changed = false;
  bool further = false;  // not the first page
  std::string cursor{};  // of the next page; empty: none
};
// One page of LIST, of one kind; not shown.
struct ListPage {
  std::vector<FriendRequest> requests;
  std::vector<FriendRequest> sent;
  std::vector<Person> blocked;
  std::string cursor;
  std::vector<JoinRequest> joins{};
  std::vector<Invitation> invitations{};
  std::optional<std::vector<Friend>> friends{};
  std::optional<std::vector<Group>> groups{};
};
struct RequestList {
  std::vector<FriendRequest> requests;
  std::vector<FriendRequest> sent;
  std::vector<JoinRequest> joins;
  std::vector<Invitation> invitations;
};
struct BlockedList {
  std::vector<Person> users;
};
// Another user's act that concerns the reader.
struct Contact {
  UserId id;
  std::string name;
  bool stranger = false;  // not on the user's own list
  std::string event{};    // "added", "request", "accepted" or "removed"; empty: as "added"
  std::string text{};     // of a request
};
struct GroupChanged {
  GroupId group;
  std::string change;  // "joined", "left" …; "invited", "request", "accepted" (PROTOCOL.md)
  UserId id;           // the user concerned; 0 if none is
  std::string name;
  std::string group_name{};
  UserRef by{};  // who did it
  std::string text{};
  UserId self{};        // the reader
  bool repeat = false;  // a notice has told it already
};

}  // namespace chat::client::event
