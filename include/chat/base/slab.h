#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "chat/base/mutex.h"

namespace chat::base {

// Memory for very many objects of one size that live long: packed in chunks of their own, apart
// from what comes and goes around them. Among the requests of 19 000 logins the C library would
// leave 300 bytes of holes for each; here a hole is a place for the next one, and a chunk that is
// empty goes back.
// Threading: any. Under a sanitizer each block is one of the C library's, which it watches.
class Slab {
 public:
  // `alignment`: a power of two, at most that of std::max_align_t.
  Slab(std::size_t block_bytes, std::size_t alignment);
  // Precondition: every block has come back.
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Throws std::bad_alloc.
  void* allocate();
  void deallocate(void* block) noexcept;
  std::size_t chunks() const;
  // What all slabs together have from the system.
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
  Chunk* roomy_ CHAT_GUARDED_BY(mutex_) = nullptr;  // those with a free block, in a list
  std::size_t chunks_ CHAT_GUARDED_BY(mutex_) = 0;
};

// The one slab of objects of T's size and purpose; for ever.
template <typename T>
Slab& slab_of() {
  static_assert(alignof(T) <= alignof(std::max_align_t));
  static Slab& slab = *new Slab(sizeof(T), alignof(T));
  return slab;
}

// Base of a class whose objects are to lie in a slab when they are made by `new`:
//
//   class Connection final : public Slabbed<Connection>
template <typename T>
class Slabbed {
 public:
  // The check does not count an operator delete that is told the size.
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
