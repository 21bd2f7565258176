#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "delivery/journal/batch.h"
#include "delivery/journal/outage_log.h"
#include "delivery/journal/waiting_streams.h"

namespace chat::delivery {

// Prevents head-of-line blocking when a few streams of a lane are locked, by an administrator or
// another node. Entries of a locked stream move here from their batch, and later ones follow, to
// keep their order. They are retried until they are stored or given up (WaitingStreams), which is
// answered with `busy`.
// Threading: externally synchronised (the lane). Bounds: those of WaitingStreams, then `busy` at
// once.
template <typename EntryType, typename Committer>
class SideQueue {
 public:
  using Waiting = WaitingStreams<EntryType>;
  using Entries = std::vector<EntryType>;
  inline static const Error kLocked{ErrorCode::kBusy, "another transaction has locked this stream"};

  SideQueue(std::string lane, Committer committer)
      : committer_(std::move(committer)), outages_(std::move(lane)) {}

  // Afterwards `batch` holds the settled entries.
  void commit(Entries& batch) {
    failure_.reset();
    const bool nothing_waits = waiting_.empty();
    if (!nothing_waits) take_those_who_wait(batch);
    if (!batch.empty()) run(batch);
    if (nothing_waits && std::none_of(batch.begin(), batch.end(), is_locked)) return;
    Entries settled;
    for (EntryType& entry : batch) {
      if (!waits(entry) || !keep(entry)) settled.push_back(std::move(entry));
    }
    batch = std::move(settled);
    waiting_.tidy();
  }

  // When waiting streams are due for retry(); nothing if none wait.
  std::optional<typename Waiting::Time> next_try() const { return waiting_.next_try(); }
  // Tries to store the streams that are due; returns the settled entries. Call after those of
  // commit() were passed on, so that they do not wait for it.
  Entries retry() {
    failure_.reset();
    auto due = waiting_.take_due();
    if (!due.entries.empty()) run(due.entries);
    Entries settled;
    for (EntryType& entry : due.entries) {
      if (waits(entry)) {
        entry.lock_in_way = false;
        waiting_.put_back(Committer::key_of(entry), std::move(entry));
      } else {
        settled.push_back(std::move(entry));
      }
    }
    waiting_.end_retry(due);
    for (EntryType& entry : give_up_overdue()) settled.push_back(std::move(entry));
    waiting_.tidy();
    return settled;
  }
  // Returns those that have waited too long. Call if there is no time for retry().
  Entries give_up_overdue() {
    Entries overdue = waiting_.take_overdue();
    for (EntryType& entry : overdue) give_up(entry);
    return overdue;
  }

  // True if the last call failed because the database as a whole did.
  bool failed() const { return failure_.has_value(); }
  void refuse(Entries& entries) const {
    for (EntryType& entry : entries) {
      if (!entry.refusal) entry.refusal = refusal_of(*failure_, entry.in_doubt);
    }
  }

 private:
  static bool is_locked(const EntryType& entry) { return entry.lock_in_way; }

  // If all were refused beforehand, nothing is stored; success then proves nothing.
  void run(Entries& entries) {
    const bool tries = std::any_of(entries.begin(), entries.end(),
                                   [](const EntryType& entry) { return !entry.refusal; });
    const Result<void> outcome = committer_.commit(entries);
    if (tries) outages_.note(outcome);
    if (!outcome) failure_ = outcome.error();
  }

  // A refused entry is answered after the earlier ones of its stream.
  bool waits(const EntryType& entry) const {
    return is_locked(entry) || waiting_.holds(Committer::key_of(entry));
  }

  void take_those_who_wait(Entries& batch) {
    Entries rest;
    for (EntryType& entry : batch) {
      if (!waiting_.knows(Committer::key_of(entry)) || !keep(entry)) {
        rest.push_back(std::move(entry));
      }
    }
    batch = std::move(rest);
  }

  // False: there is no room, and the entry is refused.
  bool keep(EntryType& entry) {
    entry.lock_in_way = false;
    if (waiting_.add(Committer::key_of(entry), std::move(entry))) return true;
    give_up(entry);
    return false;
  }

  static void give_up(EntryType& entry) {
    if (!entry.refusal) entry.refusal = refusal_of(kLocked, entry.in_doubt);
  }

  Committer committer_;
  OutageLog outages_;
  Waiting waiting_;
  std::optional<Error> failure_;
};

}  // namespace chat::delivery
