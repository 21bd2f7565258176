#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "chat/delivery/refusals.h"

namespace chat::delivery {

// Whether the same transaction may succeed when it is run again.
bool worth_retrying(ErrorCode code);
// How long to wait before attempt number `attempt` (1, 2, …): full jitter, a few milliseconds.
std::chrono::milliseconds retry_delay(int attempt);

inline constexpr int kAttemptsMax = 5;
// No attempt to store a batch begins later than this after the first; one that waits for a lock
// takes a second. So senders have their answer within two.
inline constexpr std::chrono::milliseconds kBatchPatience{500};

// Logs when storing begins to fail for everybody, and when it works again: a line each.
// Threading: externally synchronised.
class OutageLog {
 public:
  explicit OutageLog(std::string lane) : lane_(std::move(lane)) {}
  void note(const Result<void>& outcome);

 private:
  const std::string lane_;
  std::chrono::steady_clock::time_point began_;
  bool failing_ = false;
};

// Stores a batch of entries whole if it can.
//
// - An outcome that may be different next time is tried a few times, until kBatchPatience is over.
// - A batch that still fails for a reason of its own is halved, so that a bad row never fails its
//   neighbours and the order within each stream stays.
// - Somebody else's lock on a row is told at once (the stores don't wait for it): the batch is
//   halved until the streams in question are alone, and their entries are marked `lock_in_way`, to
//   be tried later. A lock that was waited for is on a whole table, so it is everybody's.
// - Once an error is everybody's, all that is not stored is refused: what came later must not be
//   stored before what came earlier.
//
// `key_of(entry)` names an entry's stream; `try_once(entries)` stores all of them in one
// transaction, or none. Threading: externally synchronised. Blocks for as long as that takes.
template <typename EntryType, typename KeyOf, typename TryOnce>
class Settlement {
 public:
  Settlement(KeyOf key_of, TryOnce try_once)
      : key_of_(std::move(key_of)), try_once_(std::move(try_once)) {}

  // Entries that bring their refusal along are only in the batch to be answered in their turn: they
  // are passed over. An error is everybody's.
  Result<void> settle_all(std::vector<EntryType>& entries) {
    Entries open;
    open.reserve(entries.size());
    for (EntryType& entry : entries) {
      if (!entry.refusal) open.push_back(&entry);
    }
    return open.empty() ? Result<void>() : settle(open, kLockAttempts);
  }

 private:
  using Entries = std::vector<EntryType*>;
  // A deadlock's victim succeeds at once; a row that is locked on purpose doesn't.
  static constexpr int kLockAttempts = 2;

  Result<void> settle(Entries entries, int lock_attempts) {
    mark_known(entries);
    if (entries.empty()) return {};
    const Result<void> outcome = try_for_a_while(entries, lock_attempts);
    if (outcome) {
      note_locked(entries);
      return outcome;
    }
    const bool of_a_row = outcome.error().code == ErrorCode::kBusy && !is_late();
    if (of_a_row && note_locked(entries)) return settle(entries, kLockAttempts);
    for (EntryType* entry : entries) entry->lock_in_way = false;
    if (is_everyones(outcome.error().code) && !of_a_row) return refuse(entries, outcome.error());
    if (of_a_row && is_one_stream(entries)) {
      waiting_.insert(key_of_(*entries.front()));
      mark_known(entries);
      return {};
    }
    if (entries.size() == 1) {
      entries.front()->refusal = refusal_of(outcome.error());
      return {};
    }
    return halve(entries, of_a_row ? 1 : kLockAttempts);
  }

  Result<void> halve(const Entries& entries, int lock_attempts) {
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
    const Entries second(middle, entries.end());
    if (auto first = settle(Entries(entries.begin(), middle), lock_attempts); !first) {
      return refuse(second, first.error());
    }
    return settle(second, lock_attempts);
  }

  Result<void> try_for_a_while(const Entries& entries, int lock_attempts) {
    Result<void> outcome;
    for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
      outcome = try_once_(std::span<EntryType* const>(entries));
      if (outcome || !worth_retrying(outcome.error().code) || is_late()) break;
      if (outcome.error().code == ErrorCode::kBusy && attempt >= lock_attempts) break;
      if (attempt < kAttemptsMax) std::this_thread::sleep_for(retry_delay(attempt));
    }
    return outcome;
  }

  // A committer that knows whose lock is in the way has marked those entries. False: it doesn't.
  bool note_locked(const Entries& entries) {
    bool any = false;
    for (const EntryType* entry : entries) {
      if (!entry->lock_in_way) continue;
      waiting_.insert(key_of_(*entry));
      any = true;
    }
    return any;
  }

  // Sets those aside whose stream is known to be locked.
  void mark_known(Entries& entries) {
    if (waiting_.empty()) return;
    std::erase_if(entries, [this](EntryType* entry) {
      if (!waiting_.contains(key_of_(*entry))) return false;
      entry->lock_in_way = true;
      return true;
    });
  }

  bool is_one_stream(const Entries& entries) const {
    const auto key = key_of_(*entries.front());
    return std::all_of(entries.begin(), entries.end(),
                       [&](const EntryType* entry) { return key_of_(*entry) == key; });
  }

  static Result<void> refuse(const Entries& entries, const Error& error) {
    for (EntryType* entry : entries) entry->refusal = refusal_of(error);
    return tl::make_unexpected(error);
  }

  bool is_late() const { return std::chrono::steady_clock::now() - began_ > kBatchPatience; }

  const KeyOf key_of_;
  const TryOnce try_once_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::set<std::uint64_t> waiting_;  // streams that somebody else has locked
};

}  // namespace chat::delivery
