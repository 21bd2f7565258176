#include "tests/bench/chatbench/processes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace chat::bench {
namespace {

TEST(BenchProcesses, SeesAllocatedMemory) {
  constexpr std::size_t kBytes = 32 * 1024 * 1024;
  const auto before = sample_process(::getpid());
  ASSERT_TRUE(before);
  const std::unique_ptr<char[]> memory(new char[kBytes]);
  std::memset(memory.get(), 1, kBytes);
  const auto after = sample_process(::getpid());
  ASSERT_TRUE(after);
  EXPECT_GE(after->anonymous_bytes, before->anonymous_bytes + kBytes * 9 / 10);
  EXPECT_GE(after->rss_bytes, after->anonymous_bytes);
  EXPECT_EQ(memory[kBytes / 2], 1);
}

TEST(BenchProcesses, SeesCpuTime) {
  const auto before = sample_process(::getpid());
  ASSERT_TRUE(before);
  const SteadyTime deadline = time_now() + std::chrono::seconds(30);
  double spent = 0;
  while (spent < 0.05 && time_now() < deadline) {
    const auto now = sample_process(::getpid());
    ASSERT_TRUE(now);
    spent = now->user_s + now->system_s - before->user_s - before->system_s;
    EXPECT_GE(now->cpu_s, before->cpu_s);
  }
  EXPECT_GE(spent, 0.05);
  const auto after = sample_process(::getpid());
  ASSERT_TRUE(after);
  EXPECT_GE(after->cpu_s - before->cpu_s, 0.03);
}

TEST(BenchProcesses, ThereIsNoProcessZero) {
  EXPECT_FALSE(sample_process(0));
}

}  // namespace
}  // namespace chat::bench
