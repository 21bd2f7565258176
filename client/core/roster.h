#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "client/core/event.h"

namespace chat::client {

// A page of LIST that has not been read.
struct MissingPage {
  std::string kind;    // "friends" or "groups"
  std::string cursor;  // empty: the first page
};

// The logged-in user's friends and groups, according to the events so far. If the login's answer
// had no room for all of them, pages of LIST add the others.
// Threading: thread-safe.
class Roster {
 public:
  // Updates the lists from an event about friends or groups, and adds the name to a presence event;
  // ignores other events.
  void apply(Event& event);
  void forget(UserId id);  // the account no longer exists

  // The groups that the user has been let into, of which only the id is known; once each.
  std::vector<GroupId> take_unread_groups();

  // The next page to read, those of groups first; nothing if both lists are complete.
  std::optional<MissingPage> missing_page() const;
  void put_off_pages(base::SteadyTime until);
  bool pages_due(base::SteadyTime now) const;
  void give_up_pages();  // the server does not have them

  bool has(GroupId id) const;
  std::optional<Group> group(GroupId id) const;

  std::vector<Friend> friends() const;
  std::vector<Group> groups() const;

 private:
  void apply_locked(const event::LoggedIn& login) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupCreated& created) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupJoined& joined) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupShown& shown) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::ListPage& page) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::Done& done) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::Message& message) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupChanged& changed) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Receipt& receipt) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Contact& contact) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Presence& presence) CHAT_REQUIRES(mutex_);

  Group* find_locked(GroupId id) CHAT_REQUIRES(mutex_);
  void add_group_locked(GroupId id, const std::string& name) CHAT_REQUIRES(mutex_);
  void add_member_locked(GroupId id, const Member& member) CHAT_REQUIRES(mutex_);
  void remove_member_locked(GroupId id, UserId user) CHAT_REQUIRES(mutex_);
  void set_role_locked(GroupId id, UserId user, const std::string& role) CHAT_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  Member self_ CHAT_GUARDED_BY(mutex_);
  std::vector<Friend> friends_ CHAT_GUARDED_BY(mutex_);
  std::optional<MissingPage> missing_friends_ CHAT_GUARDED_BY(mutex_);
  std::vector<Group> groups_ CHAT_GUARDED_BY(mutex_);
  std::optional<MissingPage> missing_groups_ CHAT_GUARDED_BY(mutex_);
  base::SteadyTime pages_due_at_ CHAT_GUARDED_BY(mutex_){};
  std::vector<GroupId> unread_groups_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client
