#include "chat/base/slab.h"

#include <sys/mman.h>

#include <atomic>

#include "base/sanitizer.h"
#include "chat/base/check.h"

namespace chat::base {
namespace {

constexpr bool kWatchedMemory = CHAT_ADDRESS_SANITIZER != 0 || CHAT_THREAD_SANITIZER != 0;

// Chunks are aligned to their size, so a block's address gives its chunk.
constexpr std::size_t kChunkBytes = 64 * 1024;

constexpr std::size_t aligned(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

std::atomic<std::size_t> mapped_chunks = 0;

void unmap(char* memory, std::size_t bytes) {
  if (bytes > 0) ::munmap(memory, bytes);
}

// Mapped directly and not from malloc, where it would lie between short-lived allocations. Twice
// the size always contains an aligned chunk; the rest is unmapped.
void* map_chunk() {
  void* mapped =
      ::mmap(nullptr, 2 * kChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const memory = static_cast<char*>(mapped);
  const std::size_t over = reinterpret_cast<std::uintptr_t>(memory) % kChunkBytes;
  const std::size_t before = over == 0 ? 0 : kChunkBytes - over;
  unmap(memory, before);
  unmap(memory + before + kChunkBytes, kChunkBytes - before);
  mapped_chunks.fetch_add(1, std::memory_order_relaxed);
  return memory + before;
}

}  // namespace

// The header of a chunk; its blocks follow.
struct Slab::Chunk {
  Chunk* previous = nullptr;
  Chunk* next = nullptr;
  Block* free = nullptr;    // list of freed blocks
  std::uint32_t fresh = 0;  // the number of blocks, from the front, used at least once
  std::uint32_t used = 0;

  static constexpr std::size_t begin() { return aligned(sizeof(Chunk), alignof(std::max_align_t)); }
};

Slab::Slab(std::size_t block_bytes, std::size_t alignment)
    : block_bytes_(aligned(block_bytes, alignment)),
      blocks_in_chunk_(static_cast<std::uint32_t>((kChunkBytes - Chunk::begin()) / block_bytes_)) {
  CHAT_CHECK(block_bytes_ >= sizeof(Block) && blocks_in_chunk_ >= 8);
}

Slab::~Slab() {
  MutexLock lock(mutex_);
  CHAT_CHECK(chunks_ == 0);
}

void* Slab::allocate() {
  if (kWatchedMemory) return ::operator new(block_bytes_);
  MutexLock lock(mutex_);
  Chunk& chunk = chunk_with_room();
  void* block = chunk.free;
  if (chunk.free != nullptr) {
    chunk.free = chunk.free->next;
  } else {
    block = reinterpret_cast<char*>(&chunk) + Chunk::begin() + chunk.fresh++ * block_bytes_;
  }
  if (++chunk.used == blocks_in_chunk_) unlink(chunk);
  return block;
}

void Slab::deallocate(void* block) noexcept {
  if (kWatchedMemory) return ::operator delete(block);
  MutexLock lock(mutex_);
  Chunk& chunk = chunk_of(block);
  if (chunk.used-- == blocks_in_chunk_) link(chunk);
  chunk.free = new (block) Block{chunk.free};
  if (chunk.used > 0) return;
  unlink(chunk);
  --chunks_;
  unmap(reinterpret_cast<char*>(&chunk), kChunkBytes);
  mapped_chunks.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t Slab::chunks() const {
  MutexLock lock(mutex_);
  return chunks_;
}

std::size_t Slab::mapped_bytes() {
  return mapped_chunks.load(std::memory_order_relaxed) * kChunkBytes;
}

Slab::Chunk& Slab::chunk_with_room() {
  if (roomy_ != nullptr) return *roomy_;
  Chunk& chunk = *new (map_chunk()) Chunk;
  ++chunks_;
  link(chunk);
  return chunk;
}

void Slab::link(Chunk& chunk) {
  chunk.previous = nullptr;
  chunk.next = roomy_;
  if (roomy_ != nullptr) roomy_->previous = &chunk;
  roomy_ = &chunk;
}

void Slab::unlink(Chunk& chunk) {
  if (chunk.previous != nullptr) chunk.previous->next = chunk.next;
  if (chunk.next != nullptr) chunk.next->previous = chunk.previous;
  if (roomy_ == &chunk) roomy_ = chunk.next;
}

Slab::Chunk& Slab::chunk_of(void* block) {
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(block) % kChunkBytes;
  return *reinterpret_cast<Chunk*>(static_cast<char*>(block) - offset);
}

}  // namespace chat::base
