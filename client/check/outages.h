#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"

namespace chat::client::check {

// A time in which one client made no progress: from a lost connection or an `unavailable` answer to
// its next ack or, if it had nothing to send, to its next login.
struct Outage {
  base::SteadyTime from;
  std::optional<base::SteadyTime> until;  // empty: it never recovered
  std::string reason;
};

// A disturbance of the service as a whole: outages of clients that overlap in time.
struct Disturbance {
  base::SteadyTime from;
  std::size_t clients = 0;                          // the number of outages
  std::optional<base::SteadyTime::duration> first;  // until the first client was back
  std::optional<base::SteadyTime::duration> all;    // empty: one never came back
  std::string reason;                               // of the first failure
};

// Ordered by time.
std::vector<Disturbance> disturbances_of(std::vector<Outage> outages);

// The longest time until all were back; empty if one never was.
std::optional<base::SteadyTime::duration> worst_of(const std::vector<Disturbance>& disturbances);

}  // namespace chat::client::check
