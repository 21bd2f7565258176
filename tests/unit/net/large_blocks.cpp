#include "large_blocks.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kLargeBytes = 256 * 1024;
std::atomic<int> count{0};

}  // namespace

int chat::test::large_blocks() {
  return count;
}

#if !CHAT_ADDRESS_SANITIZER && !CHAT_THREAD_SANITIZER

void* operator new(std::size_t size) {
  void* const block = std::malloc(size > 0 ? size : 1);
  if (block == nullptr) throw std::bad_alloc();
  if (::malloc_usable_size(block) >= kLargeBytes) ++count;
  return block;
}

void operator delete(void* block) noexcept {
  if (block != nullptr && ::malloc_usable_size(block) >= kLargeBytes) --count;
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

#endif
