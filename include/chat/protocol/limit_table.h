#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace chat::protocol {

// A limit of limits.h as shown in HELLO's `limits`, by `chatserver --check` and in conf/README.md.
struct Limit {
  std::string_view name;  // ends in the unit, if any
  std::int64_t value;
  std::string_view unit;
};

std::span<const Limit> limit_table();

}  // namespace chat::protocol
