#include "live_bytes.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

// In a separate file, so that the compiler does not inline one half of a new/delete pair and warn
// that malloc and delete don't match.

namespace {

std::size_t held = 0;

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  held -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

std::size_t chat::protocol::live_bytes() {
  return held;
}

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  held += malloc_usable_size(memory);
  return memory;
}

void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
