#pragma once

#include <cstddef>
#include <string>

namespace chat::base {

// So many random bytes, which nobody can guess, as lower-case hex digits. Thread-safe.
std::string random_hex(std::size_t bytes);

}  // namespace chat::base
