#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "chat/delivery/refusals.h"

namespace chat::delivery {

// True if the same transaction may succeed when repeated.
bool worth_retrying(ErrorCode code);
// The back-off before attempt number `attempt` (1, 2, …): a few milliseconds, with full jitter.
std::chrono::milliseconds retry_delay(int attempt);

inline constexpr int kAttemptsMax = 5;
// No attempt to store a batch begins later than this after the first. One that waits for a lock
// takes a second, so senders get a reply within two.
inline constexpr std::chrono::milliseconds kBatchPatience{500};
// Until then, the rest of a batch with locked streams is tried again at once.
inline constexpr std::chrono::milliseconds kLockSearchPatience{1'500};

// Stores a batch of entries, in one transaction if possible.
//
// - A failure that may pass is retried a few times, within kBatchPatience.
// - A batch that still fails because of its rows is halved, so that a bad row does not fail its
//   neighbours and the order within each stream is kept.
// - A foreign row lock is reported at once (the stores don't wait for it). Entries of locked
//   streams are marked `lock_in_way`, to be retried later: by the committer if it can tell which
//   they are, otherwise by halving the batch; when time is up, all of it. A lock on a whole table,
//   which concerns everybody, is reported as kTimeout.
// - A unique key that refuses the batch tells what to look up: that always gets another attempt.
// - An entry that an attempt may have stored without an answer is never refused as if it were not.
// - If the database as a whole failed, all unstored entries are refused, because later entries must
//   not be stored before earlier ones.
//
// `key_of(entry)` identifies an entry's stream; `try_once(entries)` stores all of them in one
// transaction, or none. Threading: externally synchronised. Blocks.
template <typename EntryType, typename KeyOf, typename TryOnce>
class Settlement {
 public:
  Settlement(KeyOf key_of, TryOnce try_once)
      : key_of_(std::move(key_of)), try_once_(std::move(try_once)) {}

  // Entries refused beforehand are in the batch only to be answered in their turn; they are
  // skipped. An error means that the database as a whole failed.
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
  // A deadlock victim succeeds on the next attempt; a row that is kept locked does not.
  static constexpr int kLockAttempts = 2;

  Result<void> settle(Entries entries, int lock_attempts) {
    mark_known(entries);
    if (entries.empty()) return {};
    const Result<void> outcome = try_for_a_while(entries, lock_attempts);
    if (outcome) {
      note_locked(entries);
      return outcome;
    }
    const ErrorCode code = outcome.error().code;
    if (code == ErrorCode::kBusy) return separate_locked(entries);
    if (is_everyones(code)) return refuse(entries, outcome.error());
    if (entries.size() == 1) {
      refuse_one(*entries.front(), passing(outcome.error()));
      return {};
    }
    return halve(entries, kLockAttempts);
  }

  Result<void> separate_locked(Entries entries) {
    if (note_locked(entries) && !is_later_than(kLockSearchPatience)) {
      return settle(std::move(entries), kLockAttempts);
    }
    if (!is_late() && !is_one_stream(entries)) return halve(entries, 1);
    for (const EntryType* entry : entries) waiting_.insert(key_of_(*entry));
    mark_known(entries);
    return {};
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
    bool last = false;
    for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
      outcome = try_once_(std::span<EntryType* const>(entries));
      if (outcome || !worth_retrying(outcome.error().code)) break;
      note_doubt(entries, outcome.error());
      if (last || (is_late() && outcome.error().code != ErrorCode::kConflict)) break;
      last = is_late();
      const bool locked = outcome.error().code == ErrorCode::kBusy;
      if (locked && (note_locked(entries) || attempt >= lock_attempts)) break;
      if (attempt < kAttemptsMax) std::this_thread::sleep_for(retry_delay(attempt));
    }
    return outcome;
  }

  static void note_doubt(const Entries& entries, const Error& error) {
    if (error.code != ErrorCode::kOutcomeUnknown) return;
    for (EntryType* entry : entries) entry->in_doubt = true;
  }

  // A row that a constraint refuses in every attempt is bad; in the last of too few, it may only
  // have met another one.
  Error passing(const Error& error) const {
    const bool may_pass = error.code == ErrorCode::kConflict && is_late();
    return may_pass ? Error{ErrorCode::kBusy, error.message} : error;
  }

  // True if the committer knows which streams are locked and has marked their entries.
  bool note_locked(const Entries& entries) {
    bool any = false;
    for (const EntryType* entry : entries) {
      if (!entry->lock_in_way) continue;
      waiting_.insert(key_of_(*entry));
      any = true;
    }
    return any;
  }

  // Marks and removes entries whose stream is known to be locked.
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
    for (EntryType* entry : entries) refuse_one(*entry, error);
    return tl::make_unexpected(error);
  }

  static void refuse_one(EntryType& entry, const Error& error) {
    entry.refusal = refusal_of(error, entry.in_doubt);
    entry.lock_in_way = false;
  }

  bool is_late() const { return is_later_than(kBatchPatience); }
  bool is_later_than(std::chrono::milliseconds time) const {
    return std::chrono::steady_clock::now() - began_ > time;
  }

  const KeyOf key_of_;
  const TryOnce try_once_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::set<std::uint64_t> waiting_;  // streams locked by another transaction
};

}  // namespace chat::delivery
