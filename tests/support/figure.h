#pragma once

#include <cstdint>
#include <string_view>

#include "support/deadline.h"

namespace chat::test {

// What a test has measured, as a line of its output: "figure: NAME = VALUE".
// tests/faults/figures.py gathers these lines from a run's log.
void figure(std::string_view name, milliseconds value);
void figure(std::string_view name, std::int64_t value, std::string_view unit = "");

}  // namespace chat::test
