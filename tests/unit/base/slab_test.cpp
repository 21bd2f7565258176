#include "chat/base/slab.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "base/sanitizer.h"

namespace chat::base {
namespace {

constexpr std::size_t kBytes = 200;
constexpr std::size_t kAlignment = 8;
// Under a sanitizer every block is the C library's.
constexpr bool kPacks = !CHAT_ADDRESS_SANITIZER && !CHAT_THREAD_SANITIZER;

TEST(Slab, AllocatesDistinctBlocksThatKeepTheirContent) {
  Slab slab(kBytes, kAlignment);
  std::vector<unsigned char*> blocks;
  for (int i = 0; i < 2000; ++i) {
    auto* block = static_cast<unsigned char*>(slab.allocate());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % kAlignment, 0U);
    std::memset(block, i % 251, kBytes);
    blocks.push_back(block);
  }
  EXPECT_EQ(std::set(blocks.begin(), blocks.end()).size(), blocks.size());
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(blocks[static_cast<std::size_t>(i)][0], i % 251);
    EXPECT_EQ(blocks[static_cast<std::size_t>(i)][kBytes - 1], i % 251);
    slab.deallocate(blocks[static_cast<std::size_t>(i)]);
  }
}

TEST(Slab, ReusesFreedBlocksAndReturnsEmptyChunks) {
  if (!kPacks) GTEST_SKIP() << "a sanitizer watches each block";
  const std::size_t mapped_before = Slab::mapped_bytes();
  Slab slab(kBytes, kAlignment);
  std::vector<void*> blocks(1000);
  for (void*& block : blocks) block = slab.allocate();
  const std::size_t full = slab.chunks();
  EXPECT_GT(full, 2U);
  EXPECT_GE(Slab::mapped_bytes() - mapped_before, blocks.size() * kBytes);
  for (std::size_t i = 0; i < blocks.size(); i += 2) slab.deallocate(blocks[i]);
  EXPECT_EQ(slab.chunks(), full);
  for (std::size_t i = 0; i < blocks.size(); i += 2) blocks[i] = slab.allocate();
  EXPECT_EQ(slab.chunks(), full);
  for (void* block : blocks) slab.deallocate(block);
  EXPECT_EQ(slab.chunks(), 0U);
  EXPECT_EQ(Slab::mapped_bytes(), mapped_before);
}

TEST(Slab, ThreadsFreeBlocksOfOtherThreads) {
  Slab slab(kBytes, kAlignment);
  std::vector<void*> shared(64);
  Mutex mutex;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 20'000; ++i) {
        void* mine = slab.allocate();
        std::memset(mine, static_cast<int>(seed), kBytes);
        {
          MutexLock lock(mutex);
          std::swap(mine, shared[random() % shared.size()]);
        }
        if (mine != nullptr) slab.deallocate(mine);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (void* block : shared) {
    if (block != nullptr) slab.deallocate(block);
  }
  EXPECT_EQ(slab.chunks(), 0U);
}

struct Made : Slabbed<Made> {
  explicit Made(bool fails = false) {
    if (fails) throw 1;
  }
  std::uint64_t words[16] = {};
};

TEST(Slab, ServesOperatorNewAndThrowingConstructors) {
  auto one = std::make_unique<Made>();
  EXPECT_EQ(slab_of<Made>().chunks(), kPacks ? 1U : 0U);
  EXPECT_THROW(std::make_unique<Made>(true), int);
  one.reset();
  EXPECT_EQ(slab_of<Made>().chunks(), 0U);
}

TEST(Slab, ServesAllocateShared) {
  std::weak_ptr<Made> seen;
  {
    auto shared = std::allocate_shared<Made>(SlabAllocator<Made>());
    seen = shared;
    EXPECT_EQ(shared->words[15], 0U);
  }
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace chat::base
