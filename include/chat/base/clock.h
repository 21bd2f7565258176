#pragma once

#include <chrono>

#include "chat/base/ids.h"

namespace chat::base {

using SteadyTime = std::chrono::steady_clock::time_point;

// Where time comes from, so that tests can turn it by hand. Threading: thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // For deadlines and intervals: never jumps.
  virtual SteadyTime now() const = 0;
  // As now(), but goes on while the machine is suspended. For claims that others may take over in
  // the meantime. Its origin is its own: compare it with nothing else.
  virtual SteadyTime boot_now() const { return now(); }
  // For what people and tables see: may jump when someone sets the machine's clock.
  virtual UnixMillis unix_millis() const = 0;
};

// The machine's own clocks; one object for the whole process, immutable.
const Clock& system_clock();

}  // namespace chat::base
