#pragma once

#include <string>
#include <vector>

#include "client/core/event.h"
#include "client/terminal/printer/people_style.h"

// Sentences about people and groups, for people (see printer.h).
namespace chat::client {

// "2026-11-29 14:32", in the local time zone.
std::string date_and_time(UnixMillis time);

// Rows of lists.
std::string friend_row(const Friend& who, const PeopleStyle& style);
std::string group_row(const Group& group, const PeopleStyle& style);

std::string sentence(const event::FriendAdded& e, const PeopleStyle& style);
std::string sentence(const event::GroupCreated& e, const PeopleStyle& style);
std::string sentence(const event::GroupJoined& e, const PeopleStyle& style);
std::string sentence(const event::Done& e, const PeopleStyle& style);
std::string sentence(const event::Requested& e, const PeopleStyle& style);
std::string sentence(const event::InviteCode& e, const PeopleStyle& style);
std::string sentence(const event::Profile& e, const PeopleStyle& style);
std::string sentence(const event::UsersFound& e, const PeopleStyle& style);
std::string sentence(const event::GroupsFound& e, const PeopleStyle& style);
std::string sentence(const event::GroupShown& e, const PeopleStyle& style);
std::string sentence(const event::RequestList& e, const PeopleStyle& style);
std::string sentence(const event::BlockedList& e, const PeopleStyle& style);
std::string sentence(const event::Contact& e, const PeopleStyle& style);
std::string sentence(const event::GroupChanged& e, const PeopleStyle& style);

}  // namespace chat::client
