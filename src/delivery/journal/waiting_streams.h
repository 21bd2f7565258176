#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace chat::delivery {

// The entries of locked streams, in order, each stream with the time of its next retry: 2 ms, 4 ms,
// … 50 ms after the last, and later if that took long, so that most of the time is left for other
// streams. A stream whose first entry has waited for kLockPatience is given up, and
// stays known for kTroubled, so that its next entries wait here and delay no batch.
// Threading: externally synchronised. Bounds: kWaitingMax entries.
template <typename EntryType>
class WaitingStreams {
 public:
  using Key = std::uint64_t;
  using Time = std::chrono::steady_clock::time_point;
  using Entries = std::vector<EntryType>;
  static constexpr std::chrono::milliseconds kLockPatience{1000};
  static constexpr std::chrono::seconds kTroubled{10};
  static constexpr std::size_t kWaitingMax = 8192;
  static constexpr std::size_t kTriedAtOnce = 512;
  static constexpr int kPausePerRetry = 2;

  bool empty() const { return streams_.empty(); }
  bool knows(Key key) const { return streams_.contains(key); }
  // True if entries of the stream wait.
  bool holds(Key key) const {
    const auto found = streams_.find(key);
    return found != streams_.end() && !found->second.entries.empty();
  }

  // Adds an entry at the end of its stream. False: there is no room, and it is untouched.
  [[nodiscard]] bool add(Key key, EntryType&& entry) {
    if (waiting_ >= kWaitingMax) return false;
    Stream& stream = streams_[key];
    if (stream.entries.empty()) {
      stream.since = now();
      stream.tries = 0;
      stream.next_try = stream.since + pause_of(stream);
    }
    put(stream, std::move(entry));
    return true;
  }

  // When the next stream is due; nothing if none waits.
  std::optional<Time> next_try() const {
    std::optional<Time> next;
    for (const auto& [key, stream] : streams_) {
      if (!stream.entries.empty() && (!next || stream.next_try < *next)) next = stream.next_try;
    }
    return next;
  }

  // Removes the entries of streams that are due, at most about kTriedAtOnce. After the retry call
  // put_back() for those that are still locked, then end_retry() with the same streams.
  struct Due {
    Time since;
    std::vector<Key> streams;
    Entries entries;
  };
  Due take_due() {
    const Time time = now();
    Due due{time, {}, {}};
    for (auto& [key, stream] : streams_) {
      if (stream.entries.empty() || stream.next_try > time) continue;
      const bool fits = due.entries.size() + stream.entries.size() <= kTriedAtOnce;
      if (!fits && !due.entries.empty()) break;
      due.streams.push_back(key);
      take(stream, due.entries);
    }
    return due;
  }
  void put_back(Key key, EntryType&& entry) { put(streams_[key], std::move(entry)); }
  void end_retry(const Due& due) {
    const auto took = now() - due.since;
    for (const Key key : due.streams) {
      Stream& stream = streams_[key];
      stream.tries = stream.entries.empty() ? 0 : stream.tries + 1;
      stream.next_try = now() + std::max<Time::duration>(pause_of(stream), kPausePerRetry * took);
    }
  }
  // Returns the entries of streams that are given up.
  Entries take_overdue() {
    Entries given_up;
    for (auto& [key, stream] : streams_) {
      if (stream.entries.empty() || now() - stream.since < kLockPatience) continue;
      take(stream, given_up);
      stream.since = now();
    }
    return given_up;
  }

  // Forgets streams that nothing waits for and that are not troubled.
  void tidy() {
    std::erase_if(streams_, [time = now()](const auto& item) {
      const Stream& stream = item.second;
      return stream.entries.empty() && (stream.tries == 0 || time - stream.since > kTroubled);
    });
  }

 private:
  struct Stream {
    std::deque<EntryType> entries;
    Time since;  // when its first entry came; if empty, when it was given up
    Time next_try;
    int tries = 0;
  };
  static Time now() { return std::chrono::steady_clock::now(); }
  static std::chrono::milliseconds pause_of(const Stream& stream) {
    return std::min(std::chrono::milliseconds(2 << std::min(stream.tries, 5)),
                    std::chrono::milliseconds(50));
  }
  void put(Stream& stream, EntryType&& entry) {
    stream.entries.push_back(std::move(entry));
    ++waiting_;
  }
  void take(Stream& stream, Entries& entries) {
    std::move(stream.entries.begin(), stream.entries.end(), std::back_inserter(entries));
    waiting_ -= stream.entries.size();
    stream.entries.clear();
  }

  std::map<Key, Stream> streams_;
  std::size_t waiting_ = 0;  // entries in streams_
};

}  // namespace chat::delivery
