#include "delivery/journal/stream_cache.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_set>

#include "chat/base/log_limiter.h"
#include "chat/protocol/limits.h"
#include "delivery/journal/repetition.h"

namespace chat::delivery {
namespace {

constexpr std::size_t kWindow = protocol::kDirectCidWindow;
constinit log::Limiter lost_direct_rows{log::kUsualLines};

std::size_t hash_of(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

struct ByStream {
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return std::tie(a.recipient, a.sender) < std::tie(b.recipient, b.sender);
  }
};

std::size_t content_hash_of(const storage::DirectMessage& message) {
  return hash_of_content({message.body, message.extra});
}

}  // namespace

// A stream planned on in this turn is kept: the planned messages are not in the table yet, so
// reading it again would miss them.
StreamCache::Streams::value_type* StreamCache::find(Key key, SessionEpoch epoch) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return nullptr;
  const Stream& stream = found->second;
  if (stream.planned_on) return &*found;
  return stream.epoch == epoch && stream.connection == connection_ ? &*found : nullptr;
}

Result<void> StreamCache::look_up(std::span<const Wanted> wanted) {
  if (auto done = read_uncached(wanted); !done) return done;
  return read_outdated(wanted);
}

Result<void> StreamCache::read_uncached(std::span<const Wanted> wanted) {
  std::vector<storage::DirectStream> unknown;
  std::vector<DirectStore::Tail> tails;
  std::unordered_map<Key, SessionEpoch> missing;
  for (const auto& [message, epoch] : wanted) {
    const storage::DirectStream stream{message->recipient, message->sender};
    const Key key = key_of(stream);
    if (find(key, epoch) != nullptr || !missing.emplace(key, epoch).second) continue;
    const auto before = streams_.find(key);
    if (before != streams_.end() && before->second.committed.seq > 0) {
      tails.push_back({stream, before->second.committed.seq});
    } else {
      unknown.push_back(stream);
    }
  }
  if (missing.empty()) return {};
  const auto unread = find_unread(unknown);
  if (!unread) return fail(unread);
  tails.insert(tails.end(), unread->begin(), unread->end());
  if (auto done = read(tails); !done) return done;
  for (const auto& [key, epoch] : missing) streams_[key].epoch = epoch;
  return {};
}

Result<void> StreamCache::read_outdated(std::span<const Wanted> wanted) {
  std::vector<DirectStore::Tail> tails;
  std::unordered_map<Key, SessionEpoch> outdated;
  for (const auto& [message, epoch] : wanted) {
    const storage::DirectStream stream{message->recipient, message->sender};
    const auto* const known = find(key_of(stream), epoch);
    if (known == nullptr || !contradicts(known->second, *message)) continue;
    if (outdated.emplace(known->first, epoch).second) tails.push_back({stream, 0});
  }
  if (auto done = read(tails); !done) return done;
  for (const auto& [key, epoch] : outdated) streams_[key].epoch = epoch;
  return {};
}

// Those of the streams whose messages must be read; the others have none, and are cached as such.
Result<std::vector<DirectStore::Tail>> StreamCache::find_unread(
    std::span<const storage::DirectStream> streams) {
  std::vector<DirectStore::Tail> unread;
  // For a single stream, reading its messages costs no more than checking whether it has any.
  if (streams.size() == 1) unread.push_back({streams.front(), 0});
  if (streams.size() < 2) return unread;
  const auto begun = store_.begun(streams);
  if (!begun) return fail(begun);
  std::unordered_set<Key> with_messages;
  for (const auto& stream : *begun) with_messages.insert(key_of(stream));
  for (const auto& stream : streams) {
    if (with_messages.contains(key_of(stream))) {
      unread.push_back({stream, 0});
    } else {
      replace(key_of(stream), {});
      read_senders_.push_back(stream.sender);
    }
  }
  return unread;
}

Result<void> StreamCache::read(std::span<const DirectStore::Tail> tails) {
  if (tails.empty()) return {};
  const auto rows = store_.tails(tails, kWindow);
  if (!rows) return fail(rows);
  std::vector<DirectStore::Tail> again;
  for (const DirectStore::Tail& tail : tails) {
    const auto [first, last] =
        std::equal_range(rows->begin(), rows->end(), tail.stream, ByStream{});
    const Rows part(first, last);
    read_senders_.push_back(tail.stream.sender);
    if (tail.from == 0 || part.size() == kWindow) {
      replace(key_of(tail.stream), part);
    } else if (!extend(tail, part)) {
      again.push_back({tail.stream, 0});
    }
  }
  return read(again);
}

// Adds what came after the committed head, with which `rows` begin. False: they do not, so the
// table has lost it.
bool StreamCache::extend(const DirectStore::Tail& tail, Rows rows) {
  Stream& stream = streams_[key_of(tail.stream)];
  const bool follows = !rows.empty() && rows.front().seq == tail.from && !stream.recent.empty() &&
                       stream.recent.back().cid == rows.front().cid;
  if (!follows) return false;
  for (const storage::DirectMessage& row : rows.subspan(1)) remember(stream, row);
  trim(stream);
  stream.committed = stream.head;
  stream.connection = connection_;
  return true;
}

