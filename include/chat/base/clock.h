#pragma once

#include <chrono>

#include "chat/base/ids.h"

namespace chat::base {

using SteadyTime = std::chrono::steady_clock::time_point;

// The source of time, which tests replace by a manual one. Threading: thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // For deadlines and intervals: never jumps.
  virtual SteadyTime now() const = 0;
  // Like now(), but advances while the machine is suspended: for leases that others may take over
  // in the meantime. Its origin differs from that of now(); never compare the two.
  virtual SteadyTime boot_now() const { return now(); }
  // Wall-clock time for people and tables; jumps when the machine's clock is set.
  virtual UnixMillis unix_millis() const = 0;
};

// The machine's own clocks; one object for the whole process, immutable.
const Clock& system_clock();

}  // namespace chat::base
