#include "client/core/name_book.h"

#include <utility>
#include <variant>

#include "client/core/text.h"

namespace chat::client {
namespace {

template <typename Id>
void put(std::map<Id, std::string>& names, Id id, const std::string& name) {
  if (!id || name.empty()) return;
  if (names.size() >= NameBook::kMax && !names.contains(id)) names.erase(names.begin());
  names[id] = name;
}

// Whoever else had the name no longer has it: names are unique.
void put_owner(std::map<UserId, std::string>& names, UserId id, const std::string& name) {
  std::erase_if(names, [&](const auto& each) { return each.second == name && each.first != id; });
  put(names, id, name);
}

template <typename Ref, typename Id>
std::vector<Ref> list(const std::map<Id, std::string>& names) {
  std::vector<Ref> out;
  out.reserve(names.size());
  for (const auto& [id, name] : names) out.push_back({id, name});
  return out;
}

template <typename Id>
std::string name_in(const std::map<Id, std::string>& names, Id id) {
  const auto found = names.find(id);
  return found == names.end() ? std::string() : found->second;
}

template <typename Id>
void complete(const std::map<Id, std::string>& names, Id id, std::string& name) {
  if (id && name.empty()) name = name_in(names, id);
}

// Learns the names in an event.
struct Learner {
  KnownNames& known;

  void user(UserId id, const std::string& name) { put(known.users, id, name); }
  void owner(const Person& who) { put_owner(known.users, who.id, who.name); }
  void group(GroupId id, const std::string& name) { put(known.groups, id, name); }
  void group(const Group& each) {
    group(each.id, each.name);
    for (const Member& member : each.members) user(member.id, member.name);
  }

  template <typename T>
  void operator()(const T& /*event*/) {}
  void operator()(const event::LoggedIn& e) {
    user(e.id, e.name);
    for (const Friend& each : e.friends) user(each.id, each.name);
    for (const Group& each : e.groups) group(each);
    for (const event::Message& each : e.offline) (*this)(each);
  }
  void operator()(const event::Message& e) {
    if (!e.notice) return user(e.from, e.name);
    group(e.group, e.notice->settings.name);
  }
  void operator()(const event::History& e) {
    for (const event::Message& each : e.messages) (*this)(each);
  }
  void operator()(const event::Registered& e) { user(e.id, e.name); }
  void operator()(const event::FriendAdded& e) { user(e.added.id, e.added.name); }
  void operator()(const event::GroupCreated& e) { group(e.id, e.name); }
  void operator()(const event::GroupJoined& e) { group(e.group); }
  void operator()(const event::GroupShown& e) { group(e.group); }
  void operator()(const event::Profile& e) { owner(e.person); }
  void operator()(const event::UsersFound& e) {
    for (const Person& each : e.users) owner(each);
  }
  void operator()(const event::GroupsFound& e) {
    for (const Group& each : e.groups) group(each);
  }
  void operator()(const event::ListPage& e) {
    for (const FriendRequest& each : e.requests) user(each.user.id, each.user.name);
    for (const FriendRequest& each : e.sent) user(each.user.id, each.user.name);
    for (const Person& each : e.blocked) user(each.id, each.name);
    for (const JoinRequest& each : e.joins) {
      user(each.user.id, each.user.name);
      group(each.group.id, each.group.name);
    }
    for (const Invitation& each : e.invitations) {
      user(each.by.id, each.by.name);
      group(each.group.id, each.group.name);
    }
    if (e.friends) {
      for (const Friend& each : *e.friends) user(each.id, each.name);
    }
    if (e.groups) {
      for (const Group& each : *e.groups) group(each);
    }
  }
  void operator()(const event::Contact& e) { user(e.id, e.name); }
  void operator()(const event::Inbox& e) {
    for (const event::Conversation& each : e.conversations) {
      user(each.target.user, each.name);
      group(each.target.group, each.name);
    }
  }
  void operator()(const event::Readers& e) {
    for (const UserRef& each : e.users) user(each.id, each.name);
  }
  void operator()(const event::GroupChanged& e) {
    user(e.id, e.name);
    user(e.by.id, e.by.name);
    group(e.group, e.group_name);
  }
};

// Adds names to an event.
struct Completer {
  const KnownNames& known;

  void user(UserRef& ref) { complete(known.users, ref.id, ref.name); }
  void group(GroupRef& ref) { complete(known.groups, ref.id, ref.name); }

  template <typename T>
  void operator()(T& /*event*/) {}
  void operator()(event::LoggedIn& e) {
    for (event::Message& each : e.offline) (*this)(each);
  }
  void operator()(event::Message& e) { complete(known.groups, e.group, e.group_name); }
  void operator()(event::History& e) {
    for (event::Message& each : e.messages) (*this)(each);
  }
  void operator()(event::Presence& e) { complete(known.users, e.id, e.name); }
  void operator()(event::Receipt& e) { complete(known.users, e.id, e.name); }
  void operator()(event::Done& e) {
    user(e.user);
    group(e.group);
  }
  void operator()(event::Requested& e) {
    user(e.user);
    group(e.group);
  }
  void operator()(event::InviteCode& e) { group(e.group); }
  void operator()(event::GroupChanged& e) {
    complete(known.users, e.id, e.name);
    complete(known.groups, e.group, e.group_name);
    user(e.by);
  }
  void operator()(event::Refused& e) {
    if (!e.about.empty() || (!e.target.user && !e.target.group)) return;
    const std::string name = e.target.group ? name_in(known.groups, e.target.group)
                                            : name_in(known.users, e.target.user);
    const std::int32_t id = e.target.group ? e.target.group.value : e.target.user.value;
    e.about = name.empty() ? std::to_string(id) : shown_name(name);
  }
};

}  // namespace

void NameBook::apply(Event& event) {
  base::MutexLock lock(mutex_);
  std::visit(Learner{known_}, std::as_const(event.what));
  std::visit(Completer{known_}, event.what);
}

void NameBook::forget(UserId id) {
  base::MutexLock lock(mutex_);
  known_.users.erase(id);
}

std::vector<UserRef> NameBook::users() const {
  base::MutexLock lock(mutex_);
  return list<UserRef>(known_.users);
}

std::vector<GroupRef> NameBook::groups() const {
  base::MutexLock lock(mutex_);
  return list<GroupRef>(known_.groups);
}

std::vector<UserRef> NameBook::users_named(std::string_view name) const {
  base::MutexLock lock(mutex_);
  std::vector<UserRef> out;
  for (const auto& [id, known] : known_.users) {
    if (known == name) out.push_back({id, known});
  }
  return out;
}

std::vector<GroupRef> NameBook::groups_named(std::string_view name) const {
  return named<GroupRef>(name, groups());
}

UserRef NameBook::user(UserId id) const {
  base::MutexLock lock(mutex_);
  return {id, name_in(known_.users, id)};
}

GroupRef NameBook::group(GroupId id) const {
  base::MutexLock lock(mutex_);
  return {id, name_in(known_.groups, id)};
}

}  // namespace chat::client
