#pragma once

#include <cstdint>
#include <string_view>

#include "support/deadline.h"

namespace chat::test {

// Prints a measurement as "figure: NAME = VALUE". tests/faults/figures.py collects these lines from
// a run's log.
void figure(std::string_view name, milliseconds value);
void figure(std::string_view name, std::int64_t value, std::string_view unit = "");

}  // namespace chat::test
