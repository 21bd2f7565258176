#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "chat/base/mutex.h"

namespace chat::base {

// An allocator for very many long-lived objects of one size. They are packed in chunks of their
// own, apart from short-lived allocations: after 19,000 logins malloc's fragmentation would cost
// 300 bytes for each. A freed block is reused, and an empty chunk is returned to the system.
// Threading: thread-safe. Under a sanitizer each block comes from malloc, so that it is checked.
class Slab {
 public:
  // `alignment`: a power of two, at most that of std::max_align_t.
  Slab(std::size_t block_bytes, std::size_t alignment);
  // Precondition: every block has been deallocated.
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Throws std::bad_alloc.
  void* allocate();
  void deallocate(void* block) noexcept;
  std::size_t chunks() const;
  // Memory that all slabs together hold from the system.
  static std::size_t mapped_bytes();

 private:
  struct Block {
    Block* next;
  };
  struct Chunk;

  Chunk& chunk_with_room() CHAT_REQUIRES(mutex_);
  void link(Chunk& chunk) CHAT_REQUIRES(mutex_);
  void unlink(Chunk& chunk) CHAT_REQUIRES(mutex_);
  static Chunk& chunk_of(void* block);

  const std::size_t block_bytes_;
  const std::uint32_t blocks_in_chunk_;
  mutable Mutex mutex_;
  Chunk* roomy_ CHAT_GUARDED_BY(mutex_) = nullptr;  // list of the chunks with a free block
  std::size_t chunks_ CHAT_GUARDED_BY(mutex_) = 0;
};

// The slab of T's objects; never destroyed.
template <typename T>
Slab& slab_of() {
  static_assert(alignof(T) <= alignof(std::max_align_t));
  static Slab& slab = *new Slab(sizeof(T), alignof(T));
  return slab;
}

// Base of a class whose objects `new` puts into a slab:
//
//   class Connection final : public Slabbed<Connection>
template <typename T>
class Slabbed {
 public:
  // The check overlooks the sized operator delete.
  // NOLINTNEXTLINE(cert-dcl54-cpp)
  static void* operator new(std::size_t bytes) {
    if (bytes != sizeof(T)) return ::operator new(bytes);
    return slab_of<T>().allocate();
  }
  static void operator delete(void* block, std::size_t bytes) noexcept {
    if (bytes != sizeof(T)) return ::operator delete(block);
    slab_of<T>().deallocate(block);
  }
};

// For std::allocate_shared().
template <typename T>
struct SlabAllocator {
  using value_type = T;
  SlabAllocator() = default;
  template <typename U>
  SlabAllocator(const SlabAllocator<U>&) {}

  T* allocate(std::size_t count) {
    if (count != 1) return static_cast<T*>(::operator new(count * sizeof(T)));
    return static_cast<T*>(slab_of<T>().allocate());
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (count != 1) return ::operator delete(block);
    slab_of<T>().deallocate(block);
  }
  bool operator==(const SlabAllocator&) const = default;
};

}  // namespace chat::base
