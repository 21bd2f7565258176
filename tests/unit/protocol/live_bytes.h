#pragma once

#include <cstddef>

namespace chat::protocol {

// Heap bytes that this test program holds through operator new. Not for several threads.
std::size_t live_bytes();

}  // namespace chat::protocol
