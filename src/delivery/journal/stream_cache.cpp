#include "delivery/journal/stream_cache.h"

#include <algorithm>
#include <functional>

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
  std::vector<storage::DirectStream> unknown;
  std::unordered_map<Key, SessionEpoch> fresh;
  for (const auto& [stream, epoch] : wanted) {
    const Key key = key_of(stream.recipient, stream.sender);
    if (find(key, epoch) != nullptr) continue;
    if (fresh.emplace(key, epoch).second) unknown.push_back(stream);
  }
  // For a single stream, reading its messages costs no more than checking whether it has any.
  if (unknown.size() < 2) return {};
  const auto begun = store_.begun(unknown);
  if (!begun) return fail(begun);
  for (const auto& stream : unknown) read_senders_.push_back(stream.sender);
  for (const auto& stream : *begun) fresh.erase(key_of(stream.recipient, stream.sender));
  for (const auto& [key, epoch] : fresh) {
    Stream stream;
    stream.epoch = epoch;
    replace(key, std::move(stream));
  }
  return {};
}

Result<StreamCache::Planned> StreamCache::plan(storage::DirectMessage& message, SessionEpoch epoch,
                                               UnixMillis now, bool accepts_new) {
  auto found = stream_of(message, epoch);
  if (!found) return fail(found);
  const Known* known = find_cid((*found)->second, message.cid);
  if (known != nullptr && !repeats(*known, message) && !(*found)->second.planned_on) {
    // The message may have been recalled or edited since the stream was read.
    (*found)->second.connection = 0;
    found = stream_of(message, epoch);
    if (!found) return fail(found);
    known = find_cid((*found)->second, message.cid);
  }
  Stream& stream = (*found)->second;
  if (known != nullptr) {
    if (!repeats(*known, message)) return Planned::kConflict;
    message.seq = known->seq;
    message.sent_at = known->sent_at;
    return Planned::kRepeated;
  }
  if (!accepts_new) return Planned::kBarred;
  message.seq = ++stream.head;
  message.n = ++stream.n;
  message.sent_at = std::max(now, stream.last_sent_at);
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
  }
  planned_.clear();
  make_room();
}

void StreamCache::forget() {
  for (Streams::value_type* planned : planned_) {
    planned->second.planned_on = false;
    planned->second.connection = 0;
  }
  planned_.clear();
  make_room();
}

void StreamCache::forget(const storage::DirectStream& stream) {
  const auto known = streams_.find(key_of(stream.recipient, stream.sender));
  if (known != streams_.end()) known->second.connection = 0;
}

// Committed rows that are missing from the table were lost by the database: an asynchronous replica
// took over, or a disk did not honour an fsync.
void StreamCache::replace(Key key, Stream&& stream) {
  stream.connection = connection_;
  stream.committed = stream.head;
  Stream& known = streams_[key];
  if (stream.head < known.committed) {
    log::limited(log::Level::kError, lost_direct_rows,
                 "event=rows_lost stream=direct recipient={} sender={} from={} to={}", key >> 32,
                 key & 0xFFFFFFFF, stream.head + 1, known.committed);
  }
  known = std::move(stream);
}

StreamCache::Key StreamCache::key_of(UserId recipient, UserId sender) {
  return static_cast<Key>(recipient.value) << 32 | static_cast<Key>(sender.value);
}

const StreamCache::Known* StreamCache::find_cid(const Stream& stream, std::string_view cid) {
  const std::size_t hash = hash_of(cid);
  const std::size_t count = stream.recent.size();
  for (std::size_t i = count - std::min(count, kWindow); i < count; ++i) {
    if (stream.cid_hashes[i] == hash && stream.recent[i].cid == cid) return &stream.recent[i];
  }
  return nullptr;
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
  stream.head = message.seq;
  stream.n = message.n;
  stream.last_sent_at = message.sent_at;
  // Trimmed in bulk: erasing the front for each message would move the whole window each time.
  if (stream.recent.size() >= 2 * kWindow) {
    constexpr auto kOld = static_cast<std::ptrdiff_t>(kWindow);
    stream.recent.erase(stream.recent.begin(), stream.recent.begin() + kOld);
    stream.cid_hashes.erase(stream.cid_hashes.begin(), stream.cid_hashes.begin() + kOld);
  }
  stream.recent.push_back(
      {message.cid, content_hash_of(message), message.seq, message.sent_at, match_of(message)});
  stream.cid_hashes.push_back(hash_of(message.cid));
}

Result<StreamCache::Streams::value_type*> StreamCache::stream_of(
    const storage::DirectMessage& message, SessionEpoch epoch) {
  const Key key = key_of(message.recipient, message.sender);
  Streams::value_type* known = find(key, epoch);
  if (known == nullptr) {
    auto tail = store_.tail(message.recipient, message.sender, kWindow);
    if (!tail) return fail(tail);
    read_senders_.push_back(message.sender);
    Stream stream;
    for (const storage::DirectMessage& stored : *tail) remember(stream, stored);
    replace(key, std::move(stream));
    known = &*streams_.find(key);
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
