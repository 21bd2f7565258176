#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"

namespace chat::delivery {

// What the client of a message that could not be stored is told.
protocol::Refusal refusal_of(const Error& error);
// Whether the same transaction may succeed when it is run again.
bool worth_retrying(ErrorCode code);
// How long to wait before attempt number `attempt` (1, 2, …): full jitter, a few milliseconds.
std::chrono::milliseconds retry_delay(int attempt);

inline constexpr int kAttemptsMax = 5;

// The error is everybody's: it says nothing about the rows of this batch.
bool is_everyones(ErrorCode code);

// Stores a batch of entries whole if it can. An outcome that may be different next time is
// retried a few times; a batch that still fails for a reason of its own is halved, so that a bad
// row never fails its neighbours and the order within each stream stays. Entries that can't be
// stored get their refusal. Once an error is everybody's, the rest of the batch is refused too:
// what came later must not be stored before what came earlier. `try_once(entries)` stores all of
// them in one transaction, or none. Blocks for as long as that takes.
template <typename EntryType, typename TryOnce>
Result<void> settle(std::span<EntryType*> entries, TryOnce& try_once) {
  Result<void> outcome;
  for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
    outcome = try_once(entries);
    if (outcome) return outcome;
    if (!worth_retrying(outcome.error().code)) break;
    if (attempt < kAttemptsMax) std::this_thread::sleep_for(retry_delay(attempt));
  }
  const bool everyones = is_everyones(outcome.error().code);
  if (everyones || entries.size() == 1) {
    for (EntryType* entry : entries) entry->refusal = refusal_of(outcome.error());
    return everyones ? outcome : Result<void>();
  }
  const std::size_t half = entries.size() / 2;
  if (auto first = settle(entries.first(half), try_once); !first) {
    for (EntryType* entry : entries.subspan(half)) entry->refusal = refusal_of(first.error());
    return first;
  }
  return settle(entries.subspan(half), try_once);
}

// Settles a lane's batch. Entries that bring their refusal along are only in it to be answered
// in their turn: they are passed over.
template <typename EntryType, typename TryOnce>
void settle_all(std::vector<EntryType>& entries, TryOnce try_once) {
  std::vector<EntryType*> open;
  open.reserve(entries.size());
  for (EntryType& entry : entries) {
    if (!entry.refusal) open.push_back(&entry);
  }
  if (!open.empty()) (void)settle(std::span<EntryType*>(open), try_once);
}

}  // namespace chat::delivery
