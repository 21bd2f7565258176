#pragma once

#include <algorithm>
#include <thread>
#include <vector>

#include "chat/base/clock.h"

namespace chat::delivery {

// Waits until `until` if an entry is refused although it may still be on its way to the database,
// which stores it until then: the refusal may end a session, after which nothing of it may be
// stored. Call after a batch is settled.
template <typename EntryType>
void wait_out_doubt(const std::vector<EntryType>& entries, base::SteadyTime until,
                    const base::Clock& clock) {
  const bool any = std::any_of(entries.begin(), entries.end(), [](const EntryType& entry) {
    return entry.in_doubt && entry.refusal;
  });
  const auto now = clock.boot_now();
  if (any && until > now) {
    std::this_thread::sleep_for(until - now);
  }
}

}  // namespace chat::delivery
