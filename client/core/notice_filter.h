#pragma once

#include <compare>
#include <cstddef>
#include <deque>
#include <string>

#include "chat/base/ids.h"
#include "client/core/event.h"

namespace chat::client {

// Marks events that repeat what the user knows. A change in a group arrives as a message of the
// group (a notice) and as a push (GroupChanged), in either order, and an older server sends the
// push only; the first is shown. Of the user's own acts, the answer is shown; their push comes,
// but no notice.
// Threading: confined to one thread. Bounds: kMax changes.
class NoticeFilter {
 public:
  static constexpr std::size_t kMax = 200;

  void apply(Event& event, UserId self);

 private:
  struct Change {
    GroupId group{};
    UserId user{};
    std::string event{};
    bool as_notice = false;
    friend bool operator==(const Change&, const Change&) = default;
  };

  bool repeats(Change change);
  void forget_pushes_before(const Change& change);

  std::deque<Change> shown_;  // those whose other form is still expected, oldest first
};

}  // namespace chat::client
