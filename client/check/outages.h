#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"

namespace chat::client::check {

// A time in which one client got nothing done: from when its connection was lost, or it was told
// `unavailable`, to its next ack; for one that had nothing to send, to its next login.
struct Outage {
  base::SteadyTime from;
  std::optional<base::SteadyTime> until;  // nothing: it never came back
  std::string reason;
};

// What happened to the service as a whole: outages of clients that overlap in time.
struct Disturbance {
  base::SteadyTime from;
  std::size_t clients = 0;                          // outages, to be exact
  std::optional<base::SteadyTime::duration> first;  // until the first of them was back
  std::optional<base::SteadyTime::duration> all;    // nothing: one never came back
  std::string reason;                               // of the first failure
};

// In order of time.
std::vector<Disturbance> disturbances_of(std::vector<Outage> outages);

// The longest time until all were back; nothing when one never was.
std::optional<base::SteadyTime::duration> worst_of(const std::vector<Disturbance>& disturbances);

}  // namespace chat::client::check