Result<StreamCache::Planned> StreamCache::plan(storage::DirectMessage& message, SessionEpoch epoch,
                                               UnixMillis now, bool accepts_new) {
  auto found = stream_of(message, epoch);
  if (!found) return fail(found);
  Stream& stream = (*found)->second;
  const Known* known = find_cid(stream, message.cid);
  if (known != nullptr) {
    if (!repeats(*known, message)) return Planned::kConflict;
    message.seq = known->seq;
    message.sent_at = known->sent_at;
    return Planned::kRepeated;
  }
  if (!accepts_new) return Planned::kBarred;
  message.seq = stream.head.seq + 1;
  message.n = stream.head.n + 1;
  message.sent_at = std::max(now, stream.head.sent_at);
  remember(stream, message);
  if (!stream.planned_on) {
    stream.planned_on = true;
    planned_.push_back(*found);
  }
  return Planned::kNew;
}

void StreamCache::confirm() {
  for (Streams::value_type* planned : planned_) {
    planned->second.planned_on = false;
    planned->second.committed = planned->second.head;
    trim(planned->second);
  }
  planned_.clear();
  make_room();
}

void StreamCache::rewind() {
  for (Streams::value_type* planned : planned_) rewind(planned->second);
  planned_.clear();
  make_room();
}

void StreamCache::forget() {
  for (Streams::value_type* planned : planned_) planned->second.connection = 0;
  rewind();
}

void StreamCache::forget(const storage::DirectStream& stream) {
  const auto known = streams_.find(key_of(stream));
  if (known != streams_.end()) known->second.connection = 0;
}

void StreamCache::rewind(Stream& stream) {
  stream.planned_on = false;
  stream.head = stream.committed;
  while (!stream.recent.empty() && stream.recent.back().seq > stream.head.seq) {
    stream.recent.pop_back();
    stream.cid_hashes.pop_back();
  }
}

// Committed rows that are missing from the table were lost by the database: an asynchronous replica
// took over, or a disk did not honour an fsync.
void StreamCache::replace(Key key, Rows rows) {
  Stream& known = streams_[key];
  Stream stream;
  stream.connection = connection_;
  stream.last_use = known.last_use;
  for (const storage::DirectMessage& row : rows) remember(stream, row);
  stream.committed = stream.head;
  if (stream.head.seq < known.committed.seq) {
    log::limited(log::Level::kError, lost_direct_rows,
                 "event=rows_lost stream=direct recipient={} sender={} from={} to={}", key >> 32,
                 key & 0xFFFFFFFF, stream.head.seq + 1, known.committed.seq);
  }
  known = std::move(stream);
}

StreamCache::Key StreamCache::key_of(const storage::DirectStream& stream) {
  return static_cast<Key>(stream.recipient.value) << 32 | static_cast<Key>(stream.sender.value);
}

const StreamCache::Known* StreamCache::find_cid(const Stream& stream, std::string_view cid) {
  const std::size_t hash = hash_of(cid);
  const std::size_t count = stream.recent.size();
  for (std::size_t i = count - std::min(count, kWindow); i < count; ++i) {
    if (stream.cid_hashes[i] == hash && stream.recent[i].cid == cid) return &stream.recent[i];
  }
  return nullptr;
}

// False while the stream is planned on: reading it would lose what is planned.
bool StreamCache::contradicts(const Stream& stream, const storage::DirectMessage& message) {
  if (stream.planned_on) return false;
  const Known* known = find_cid(stream, message.cid);
  return known != nullptr && !repeats(*known, message);
}

StreamCache::Match StreamCache::match_of(const storage::DirectMessage& message) {
  if (!message.kind.empty()) return Match::kNone;
  return message.ref == 0 ? Match::kSame : Match::kAny;
}

bool StreamCache::repeats(const Known& known, const storage::DirectMessage& message) {
  if (known.match != Match::kSame) return known.match == Match::kAny;
  return known.content_hash == content_hash_of(message);
}

void StreamCache::remember(Stream& stream, const storage::DirectMessage& message) {
  stream.head = {message.seq, message.sent_at, message.n};
  stream.recent.push_back(
      {message.cid, content_hash_of(message), message.seq, message.sent_at, match_of(message)});
  stream.cid_hashes.push_back(hash_of(message.cid));
}

// In bulk: erasing the front for each message would move the whole window each time. Not while
// messages are only planned, because without them less than the window would be left.
void StreamCache::trim(Stream& stream) {
  if (stream.recent.size() < 2 * kWindow) return;
  const auto old = static_cast<std::ptrdiff_t>(stream.recent.size() - kWindow);
  stream.recent.erase(stream.recent.begin(), stream.recent.begin() + old);
  stream.cid_hashes.erase(stream.cid_hashes.begin(), stream.cid_hashes.begin() + old);
}

Result<StreamCache::Streams::value_type*> StreamCache::stream_of(
    const storage::DirectMessage& message, SessionEpoch epoch) {
  const storage::DirectStream name{message.recipient, message.sender};
  Streams::value_type* known = find(key_of(name), epoch);
  if (known == nullptr) {
    const Wanted wanted{&message, epoch};
    if (auto read = look_up(std::span(&wanted, 1)); !read) return fail(read);
    known = &*streams_.find(key_of(name));
  }
  known->second.epoch = epoch;
  known->second.last_use = ++uses_;
  return known;
}

void StreamCache::make_room() {
  if (streams_.size() <= kStreamsMax) return;
  std::vector<std::uint64_t> uses;
  uses.reserve(streams_.size());
  for (const auto& [key, stream] : streams_) uses.push_back(stream.last_use);
  const auto middle = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 2);
  std::nth_element(uses.begin(), middle, uses.end());
  std::erase_if(streams_,
                [limit = *middle](const auto& item) { return item.second.last_use < limit; });
}

}  // namespace chat::delivery
