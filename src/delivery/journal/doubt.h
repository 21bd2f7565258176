#pragma once

#include <algorithm>
#include <thread>
#include <vector>

#include "chat/base/clock.h"

namespace chat::delivery {

// True if the entry is refused, or put off, although it may still be on its way to the database.
// For after its batch is settled.
template <typename EntryType>
bool may_still_arrive(const EntryType& entry) {
  return entry.in_doubt && (entry.refusal || entry.lock_in_way);
}

// Waits until `until`, when the database stores nothing any more that may still arrive: a refusal
// may end a session, and once a batch has ended a block may be acknowledged, after which nothing
// may be stored against it. Call after a batch is settled.
template <typename EntryType>
void wait_out_doubt(const std::vector<EntryType>& entries, base::SteadyTime until,
                    const base::Clock& clock) {
  const bool any = std::any_of(entries.begin(), entries.end(), may_still_arrive<EntryType>);
  const auto now = clock.boot_now();
  if (any && until > now) {
    std::this_thread::sleep_for(until - now);
  }
}

}  // namespace chat::delivery
