#include "client/core/notice_filter.h"

#include <algorithm>
#include <utility>

namespace chat::client {
namespace {

// The push says only that a removed member has left.
std::string common_name(const std::string& change) {
  return change == "removed" ? "left" : change;
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
    return true;
  }
  shown_.push_back(std::move(change));
  if (shown_.size() > kMax) shown_.pop_front();
  return false;
}

void NoticeFilter::apply(Event& event, UserId self) {
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
