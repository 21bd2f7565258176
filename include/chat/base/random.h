#pragma once

#include <cstddef>
#include <string>

namespace chat::base {

// `bytes` cryptographically random bytes as lower-case hex digits. Thread-safe.
std::string random_hex(std::size_t bytes);

}  // namespace chat::base
