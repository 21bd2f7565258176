#pragma once

#include <time.h>

#include <cstdint>

namespace chat::bench {

// Microseconds of the monotonic clock. It is the same clock in every process of the machine, so a
// time that travels in a message can be read anywhere. A bare number: it is in every message, and
// in memory that processes share.
using Micros = std::int64_t;

inline constexpr Micros kNever = INT64_MAX;
inline constexpr Micros kSecond = 1'000'000;

inline Micros now_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Micros{now.tv_sec} * kSecond + now.tv_nsec / 1000;
}

}  // namespace chat::bench
