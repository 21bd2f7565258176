#pragma once

#include <cstddef>

namespace chat::protocol {

// The live heap bytes of this program from operator new. Not thread-safe.
std::size_t live_bytes();

}  // namespace chat::protocol
