// The part of Window that begins and ends streams: those of the login, and memberships that begin
// or end during the session.
//
// What says so arrives in any order: the group's events, live or from the table; calls of join();
// and positions that were read from the table some time ago. A membership ends with an event row,
// the last one that its user gets, and a later membership begins at or past that row. So positions
// that end where the present membership begins, or before, are those of an earlier one.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/sabotage.h"
#include "chat/session/session.h"
#include "delivery/push/window.h"

namespace chat::delivery {
namespace {

// More than the clocks of servers can differ.
constexpr UnixMillis kClocksDiffer = 60'000;

constexpr std::size_t kKeptEnds = 100;

// The wall clock, as if it had never been set back: messages that were sent before remain later.
UnixMillis latest_time() {
  static std::atomic<UnixMillis> most_ahead = 0;
  const auto& clock = base::system_clock();
  const UnixMillis running =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.boot_now().time_since_epoch())
          .count();
  const UnixMillis ahead = clock.unix_millis() - running;
  UnixMillis most = most_ahead.load(std::memory_order_relaxed);
  while (most < ahead && !most_ahead.compare_exchange_weak(most, ahead)) {
  }
  return running + std::max(most, ahead);
}

// When the last message was sent that the user received in an earlier session; if that is unknown,
// a time that is surely later.
UnixMillis last_had_at(const StreamPosition& item) {
  return item.delivered_at != 0 ? item.delivered_at : latest_time() + kClocksDiffer;
}

}  // namespace

// Positions read for the login. The user may have joined or left groups since they were read.
void Window::start_at(const StreamPosition& item) {
  if (is_outdated(item)) return;
  Position& position = begin_at(item);
  position.unconfirmed = false;
  const bool group = item.stream.is_group();
  position.pushed = group ? std::max(position.pushed, item.delivered) : item.delivered;
  position.delivered = group ? std::max(position.delivered, item.delivered) : item.delivered;
  position.began = std::max(position.began, item.delivered);
  position.pushed_at = last_had_at(item);
  position.target = std::max(position.target, item.head);
  if (position.end != 0) position.target = std::min(position.target, position.end);
}

// The user has left the groups that were read before the window was made, but are not among its
// positions.
void Window::leave_missing() {
  std::vector<GroupId> missing;
  for (const Position& position : positions_) {
    if (position.unconfirmed) missing.push_back(position.stream.group());
  }
  for (const GroupId group : missing) leave(group);
}

void Window::join(GroupId group, Seq joined_seq) {
  if (stage_ == Stage::kFinishing) return;
  Position* known = find(StreamKey::of(group));
  // Already live: every position of a group comes with an entry in its roster, until it ends.
  if (known != nullptr && known->end == 0 && known->pushed >= joined_seq) {
    known->unconfirmed = false;
    known->began = std::max(known->began, joined_seq);
    return;
  }
  if (known != nullptr && known->end > joined_seq) return;  // left again since
  listen_to(group);
  Position& joined = position_of(StreamKey::of(group));
  joined.end = 0;
  joined.began = joined_seq;
  joined.unconfirmed = false;
  joined.pushed = std::max(joined.pushed, joined_seq);
  joined.delivered = std::max(joined.delivered, joined_seq);
  // What came before is none of the member's, and no row up to the join is lost without the join.
  joined.pushed_at = 0;
  // A message may have been committed since the user joined.
  fall_behind(joined, joined.pushed + 1);
}

// True if the item says that a membership has ended, and a later one has begun.
bool Window::is_outdated(const StreamPosition& item) {
  if (item.end == 0) return false;
  const Position* known = find(item.stream);
  return known != nullptr && known->end == 0 && item.end <= known->began;
}

// The position of a stream in the table. A stream unknown to the window starts where the table
// says; position 0 of a group is before the user joined.
Window::Position& Window::begin_at(const StreamPosition& item) {
  Position* known = find(item.stream);
  if (known != nullptr) {
    const bool again = known->end != 0 && item.end != known->end && item.delivered >= known->end;
    if (!again) {
      if (item.end != 0) end_at(*known, item.end);
      return *known;
    }
    leave(item.stream.group());  // a member again: a new beginning
  }
  if (item.stream.is_group() && item.end == 0) listen_to(item.stream.group());
  Position& position = position_of(item.stream);
  position.end = item.end;
  position.began = item.delivered;
  position.pushed = item.delivered;
  position.delivered = item.delivered;
  position.pushed_at = last_had_at(item);
  return position;
}

// Checks the group again once its channel is subscribed. If another member has subscribed it, that
// may be unconfirmed yet; an empty subscription is confirmed after all earlier ones.
void Window::listen_to(GroupId group) {
  std::vector<cluster::Channel> channels;
  if (loop_.add_to_roster(group, *this)) channels.push_back(cluster::channel_of(group));
  loop_.listen(std::move(channels), [session = session_.shared_from_this(), id = id_, group] {
    session->post_to_loop([session, id, group] {
      Window* window = Window::of(*session);
      if (window == nullptr || window->id() != id) return;
      Position* position = window->find(StreamKey::of(group));
      if (position != nullptr) window->fall_behind(*position, position->pushed + 1);
    });
  });
}

// Only of those that have received everything; the newest are kept, because their messages may be
// acknowledged again or read.
void Window::forget_ends() {
  std::vector<std::pair<UnixMillis, GroupId>> ends;
  for (const Position& position : positions_) {
    const bool received = position.delivered >= position.end;
    if (position.end != 0 && received) {
      ends.emplace_back(position.pushed_at, position.stream.group());
    }
  }
  if (ends.size() <= 2 * kKeptEnds) return;
  std::sort(ends.begin(), ends.end());
  for (std::size_t i = 0; i < ends.size() - kKeptEnds; ++i) leave(ends[i].second);
}

// Nothing past `last` is pushed from now on.
void Window::end_at(Position& position, Seq last) {
  if (position.end != 0 || base::sabotaged(base::Sabotage::kEndlessWindows)) return;
  position.end = last;
  position.target = std::min(std::max(position.target, position.pushed), last);
  loop_.remove_from_roster(position.stream.group(), *this);
}

}  // namespace chat::delivery
