#include "server/memory_trim.h"

#include <gtest/gtest.h>

namespace chat::server {
namespace {

using namespace std::chrono_literals;

class MemoryTrimTest : public ::testing::Test {
 protected:
  void interval_with(std::chrono::nanoseconds spent) {
    cpu_time += spent;
    trim.tick();
  }

  std::chrono::nanoseconds cpu_time = 5s;
  int trims = 0;
  MemoryTrim trim{[this] { return cpu_time; }, [this] { ++trims; }};
};

TEST_F(MemoryTrimTest, TrimsOnceAfterABusyPeriod) {
  for (int i = 0; i < 3; ++i) interval_with(1s);
  EXPECT_EQ(trims, 0);
  for (int i = 0; i < 3; ++i) interval_with(10ms);
  EXPECT_EQ(trims, 1);
  interval_with(1s);
  interval_with(0s);
  EXPECT_EQ(trims, 2);
}

TEST_F(MemoryTrimTest, DoesNothingInACalmServer) {
  for (int i = 0; i < 100; ++i) interval_with(50ms);
  EXPECT_EQ(trims, 0);
}

}  // namespace
}  // namespace chat::server
