#include "client/core/group_requests.h"

namespace chat::client {

void GroupRequests::apply(const Event& event) {
  base::MutexLock lock(mutex_);
  if (const auto* login = event.as<event::LoggedIn>()) apply_locked(*login);
  if (const auto* changed = event.as<event::GroupChanged>()) apply_locked(*changed);
  if (const auto* done = event.as<event::Done>()) apply_locked(*done);
  if (const auto* joined = event.as<event::GroupJoined>()) drop_group_locked(joined->group.id);
}

std::vector<JoinRequest> GroupRequests::joins() const {
  base::MutexLock lock(mutex_);
  return joins_;
}

std::vector<Invitation> GroupRequests::invitations() const {
  base::MutexLock lock(mutex_);
  return invitations_;
}

void GroupRequests::apply_locked(const event::LoggedIn& login) {
  if (login.id == self_) return;
  self_ = login.id;
  joins_.clear();
  invitations_.clear();
}

void GroupRequests::apply_locked(const event::GroupChanged& changed) {
  const GroupRef group{changed.group, changed.group_name};
  if (changed.change == "invited") {
    drop_group_locked(group.id);
    if (invitations_.size() < kMax) invitations_.push_back({group, changed.by});
  } else if (changed.change == "request") {
    drop_join_locked(group.id, changed.id);
    if (joins_.size() < kMax) joins_.push_back({group, {changed.id, changed.name}, changed.text});
  } else if (changed.change == "joined") {
    drop_join_locked(group.id, changed.id);
  } else if (changed.change == "dismissed" || changed.change == "accepted") {
    drop_group_locked(group.id);
  }
}

void GroupRequests::apply_locked(const event::Done& done) {
  if (done.command == "accept-join" || done.command == "refuse-join") {
    drop_join_locked(done.group.id, done.user.id);
  } else if (done.command == "leave" || done.command == "dismiss" || done.command == "decline") {
    drop_group_locked(done.group.id);
  }
}

void GroupRequests::drop_join_locked(GroupId group, UserId user) {
  std::erase_if(joins_, [&](const JoinRequest& each) {
    return each.group.id == group && each.user.id == user;
  });
}

void GroupRequests::drop_group_locked(GroupId group) {
  std::erase_if(joins_, [&](const JoinRequest& each) { return each.group.id == group; });
  std::erase_if(invitations_, [&](const Invitation& each) { return each.group.id == group; });
}

}  // namespace chat::client
