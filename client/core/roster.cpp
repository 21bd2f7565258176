#include "client/core/roster.h"

#include <algorithm>

namespace chat::client {
namespace {

// Ignores a repeated addition.
template <typename Contact>
void put_once(std::vector<Contact>& contacts, const Contact& contact) {
  std::erase_if(contacts, [&](const Contact& each) { return each.id == contact.id; });
  contacts.push_back(contact);
}

}  // namespace

void Roster::apply(Event& event) {
  base::MutexLock lock(mutex_);
  if (const auto* login = event.as<event::LoggedIn>()) apply_locked(*login);
  if (const auto* added = event.as<event::FriendAdded>()) put_once(friends_, added->added);
  if (const auto* created = event.as<event::GroupCreated>()) apply_locked(*created);
  if (const auto* joined = event.as<event::GroupJoined>()) apply_locked(*joined);
  if (const auto* changed = event.as<event::GroupChanged>()) apply_locked(*changed);
  if (auto* receipt = std::get_if<event::Receipt>(&event.what)) apply_locked(*receipt);
  if (auto* contact = std::get_if<event::Contact>(&event.what)) apply_locked(*contact);
  if (auto* presence = std::get_if<event::Presence>(&event.what)) apply_locked(*presence);
}

std::vector<Friend> Roster::friends() const {
  base::MutexLock lock(mutex_);
  return friends_;
}

std::vector<Group> Roster::groups() const {
  base::MutexLock lock(mutex_);
  return groups_;
}

void Roster::apply_locked(const event::LoggedIn& login) {
  self_ = {login.id, login.name, "online", "creator"};
  friends_ = login.friends;
  more_friends_ = login.more_friends;
  groups_ = login.groups;
}

void Roster::apply_locked(const event::GroupCreated& created) {
  groups_.push_back({created.id, created.name, created.desc, {self_}});
}

void Roster::apply_locked(const event::GroupJoined& joined) {
  put_once(groups_, joined.group);
}

void Roster::apply_locked(const event::GroupChanged& changed) {
  if (changed.change != "joined" || !changed.id) return;
  for (Group& group : groups_) {
    const auto is_who = [&](const Member& member) { return member.id == changed.id; };
    const bool here = std::any_of(group.members.begin(), group.members.end(), is_who);
    if (group.id != changed.group || here) continue;
    group.members.push_back({changed.id, changed.name, "online", "normal"});
  }
}

void Roster::apply_locked(event::Receipt& receipt) {
  for (const Friend& each : friends_) {
    if (each.id == receipt.id) receipt.name = each.name;
  }
}

void Roster::apply_locked(event::Contact& contact) {
  contact.stranger =
      !more_friends_ && std::none_of(friends_.begin(), friends_.end(),
                                     [&](const Friend& each) { return each.id == contact.id; });
}

void Roster::apply_locked(event::Presence& presence) {
  for (Friend& each : friends_) {
    if (each.id != presence.id) continue;
    each.state = presence.state;
    presence.name = each.name;
  }
  for (Group& group : groups_) {
    for (Member& member : group.members) {
      if (member.id == presence.id) member.state = presence.state;
    }
  }
}

}  // namespace chat::client
