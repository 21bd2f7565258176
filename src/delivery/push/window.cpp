#include "delivery/push/window.h"

#include <algorithm>
#include <utility>

#include "chat/base/clock.h"
#include "chat/session/session.h"
#include "chat/session/socket_side.h"
#include "delivery/push/told_receipts.h"

namespace chat::delivery {
namespace {

// The most streams read in one catch-up; the others follow in the next.
constexpr std::size_t kStreamsPerCatchUp = 64;
// Reached marks are removed once there are this many.
constexpr std::size_t kMarksTrim = 256;
// How far before a message with a reused seq the table is searched for more of them.
constexpr Seq kLostTail = 256;

}  // namespace

Window::Window(WindowHost& loop, session::Session& session, std::uint64_t id, UserId user,
               bool acknowledges)
    : loop_(loop), session_(session), id_(id), user_(user), acknowledges_(acknowledges) {}

Window::~Window() = default;

Window* Window::of(session::Session& session) {
  return static_cast<Window*>(session.socket().outlet());
}

Window* Window::of(session::Session& session, UserId user) {
  Window* window = of(session);
  return window != nullptr && window->user_ == user ? window : nullptr;
}

void Window::release(const std::vector<StreamPosition>& positions, const std::vector<Push>& sent) {
  positions_.reserve(positions.size());
  for (const StreamPosition& item : positions) start_at(item);
  leave_missing();
  stage_ = Stage::kOpen;
  for (const Push& push : sent) {
    if (is_left(push.stream)) continue;
    Position& position = position_of(push.stream);
    if (push.seq <= position.pushed) continue;  // of a membership before the present one
    position.pushed = push.seq;
    position.pushed_at = push.sent_at;
    position.receipt_wanted = true;
    note_delivered(position, push.seq);
    // Removed since the positions were read.
    if (push.ended == user_) end_at(position, push.seq);
  }
  tell_missed();
  behind_ = true;
  catch_up();
}

void Window::offer(const Push& message) {
  if (stage_ == Stage::kFinishing) return;
  Position& position = position_of(message.stream);
  if (position.end != 0) return;
  if (message.seq <= position.pushed) {
    if (reuses_a_seq(position, message)) {
      recheck(position, std::max<Seq>(message.seq - 1 - kLostTail, 0));
    }
    return;
  }
  const bool rechecked = find_recheck(position.stream) != nullptr;
  const bool has_json = !message.json->empty();
  if (message.seq == position.pushed + 1 && ready() && !rechecked && has_json) {
    push(position, message);
  } else {
    // From now on the user is told of nothing more, though it has yet to get this and what was
    // before.
    if (message.ended == user_) end_at(position, message.seq);
    fall_behind(position, message.seq);
  }
}

void Window::notice(const StreamPosition& item) {
  if (stage_ == Stage::kFinishing || is_outdated(item)) return;
  Position& position = begin_at(item);
  if (item.head > position.pushed) fall_behind(position, item.head);
  // The head may also just predate the last push; the recheck then finds the messages.
  if (item.head < position.pushed) recheck(position, item.head);
}

void Window::finish(base::Task then) {
  stage_ = Stage::kFinishing;
  waiting().finished = std::move(then);
  advance_marks();
}

void Window::try_again() {
  catching_up_ = false;
  apply_rewinds();
  catch_up();
}

void Window::fill(const Page& page) {
  catching_up_ = false;
  // If the output is full, the rest stays in the table and on_written() continues.
  if (push_page(page)) note_ends(page);
  apply_rewinds();
  catch_up();
}

// Messages read from the table are charged to the client's rate limit: little for a first push, and
// like a reply for a push that the client has caused to be repeated.
bool Window::push_page(const Page& page) {
  using session::SessionOptions;
  std::size_t fresh_bytes = 0;
  std::size_t repeated_bytes = 0;
  bool whole = true;
  for (const Push& message : page.pushes) {
    whole = ready();
    if (!whole) break;
    if (is_left(message.stream)) continue;
    Position& position = position_of(message.stream);
    // The table is read in order from `pushed` on, so a seq that it skips does not exist.
    if (message.seq <= position.pushed) continue;
    if (is_had_already(position, message)) {
      position.pushed = message.seq;
      continue;
    }
    (was_pushed(position, message.seq) ? repeated_bytes : fresh_bytes) += message.json->size();
    push(position, message);
  }
  session_.socket().charge(
      static_cast<std::int64_t>(repeated_bytes) / SessionOptions::kReplyBytesPerByte +
      static_cast<std::int64_t>(fresh_bytes) / SessionOptions::kCatchUpBytesPerByte);
  return whole;
}

// A message missing from the table does not exist yet; its own push will announce it. If that push
// or another hint arrived while the page was being read, the page may predate it and is read again.
void Window::note_ends(const Page& page) {
  for (const StreamKey stream : page.ended) {
    if (is_left(stream)) continue;
    Position& position = position_of(stream);
    if (position.target <= position.asked) position.target = position.pushed;
    const Recheck* had = find_recheck(stream);
    if (had == nullptr) continue;
    if (position.pushed < had->pushed) {
      rows_lost(position, *had);
    } else {
      end_recheck(stream);
    }
  }
}

bool Window::acknowledge(StreamKey stream, Seq seq) {
  Position* position = find(stream);
  if (position == nullptr) return seq <= 0;
  if (!was_pushed(*position, seq)) return false;
  move_delivered(*position, seq);
  return true;
}

// A client may also acknowledge messages pushed before its SYNC.
bool Window::was_pushed(const Position& position, Seq seq) const {
  if (seq <= position.pushed) return true;
  if (!waiting_) return false;
  const auto& rewound = waiting_->rewound;
  return std::any_of(rewound.begin(), rewound.end(), [&](const Place& before) {
    return before.stream == position.stream && seq <= before.seq;
  });
}

void Window::note_rewound(const Position& position) {
  auto& rewound = waiting().rewound;
  const auto known = std::find_if(rewound.begin(), rewound.end(), [&](const Place& before) {
    return before.stream == position.stream;
  });
  if (known == rewound.end()) return rewound.push_back({position.stream, position.pushed});
  known->seq = std::max(known->seq, position.pushed);
}

bool Window::mark_read(StreamKey stream, Seq seq) {
  if (!acknowledge(stream, seq)) return false;
  if (Position* position = find(stream)) move_read(*position, seq);
  return true;
}

std::vector<storage::CursorMove> Window::reads() const {
  std::vector<storage::CursorMove> all;
  for (const Position& position : positions_) {
    if (position.read == 0) continue;
    all.push_back({user_, position.stream.sender(), position.stream.group(), 0, position.read});
  }
  return all;
}

// The messages that are pushed later, but were sent before, follow in push().
void Window::note_own(StreamKey stream, UnixMillis sent_at) {
  Position* position = find(stream);
  if (position == nullptr) return;
  position->own_at = std::max(position->own_at, sent_at);
  if (position->pushed_at != 0 && position->pushed_at <= sent_at) {
    move_read(*position, position->pushed);
  }
}

void Window::rewind(const StreamPosition& item, std::optional<Seq> after) {
  if (stage_ == Stage::kFinishing || is_outdated(item)) return;
  Position& position = begin_at(item);
  position.target = std::max(position.target, item.head);
  const Seq from = after.value_or(position.delivered);
  // A page being read starts at the old position, so an earlier position must wait for it.
  if (from < position.pushed) add_rewind({item.stream, from});
  if (!catching_up_) apply_rewinds();
  behind_ = true;
  catch_up();
}

// Keeps one rewind per stream and reason: the farthest back.
void Window::add_rewind(const Place& place) {
  auto& rewinds = waiting().rewinds;
  const auto known = std::find_if(rewinds.begin(), rewinds.end(), [&](const Place& earlier) {
    return earlier.stream == place.stream && earlier.rows_lost == place.rows_lost;
  });
  if (known == rewinds.end()) return rewinds.push_back(place);
  known->seq = std::min(known->seq, place.seq);
}

void Window::apply_rewinds() {
  if (!waiting_) return;
  for (const Place& rewind : std::exchange(waiting_->rewinds, {})) {
    Position& position = position_of(rewind.stream);
    position.target = std::max(position.target, position.pushed);
    if (rewind.rows_lost) {
      begin_recheck(position, rewind.seq);
    } else if (rewind.seq < position.pushed) {
      note_rewound(position);
      // The client asks for a repetition.
      std::erase_if(waiting_->rechecks,
                    [&](const Recheck& item) { return item.stream == rewind.stream; });
    }
    position.pushed = std::min(position.pushed, rewind.seq);
    behind_ = true;
  }
  forget_waiting();
}

std::vector<storage::CursorMove> Window::take_moves() {
  dirty_ = false;
  std::vector<storage::CursorMove> moves;
  for (Position& position : positions_) {
    const bool delivered = std::exchange(position.delivered_moved, false);
    const bool read = std::exchange(position.read_moved, false);
    if (!delivered && !read) continue;
    moves.push_back({user_, position.stream.sender(), position.stream.group(),
                     delivered ? position.delivered : 0, read ? position.read : 0,
                     read || position.receipt_wanted});
    position.receipt_wanted = position.pushed > position.delivered && position.receipt_wanted;
  }
  return moves;
}

void Window::on_written() {
  advance_marks();
  tell_missed();
  if (behind_) catch_up();
}

void Window::on_dropped() {
  advance_marks();
  marks_ = {};
  marks_head_ = 0;
  tell_finished();
}

void Window::on_closed() {
  on_dropped();  // unsent output is lost
  loop_.remove(*this);
}

Window::Waiting& Window::waiting() {
  if (!waiting_) waiting_ = std::make_unique<Waiting>();
  return *waiting_;
}

void Window::forget_waiting() {
  const Waiting& left = *waiting_;
  if (left.rewinds.empty() && left.rewound.empty() && left.rechecks.empty() &&
      left.doubts.empty() && left.held_events.empty() && left.missed_receipts.empty() &&
      !left.missed_presence && !left.finished)
    waiting_.reset();
}

Window::Position& Window::position_of(StreamKey stream) {
  const auto found = std::lower_bound(
      positions_.begin(), positions_.end(), stream,
      [](const Position& position, StreamKey key) { return position.stream < key; });
  if (found != positions_.end() && found->stream == stream) return *found;
  return *positions_.insert(found, Position{.stream = stream});
}

Window::Position* Window::find(StreamKey stream) {
  const auto found = std::lower_bound(
      positions_.begin(), positions_.end(), stream,
      [](const Position& position, StreamKey key) { return position.stream < key; });
  return found != positions_.end() && found->stream == stream ? &*found : nullptr;
}

bool Window::ready() const {
  return stage_ == Stage::kOpen && !session_.socket().pushes_wait();
}

void Window::push(Position& position, const Push& message) {
  position.pushed = message.seq;
  position.pushed_at = message.sent_at;
  position.target = std::max(position.target, message.seq);
  position.receipt_wanted = position.receipt_wanted || message.receipt_wanted;
  if (message.ended == user_) end_at(position, message.seq);
  // The user's own group messages advance the cursor without being sent (PROTOCOL.md, section 4).
  if (message.stream.is_group() && message.sender == user_) {
    if (position.wrote == 0 && message.receipt_wanted) position.wrote = message.seq;
    if (!message.is_event) move_read(position, message.seq);
    if (acknowledges_) {
      if (position.delivered + 1 == message.seq) acknowledge(message.stream, message.seq);
      return;
    }
  } else {
    session_.socket().send(*message.json);
    if (message.sent_at <= position.own_at) move_read(position, message.seq);
  }
  note_delivered(position, message.seq);
}

void Window::note_delivered(Position& position, Seq seq) {
  if (acknowledges_) return;
  marks_.push_back({session_.socket().queued_total(), position.stream, seq});
  if (session_.socket().written_total() == session_.socket().queued_total()) advance_marks();
}

void Window::move_delivered(Position& position, Seq seq) {
  if (seq <= position.delivered) return;
  position.delivered = seq;
  position.delivered_moved = true;
  mark_dirty();
}

void Window::move_read(Position& position, Seq seq) {
  if (seq <= position.read) return;
  position.read = seq;
  position.read_moved = true;
  mark_dirty();
}

void Window::mark_dirty() {
  if (!std::exchange(dirty_, true)) loop_.add_dirty(*this);
}

// A page that is being read may predate `seq`, even if it was asked for up to a higher one.
void Window::fall_behind(Position& position, Seq seq) {
  if (position.end != 0) seq = std::min(seq, position.end);
  position.target = std::max(position.target, seq);
  position.asked = std::min(position.asked, seq - 1);
  behind_ = true;
  catch_up();
}

void Window::catch_up() {
  if (!behind_ || catching_up_ || stage_ != Stage::kOpen) return;
  // Read a page only if there is room for it and the client is not in debt; on_written()
  // tries again.
  if (!session_.socket().output_low() || session_.socket().in_debt()) return;
  std::vector<Want> wants;
  for (Position& position : positions_) {
    if (position.target <= position.pushed) continue;
    position.asked = position.target;
    wants.push_back({position.stream, position.pushed});
    if (wants.size() == kStreamsPerCatchUp) break;
  }
  behind_ = !wants.empty();
  if (!behind_) return;
  catching_up_ = loop_.request_page(*this, std::move(wants));
}

void Window::advance_marks() {
  const std::uint64_t written = session_.socket().written_total();
  while (marks_head_ < marks_.size() && marks_[marks_head_].written_total <= written) {
    const Mark& mark = marks_[marks_head_++];
    Position& position = position_of(mark.stream);
    move_delivered(position, mark.seq);
  }
  if (marks_head_ == marks_.size()) {
    std::vector<Mark>().swap(marks_);  // assigning {} would keep the memory
    marks_head_ = 0;
  } else if (marks_head_ >= kMarksTrim && marks_head_ >= marks_.size() / 2) {
    // With a reader that is always slightly behind, the list never becomes empty.
    marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(marks_head_));
    marks_head_ = 0;
  }
  if (marks_.empty()) tell_finished();
}

// Posted, because the callback may destroy the window.
void Window::tell_finished() {
  if (!waiting_ || !waiting_->finished) return;
  session_.post_to_loop(std::exchange(waiting_->finished, {}));
}

}  // namespace chat::delivery
