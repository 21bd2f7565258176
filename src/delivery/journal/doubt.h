#pragma once

#include <algorithm>
#include <thread>
#include <vector>

#include "chat/base/clock.h"

namespace chat::delivery {

// Waits until `until` if an entry is refused, or put off, although it may still be on its way to
// the database, which stores it until then: a refusal may end a session, and once a batch has ended
// a block may be acknowledged, after which nothing may be stored against it. Call after a batch is
// settled.
template <typename EntryType>
void wait_out_doubt(const std::vector<EntryType>& entries, base::SteadyTime until,
                    const base::Clock& clock) {
  const bool any = std::any_of(entries.begin(), entries.end(), [](const EntryType& entry) {
    return entry.in_doubt && (entry.refusal || entry.lock_in_way);
  });
  const auto now = clock.boot_now();
  if (any && until > now) {
    std::this_thread::sleep_for(until - now);
  }
}

}  // namespace chat::delivery
