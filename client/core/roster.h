#pragma once

#include <string>
#include <vector>

#include "chat/base/mutex.h"
#include "client/core/event.h"

namespace chat::client {

// The logged-in user's friends and groups, as the events so far tell them.
// Threading: thread-safe.
class Roster {
 public:
  // Takes in what an event says about friends and groups, and gives a presence its name; other
  // events are ignored.
  void apply(Event& event);

  std::vector<Friend> friends() const;
  std::vector<Group> groups() const;

 private:
  void apply_locked(const event::LoggedIn& login) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupCreated& created) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupJoined& joined) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupChanged& changed) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Receipt& receipt) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Contact& contact) CHAT_REQUIRES(mutex_);
  void apply_locked(event::Presence& presence) CHAT_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  Member self_ CHAT_GUARDED_BY(mutex_);
  std::vector<Friend> friends_ CHAT_GUARDED_BY(mutex_);
  bool more_friends_ CHAT_GUARDED_BY(mutex_) = false;  // than these
  std::vector<Group> groups_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client
