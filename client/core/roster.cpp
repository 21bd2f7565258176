#include "client/core/roster.h"

#include <algorithm>
#include <utility>

namespace chat::client {
namespace {

// Ignores a repeated addition.
template <typename Contact>
void put_once(std::vector<Contact>& contacts, const Contact& contact) {
  std::erase_if(contacts, [&](const Contact& each) { return each.id == contact.id; });
  contacts.push_back(contact);
}

void change(std::string& setting, const std::string& to) {
  if (!to.empty()) setting = to;
}

void change_settings(Group& group, const Group& changes) {
  change(group.name, changes.name);
  change(group.desc, changes.desc);
  change(group.announcement, changes.announcement);
  change(group.joining, changes.joining);
}

// Keeps what the newer description lacks. `is_page`: of its members, others are known already.
void update(Group& group, Group newer, bool is_page = false) {
  if (newer.members.empty() || is_page) {
    for (const Member& each : newer.members) put_once(group.members, each);
    newer.members = std::move(group.members);
    newer.all_members = newer.all_members || group.all_members;
  }
  if (newer.role.empty()) newer.role = group.role;
  group = std::move(newer);
}

std::optional<MissingPage> next_page(const char* kind, const std::string& cursor) {
  return cursor.empty() ? std::nullopt : std::optional(MissingPage{kind, cursor});
}

}  // namespace

void Roster::apply(Event& event) {
  base::MutexLock lock(mutex_);
  if (const auto* login = event.as<event::LoggedIn>()) apply_locked(*login);
  if (const auto* added = event.as<event::FriendAdded>()) put_once(friends_, added->added);
  if (const auto* created = event.as<event::GroupCreated>()) apply_locked(*created);
  if (const auto* joined = event.as<event::GroupJoined>()) apply_locked(*joined);
  if (const auto* shown = event.as<event::GroupShown>()) apply_locked(*shown);
  if (const auto* changed = event.as<event::GroupChanged>()) apply_locked(*changed);
  if (const auto* page = event.as<event::ListPage>()) apply_locked(*page);
  if (const auto* done = event.as<event::Done>()) apply_locked(*done);
  if (const auto* message = event.as<event::Message>()) apply_locked(*message);
  if (auto* receipt = std::get_if<event::Receipt>(&event.what)) apply_locked(*receipt);
  if (auto* contact = std::get_if<event::Contact>(&event.what)) apply_locked(*contact);
  if (auto* presence = std::get_if<event::Presence>(&event.what)) apply_locked(*presence);
}

void Roster::forget(UserId id) {
  base::MutexLock lock(mutex_);
  std::erase_if(friends_, [id](const Friend& each) { return each.id == id; });
}

std::vector<GroupId> Roster::take_unread_groups() {
  base::MutexLock lock(mutex_);
  return std::exchange(unread_groups_, {});
}

std::optional<MissingPage> Roster::missing_page() const {
  base::MutexLock lock(mutex_);
  return missing_groups_ ? missing_groups_ : missing_friends_;
}

void Roster::put_off_pages(base::SteadyTime until) {
  base::MutexLock lock(mutex_);
  pages_due_at_ = until;
}

bool Roster::pages_due(base::SteadyTime now) const {
  base::MutexLock lock(mutex_);
  return now >= pages_due_at_;
}

void Roster::give_up_pages() {
  base::MutexLock lock(mutex_);
  missing_friends_.reset();
  missing_groups_.reset();
}

bool Roster::has(GroupId id) const {
  base::MutexLock lock(mutex_);
  return std::any_of(groups_.begin(), groups_.end(),
                     [id](const Group& each) { return each.id == id; });
}

std::optional<Group> Roster::group(GroupId id) const {
  base::MutexLock lock(mutex_);
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [id](const Group& each) { return each.id == id; });
  return found == groups_.end() ? std::nullopt : std::optional(*found);
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
  groups_ = login.groups;
  unread_groups_.clear();
  pages_due_at_ = {};
  missing_friends_.reset();
  missing_groups_.reset();
  if (login.more_friends) missing_friends_ = {"friends", ""};
  if (login.more_groups) missing_groups_ = {"groups", ""};
}

void Roster::apply_locked(const event::GroupCreated& created) {
  groups_.push_back({created.id, created.name, created.desc, {self_}});
  groups_.back().all_members = true;
}

void Roster::apply_locked(const event::GroupJoined& joined) {
  put_once(groups_, joined.group);
}

void Roster::apply_locked(const event::GroupShown& shown) {
  Group* const group = find_locked(shown.group.id);
  if (group != nullptr) update(*group, shown.group, shown.further || !shown.cursor.empty());
}

