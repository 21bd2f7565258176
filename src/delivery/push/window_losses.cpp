// The part of Window that handles a database that has lost rows: pushed messages that are no longer
// in the table, and lost memberships.
#include <algorithm>
#include <utility>

#include "chat/base/log_limiter.h"
#include "delivery/push/window.h"

namespace chat::delivery {
namespace {

constinit log::Limiter lost_window_rows{log::kUsualLines};
constinit log::Limiter lost_groups{log::kUsualLines};

}  // namespace

// Times never decrease within a stream. So a message that is later than the last pushed one, but
// has no higher seq, is not the one that had this seq before: the database has lost rows.
bool Window::reuses_a_seq(const Position& position, const Push& message) {
  return position.pushed_at != 0 && message.sent_at > position.pushed_at;
}

// The database may have lost rows: reads the stream again from there. The messages' times tell
// which were pushed already and which are new under a reused seq.
void Window::recheck(Position& position, Seq after) {
  if (position.pushed_at == 0 || find_recheck(position.stream) != nullptr) return;
  add_rewind({position.stream, after, true});
  if (!catching_up_) apply_rewinds();
  behind_ = true;
  catch_up();
}

void Window::begin_recheck(Position& position, Seq after) {
  if (after >= position.pushed || find_recheck(position.stream) != nullptr) return;
  waiting().rechecks.push_back({position.stream, position.pushed, position.pushed_at});
  note_rewound(position);
}

Window::Recheck* Window::find_recheck(StreamKey stream) {
  if (!waiting_) return nullptr;
  auto& rechecks = waiting_->rechecks;
  const auto found = std::find_if(rechecks.begin(), rechecks.end(),
                                  [stream](const Recheck& item) { return item.stream == stream; });
  return found == rechecks.end() ? nullptr : &*found;
}

// True if a message of a rechecked stream was pushed before. The first one that was not ends the
// recheck.
bool Window::is_had_already(Position& position, const Push& message) {
  const Recheck* had = find_recheck(position.stream);
  if (had == nullptr) return false;
  if (message.seq <= had->pushed && message.sent_at <= had->pushed_at) return true;
  if (message.seq <= had->pushed) {
    rows_lost(position, *had);
  } else {
    end_recheck(position.stream);
  }
  return false;
}

// Messages pushed past the position can no longer be acknowledged.
void Window::rows_lost(Position& position, const Recheck& had) {
  log::limited(
      log::Level::kError, lost_window_rows, "event=rows_lost user={} stream={} id={} from={} to={}",
      user_.value, position.stream.is_group() ? "group" : "direct",
      position.stream.is_group() ? position.stream.group().value : position.stream.sender().value,
      position.pushed + 1, had.pushed);
  const Seq last = position.pushed;
  position.delivered = std::min(position.delivered, last);
  position.read = std::min(position.read, last);
  std::erase_if(waiting_->rewound,
                [&](const Place& before) { return before.stream == position.stream; });
  for (Mark& mark : marks_) {
    if (mark.stream == position.stream) mark.seq = std::min(mark.seq, last);
  }
  end_recheck(position.stream);
}

void Window::end_recheck(StreamKey stream) {
  std::erase_if(waiting_->rechecks,
                [stream](const Recheck& item) { return item.stream == stream; });
  forget_waiting();
}

void Window::keep_groups(const std::vector<GroupId>& groups, base::SteadyTime read_began) {
  if (stage_ == Stage::kFinishing) return;
  const std::vector<Doubt> before =
      waiting_ ? std::exchange(waiting_->doubts, {}) : std::vector<Doubt>();
  std::vector<GroupId> lost;
  for (const Position& position : positions_) {
    if (!position.stream.is_group() || position.end != 0) continue;
    const GroupId group = position.stream.group();
    if (std::binary_search(groups.begin(), groups.end(), group)) continue;
    const auto doubt = std::find_if(before.begin(), before.end(),
                                    [group](const Doubt& item) { return item.group == group; });
    if (doubt == before.end()) {
      waiting().doubts.push_back({group, std::chrono::steady_clock::now()});
    } else if (doubt->since < read_began) {
      lost.push_back(group);
    } else {
      waiting().doubts.push_back(*doubt);
    }
  }
  for (const GroupId group : lost) leave(group);
  if (waiting_) forget_waiting();
  if (lost.empty()) return;
  log::limited(log::Level::kError, lost_groups, "event=groups_lost user={} groups={} first={}",
               user_.value, lost.size(), lost.front().value);
}

void Window::leave(GroupId group) {
  const StreamKey stream = StreamKey::of(group);
  const auto of_stream = [stream](const auto& item) { return item.stream == stream; };
  loop_.remove_from_roster(group, *this);
  std::erase_if(positions_, of_stream);
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(marks_head_));
  marks_head_ = 0;
  std::erase_if(marks_, of_stream);
  if (!waiting_) return;
  std::erase_if(waiting_->rewinds, of_stream);
  std::erase_if(waiting_->rewound, of_stream);
  std::erase_if(waiting_->rechecks, of_stream);
}

// The user may have left the group since the page was requested.
bool Window::is_left(StreamKey stream) {
  return stream.is_group() && find(stream) == nullptr;
}

}  // namespace chat::delivery
