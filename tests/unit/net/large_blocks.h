#pragma once

#include "base/sanitizer.h"

namespace chat::test {

constexpr bool kCountsLargeBlocks = !CHAT_ADDRESS_SANITIZER && !CHAT_THREAD_SANITIZER;

// The number of live blocks of 256 KiB or more from `new`, to detect retained buffers. Always 0
// under a sanitizer, which has its own allocator.
int large_blocks();

}  // namespace chat::test