// The pages begin with what the login's answer had.
void Roster::apply_locked(const event::ListPage& page) {
  if (page.friends && missing_friends_) {
    for (const Friend& each : *page.friends) put_once(friends_, each);
    missing_friends_ = next_page("friends", page.cursor);
  }
  if (page.groups && missing_groups_) {
    for (const Group& each : *page.groups) {
      Group* const known = find_locked(each.id);
      known == nullptr ? groups_.push_back(each) : update(*known, each);
    }
    missing_groups_ = next_page("groups", page.cursor);
  }
}

void Roster::apply_locked(const event::GroupChanged& changed) {
  const std::string& change = changed.change;
  if (change == "joined" && changed.id && changed.id != self_.id) {
    add_member_locked(changed.group, {changed.id, changed.name, "online", "normal"});
  } else if (change == "accepted") {
    add_group_locked(changed.group, changed.group_name);
  } else if (change == "left" || change == "removed") {
    remove_member_locked(changed.group, changed.id ? changed.id : self_.id);
  } else if (change == "dismissed") {
    if (Group* const group = find_locked(changed.group)) group->dismissed = true;
  }
}

void Roster::apply_locked(const event::Message& message) {
  if (!message.notice) return;
  if (message.notice->event == "joined" && message.notice->user == self_.id) {
    add_group_locked(message.group, message.group_name);
  }
  Group* const group = find_locked(message.group);
  if (group == nullptr) return;
  const event::GroupNotice& notice = *message.notice;
  if (notice.event == "left" || notice.event == "removed") {
    if (notice.user) remove_member_locked(message.group, notice.user);
  } else if (notice.event == "role") {
    set_role_locked(message.group, notice.user, notice.role);
  } else if (notice.event == "settings") {
    change_settings(*group, notice.settings);
  } else if (notice.event == "dismissed") {
    group->dismissed = true;
  }
}

void Roster::apply_locked(const event::Done& done) {
  const std::string& command = done.command;
  if (command == "remove") {
    std::erase_if(friends_, [&](const Friend& each) { return each.id == done.user.id; });
  } else if (command == "leave" || command == "dismiss") {
    remove_member_locked(done.group.id, self_.id);
  } else if (command == "kick") {
    remove_member_locked(done.group.id, done.user.id);
  } else if (command == "accept-join") {
    add_member_locked(done.group.id, {done.user.id, done.user.name, "offline", "normal"});
  } else if (command == "promote") {
    set_role_locked(done.group.id, done.user.id, "admin");
  } else if (command == "demote") {
    set_role_locked(done.group.id, done.user.id, "normal");
  } else if (command == "handover") {
    set_role_locked(done.group.id, self_.id, "admin");
    set_role_locked(done.group.id, done.user.id, "creator");
  }
}

Group* Roster::find_locked(GroupId id) {
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [id](const Group& group) { return group.id == id; });
  return found == groups_.end() ? nullptr : &*found;
}

// A group that the user has been let into by somebody else.
void Roster::add_group_locked(GroupId id, const std::string& name) {
  if (find_locked(id) != nullptr) return;
  groups_.push_back({id, name, "", {{self_.id, self_.name, "online", "normal"}}});
  unread_groups_.push_back(id);
}

void Roster::add_member_locked(GroupId id, const Member& member) {
  Group* const group = find_locked(id);
  if (group == nullptr) return;
  const bool here = std::any_of(group->members.begin(), group->members.end(),
                                [&](const Member& each) { return each.id == member.id; });
  if (!here) group->members.push_back(member);
}

// The user's own leaving or dismissing removes the group.
void Roster::remove_member_locked(GroupId id, UserId user) {
  if (user == self_.id) {
    std::erase_if(groups_, [id](const Group& group) { return group.id == id; });
  } else if (Group* const group = find_locked(id)) {
    std::erase_if(group->members, [user](const Member& each) { return each.id == user; });
  }
}

void Roster::set_role_locked(GroupId id, UserId user, const std::string& role) {
  Group* const group = find_locked(id);
  if (group == nullptr) return;
  if (user == self_.id) group->role = role;
  for (Member& member : group->members) {
    if (member.id == user) member.role = role;
  }
}

void Roster::apply_locked(event::Receipt& receipt) {
  for (const Friend& each : friends_) {
    if (each.id == receipt.id) receipt.name = each.name;
  }
}

void Roster::apply_locked(event::Contact& contact) {
  if (contact.event == "accepted") put_once(friends_, {contact.id, contact.name, "online"});
  if (contact.event == "removed") {
    std::erase_if(friends_, [&](const Friend& each) { return each.id == contact.id; });
  }
  contact.stranger =
      !missing_friends_ && std::none_of(friends_.begin(), friends_.end(),
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
