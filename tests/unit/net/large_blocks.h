#pragma once

namespace chat::test {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHAT_SANITIZED_ALLOCATOR
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHAT_SANITIZED_ALLOCATOR
#endif

#ifdef CHAT_SANITIZED_ALLOCATOR
constexpr bool kCountsLargeBlocks = false;
#else
constexpr bool kCountsLargeBlocks = true;
#endif

// How many blocks of 256 KiB or more `new` has given and not got back: shows whether a buffer is
// kept. Always 0 under a sanitizer, which brings an allocator of its own.
int large_blocks();

}  // namespace chat::test
