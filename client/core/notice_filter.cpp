#include "client/core/notice_filter.h"

#include <algorithm>
#include <utility>

namespace chat::client {
namespace {

// The push says only that a removed member has left.
std::string common_name(const std::string& change) {
  return change == "removed" ? "left" : change;
}

// The change of a member that the user's own command has caused; empty: none that is pushed.
std::string change_by(const event::Done& done) {
  if (done.command == "kick") return "left";
  return done.command == "accept-join" ? "joined" : "";
}

}  // namespace

// True if the other form of the same change has been shown; that is then forgotten, because the
// same may happen again.
bool NoticeFilter::repeats(Change change) {
  Change other = change;
  other.as_notice = !change.as_notice;
  const auto found = std::find(shown_.begin(), shown_.end(), other);
  if (found != shown_.end()) {
    shown_.erase(found);
    if (!change.as_notice) forget_pushes_before(change);
    return true;
  }
  shown_.push_back(std::move(change));
  if (shown_.size() > kMax) shown_.pop_front();
  return false;
}

// After both forms of a change: notices come in order, so if that of an earlier change of the same
// member is missing, it never comes.
void NoticeFilter::forget_pushes_before(const Change& change) {
  std::erase_if(shown_, [&](const Change& each) {
    return !each.as_notice && each.group == change.group && each.user == change.user &&
           each.event != change.event;
  });
}

// After a login, the notices that were missed come without their pushes.
void NoticeFilter::apply(Event& event, UserId self) {
  if (event.as<event::LoggedIn>()) shown_.clear();
  if (const auto* done = event.as<event::Done>(); done && !change_by(*done).empty()) {
    repeats({done->group.id, done->user.id, change_by(*done), true});
  }
  if (auto* message = std::get_if<event::Message>(&event.what); message && message->notice) {
    event::GroupNotice& notice = *message->notice;
    const bool own = self && notice.by == self;
    const bool repeated = repeats({message->group, notice.user, common_name(notice.event), true});
    notice.repeat = own || repeated;
  }
  if (auto* changed = std::get_if<event::GroupChanged>(&event.what)) {
    changed->self = self;
    if (changed->change == "invited" || changed->change == "request") return;
    const bool own = self && changed->by.id == self;
    const bool own_joining = changed->change == "accepted";
    const UserId user = own_joining || !changed->id ? self : changed->id;
    const UserId concerned = changed->id || own_joining ? user : UserId{};
    changed->repeat = own || repeats({changed->group, concerned,
                                      own_joining ? "joined" : common_name(changed->change)});
  }
}

}  // namespace chat::client
