#pragma once

#include <string>
#include <string_view>

#include "client/core/event.h"

// Lines about people and groups, for scripts (see printer.h).
namespace chat::client {

// A word of the protocol is unquoted; anything else is quoted.
std::string word(const std::string& text);

std::string friend_line(std::string_view kind, const Friend& who);
std::string group_lines(std::string_view kind, const Group& group);

std::string line_of(const event::FriendAdded& e);
std::string line_of(const event::GroupCreated& e);
std::string line_of(const event::GroupJoined& e);
std::string line_of(const event::Done& e);
std::string line_of(const event::Requested& e);
std::string line_of(const event::InviteCode& e);
std::string line_of(const event::Profile& e);
std::string line_of(const event::UsersFound& e);
std::string line_of(const event::GroupsFound& e);
std::string line_of(const event::GroupShown& e);
std::string line_of(const event::RequestList& e);
std::string line_of(const event::BlockedList& e);
std::string line_of(const event::Contact& e);
std::string line_of(const event::GroupChanged& e);

}  // namespace chat::client
