#include "client/terminal/transcript/read_positions.h"

#include <algorithm>
#include <iterator>

namespace chat::client {

void ReadPositions::apply(const Event& event) {
  base::MutexLock lock(mutex_);
  if (const auto* message = event.as<event::Message>()) show_locked(*message);
  if (const auto* inbox = event.as<event::Inbox>()) learn_locked(*inbox);
  if (const auto* login = event.as<event::LoggedIn>()) {
    if (!login->again || login->id != self_) streams_.clear();
    self_ = login->id;
    has_inbox_ = true;
    next_inbox_ = {};
    for (auto& [target, stream] : streams_) {
      stream.known = stream.unlisted = false;
      // The last READ may have been lost with the connection.
      stream.moved = stream.moved || stream.read > 0;
    }
    for (const event::Message& each : login->offline) show_locked(each);
  }
  if (event.as<event::LoggedOut>() || event.as<event::AccountDeleted>()) streams_.clear();
  if (const auto* sent = event.as<event::Sent>()) {
    const auto found = streams_.find(sent->target);
    if (found != streams_.end()) {
      found->second.hidden = 0;
      found->second.known = true;
    }
  }
}

void ReadPositions::shown(const event::History& page) {
  base::MutexLock lock(mutex_);
  for (const event::Message& each : page.messages) {
    if (each.from != self_) show_locked(each);
  }
}

void ReadPositions::show_locked(const event::Message& message) {
  if (message.seq == 0) return;  // an older server does not number messages
  Stream& stream = streams_[message.group ? Target{{}, message.group} : Target{message.from, {}}];
  stream.moved = true;
  stream.unlisted = false;
  if (message.seq == 1) stream.known = true;
  stream.newest = std::max(stream.newest, message.seq);
  if (!event::counts_as_unread(message, self_) || message.seq <= stream.read) return;
  const bool is_new = stream.shown.insert(message.seq).second;
  if (is_new && message.seq <= stream.counted_to && stream.hidden > 0) --stream.hidden;
  if (stream.shown.size() > kShownMost) stream.shown.erase(stream.shown.begin());
}

// An INBOX that is older than a READ, which may be lost, counts only as far as it tells of messages
// that have not come here.
void ReadPositions::learn_locked(const event::Inbox& inbox) {
  for (const event::Conversation& each : inbox.conversations) {
    Stream& stream = streams_[each.target];
    stream.known = true;
    if (each.read_seq < stream.read) {
      const Seq shown = std::max(stream.read, stream.newest);
      if (each.last_seq <= shown) continue;
      stream.seen = std::max(stream.seen, stream.read);
      stream.counted_to = each.last_seq;
      stream.hidden = std::max(stream.hidden, std::min(each.unread, each.last_seq - shown));
      continue;
    }
    stream.read = each.read_seq;
    stream.seen = std::max(stream.seen, each.read_seq);
    stream.counted_to = each.last_seq;
    stream.shown.erase(stream.shown.begin(), stream.shown.upper_bound(stream.read));
    const auto counted =
        std::distance(stream.shown.begin(), stream.shown.upper_bound(each.last_seq));
    stream.hidden = std::max<std::int64_t>(each.unread - counted, 0);
  }
}

bool ReadPositions::wants_inbox(base::SteadyTime now) {
  base::MutexLock lock(mutex_);
  if (!has_inbox_ || now < next_inbox_) return false;
  const bool wants = std::any_of(streams_.begin(), streams_.end(), [](const auto& each) {
    const Stream& stream = each.second;
    return stream.moved && !stream.known && !stream.unlisted;
  });
  if (wants) next_inbox_ = now + kInboxInterval;
  return wants;
}

void ReadPositions::end_inbox() {
  base::MutexLock lock(mutex_);
  for (auto& [target, stream] : streams_) stream.unlisted = !stream.known;
}

void ReadPositions::do_without_inbox() {
  base::MutexLock lock(mutex_);
  has_inbox_ = false;
}

void ReadPositions::shown_up_to(const Target& stream, Seq seq) {
  base::MutexLock lock(mutex_);
  Stream& found = streams_[stream];
  found.seen = std::max(found.seen, seq);
  found.moved = true;
}

void ReadPositions::shown_all(const Target& stream) {
  base::MutexLock lock(mutex_);
  Stream& found = streams_[stream];
  found.hidden = 0;
  found.moved = true;
}

std::int64_t ReadPositions::hidden(const Target& stream) const {
  base::MutexLock lock(mutex_);
  const auto found = streams_.find(stream);
  return found == streams_.end() ? 0 : found->second.hidden;
}

Seq ReadPositions::seen_up_to(const Target& stream) const {
  base::MutexLock lock(mutex_);
  const auto found = streams_.find(stream);
  return found == streams_.end() ? 0 : found->second.seen;
}

Seq ReadPositions::take_from(Stream& stream) const {
  if (has_inbox_ && !stream.known) return 0;
  stream.moved = false;
  if (stream.hidden > 0 && stream.seen <= stream.read) return 0;
  const Seq position = stream.hidden > 0 ? stream.seen : std::max(stream.newest, stream.seen);
  stream.read = std::max(stream.read, position);
  stream.shown.erase(stream.shown.begin(), stream.shown.upper_bound(stream.read));
  return position;
}

Seq ReadPositions::take(const Target& stream) {
  base::MutexLock lock(mutex_);
  const auto found = streams_.find(stream);
  return found == streams_.end() ? 0 : take_from(found->second);
}

std::vector<ReadPositions::Position> ReadPositions::take_moved() {
  base::MutexLock lock(mutex_);
  std::vector<Position> out;
  for (auto& [target, stream] : streams_) {
    if (!stream.moved) continue;
    if (const Seq position = take_from(stream); position > 0) out.emplace_back(target, position);
  }
  return out;
}

void ReadPositions::send_again(const Target& stream) {
  base::MutexLock lock(mutex_);
  const auto found = streams_.find(stream);
  if (found != streams_.end()) found->second.moved = true;
}

}  // namespace chat::client
