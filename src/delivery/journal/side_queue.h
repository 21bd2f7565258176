#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "delivery/journal/batch.h"
#include "delivery/journal/outage_log.h"

namespace chat::delivery {

// Prevents head-of-line blocking when a few streams of a lane are locked, by an administrator or
// another node. Entries of a locked stream move here from their batch, and later ones follow, to
// keep their order. They are retried after 2 ms, 4 ms, … 50 ms, and refused as `busy` once the
// first has waited for kLockPatience. The stream then stays separate for kTroubled.
// Threading: externally synchronised (the lane). Bounds: kWaitingMax entries, then `busy` at once.
template <typename EntryType, typename Committer>
class SideQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kLockPatience{1000};
  static constexpr std::chrono::seconds kTroubled{10};
  static constexpr std::size_t kWaitingMax = 8192;
  static constexpr std::size_t kTriedAtOnce = 512;
  inline static const Error kLocked{ErrorCode::kBusy, "another transaction has locked this stream"};

  SideQueue(std::string lane, Committer committer)
      : committer_(std::move(committer)), outages_(std::move(lane)) {}

  // Afterwards `batch` holds the settled entries, including those of earlier batches.
  void commit(std::vector<EntryType>& batch) {
    failure_.reset();
    const bool nothing_waits = streams_.empty();
    if (!nothing_waits) take_those_who_wait(batch);
    if (!batch.empty()) run(batch);
    if (nothing_waits && std::none_of(batch.begin(), batch.end(), is_locked)) return;
    std::vector<EntryType> settled;
    sort_out(batch, settled);
    try_again(settled);
    batch = std::move(settled);
  }

  // When a waiting stream is due for a retry: call commit() then, even with an empty batch.
  std::optional<Time> next_try() const {
    std::optional<Time> next;
    for (const auto& [key, stream] : streams_) {
      if (!stream.entries.empty() && (!next || stream.next_try < *next)) next = stream.next_try;
    }
    return next;
  }

  // True if the last commit failed because the database as a whole did.
  bool failed() const { return failure_.has_value(); }
  void refuse(std::vector<EntryType>& entries) const {
    for (EntryType& entry : entries) {
      if (!entry.refusal) entry.refusal = refusal_of(*failure_, entry.in_doubt);
    }
  }

 private:
  struct Stream {
    std::deque<EntryType> entries;
    Time since;  // when its first entry came; if empty, when it was refused
    Time next_try;
    int tries = 0;
  };
  static bool is_locked(const EntryType& entry) { return entry.lock_in_way; }
  static Time now() { return std::chrono::steady_clock::now(); }

  // If all were refused beforehand, nothing is stored; success then proves nothing.
  void run(std::vector<EntryType>& entries) {
    const bool tries = std::any_of(entries.begin(), entries.end(),
                                   [](const EntryType& entry) { return !entry.refusal; });
    const Result<void> outcome = committer_.commit(entries);
    if (tries) outages_.note(outcome);
    if (!outcome) failure_ = outcome.error();
  }

  void take_those_who_wait(std::vector<EntryType>& batch) {
    std::vector<EntryType> rest;
    for (EntryType& entry : batch) {
      const auto found = streams_.find(Committer::key_of(entry));
      if (found == streams_.end() || !keep(found->second, entry)) rest.push_back(std::move(entry));
    }
    batch = std::move(rest);
  }

  // False: the queue is full and the entry is refused.
  bool keep(Stream& stream, EntryType& entry) {
    if (waiting_ >= kWaitingMax) {
      if (!entry.refusal) entry.refusal = refusal_of(kLocked, entry.in_doubt);
      return false;
    }
    if (stream.entries.empty()) {
      stream.since = now();
      stream.next_try = stream.since;
      stream.tries = 0;
    }
    entry.lock_in_way = false;
    stream.entries.push_back(std::move(entry));
    ++waiting_;
    return true;
  }

  // A refused entry is answered after the earlier ones of its stream.
  bool stands_behind(const EntryType& entry) const {
    const auto found = streams_.find(Committer::key_of(entry));
    return found != streams_.end() && !found->second.entries.empty();
  }

  void sort_out(std::vector<EntryType>& entries, std::vector<EntryType>& settled) {
    for (EntryType& entry : entries) {
      const bool waits = is_locked(entry) || stands_behind(entry);
      if (!waits || !keep(streams_[Committer::key_of(entry)], entry)) {
        settled.push_back(std::move(entry));
      }
    }
  }

  void try_again(std::vector<EntryType>& settled) {
    const Time time = now();
    std::vector<EntryType> part;
    std::vector<std::uint64_t> tried;
    for (auto& [key, stream] : streams_) {
      if (stream.entries.empty() || stream.next_try > time) continue;
      if (part.size() + stream.entries.size() > kTriedAtOnce && !part.empty()) break;
      tried.push_back(key);
      for (EntryType& entry : stream.entries) part.push_back(std::move(entry));
      waiting_ -= stream.entries.size();
      stream.entries.clear();
    }
    if (!part.empty()) run(part);
    for (EntryType& entry : part) {
      if (!is_locked(entry) && !stands_behind(entry)) {
        settled.push_back(std::move(entry));
        continue;
      }
      entry.lock_in_way = false;
      streams_[Committer::key_of(entry)].entries.push_back(std::move(entry));
      ++waiting_;
    }
    for (const std::uint64_t key : tried) put_off(streams_[key], settled);
    std::erase_if(streams_, [time](const auto& item) {
      const Stream& stream = item.second;
      return stream.entries.empty() && (stream.tries == 0 || time - stream.since > kTroubled);
    });
  }

  void put_off(Stream& stream, std::vector<EntryType>& settled) {
    if (stream.entries.empty()) {
      stream.tries = 0;
      return;
    }
    const std::chrono::milliseconds pause(2 << std::min(stream.tries++, 5));
    stream.next_try = now() + std::min(pause, std::chrono::milliseconds(50));
    if (now() - stream.since < kLockPatience) return;
    waiting_ -= stream.entries.size();
    for (EntryType& entry : stream.entries) {
      if (!entry.refusal) entry.refusal = refusal_of(kLocked, entry.in_doubt);
      settled.push_back(std::move(entry));
    }
    stream.entries.clear();
    stream.since = now();
  }

  Committer committer_;
  OutageLog outages_;
  std::map<std::uint64_t, Stream> streams_;  // by key
  std::size_t waiting_ = 0;                  // entries in streams_
  std::optional<Error> failure_;
};
}  // namespace chat::delivery
