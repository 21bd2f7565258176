#pragma once

#include "base/sanitizer.h"

namespace chat::test {

constexpr bool kCountsLargeBlocks = !CHAT_ADDRESS_SANITIZER && !CHAT_THREAD_SANITIZER;

// How many blocks of 256 KiB or more `new` has given and not got back: shows whether a buffer is
// kept. Always 0 under a sanitizer, which brings an allocator of its own.
int large_blocks();

}  // namespace chat::test
