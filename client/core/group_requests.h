#pragma once

#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "client/core/contacts.h"
#include "client/core/event.h"

namespace chat::client {

// Requests to join the user's groups, and invitations of the user, that have arrived as pushes and
// wait for an answer.
// Threading: thread-safe. Bounds: kMax of each.
class GroupRequests {
 public:
  static constexpr std::size_t kMax = 1000;

  void apply(const Event& event);

  std::vector<JoinRequest> joins() const;
  std::vector<Invitation> invitations() const;

 private:
  void apply_locked(const event::LoggedIn& login) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::GroupChanged& changed) CHAT_REQUIRES(mutex_);
  void apply_locked(const event::Done& done) CHAT_REQUIRES(mutex_);
  void drop_join_locked(GroupId group, UserId user) CHAT_REQUIRES(mutex_);
  void drop_group_locked(GroupId group) CHAT_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  UserId self_ CHAT_GUARDED_BY(mutex_);
  std::vector<JoinRequest> joins_ CHAT_GUARDED_BY(mutex_);
  std::vector<Invitation> invitations_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client
