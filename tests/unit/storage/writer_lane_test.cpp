#include "storage/sqlite/writer_lane.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace chat::storage {
namespace {

TEST(WriterLane, ServesWaitersInOrder) {
  WriterLane lane;
  auto mine = std::make_unique<WriterLane::Turn>(lane.enter());
  std::vector<int> order;  // guarded by the lane itself
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto turn = lane.enter();
      order.push_back(i);
    });
    while (lane.waiting() != static_cast<std::size_t>(i + 1)) std::this_thread::yield();
  }
  mine.reset();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(WriterLane, AdmitsOneAtATime) {
  WriterLane lane;
  int inside = 0;
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto turn = lane.enter();
        EXPECT_EQ(++inside, 1);
        ++total;
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 16000);
  EXPECT_EQ(lane.waiting(), 0u);
}

TEST(WriterLane, NobodyWaitsBehindAForeignLock) {
  WriterLane lane;
  const auto enters_within = [&lane](std::chrono::milliseconds patience) {
    bool entered = false;
    std::thread([&] { entered = lane.enter_within(patience).has_value(); }).join();
    return entered;
  };
  constexpr std::chrono::milliseconds kLong{60'000};
  lane.refuse_waiting();
  EXPECT_TRUE(enters_within(kLong));
  {
    const auto turn = lane.enter();
    EXPECT_FALSE(enters_within(kLong));
  }
  lane.stranger_gone();
  auto turn = std::make_unique<WriterLane::Turn>(lane.enter());
  std::thread waiting([&] { EXPECT_TRUE(lane.enter_within(kLong).has_value()); });
  while (lane.waiting() == 0) std::this_thread::yield();
  turn.reset();
  waiting.join();
}

TEST(WriterLane, MovedTurnIsReleasedOnce) {
  WriterLane lane;
  {
    auto turn = lane.enter();
    const WriterLane::Turn moved(std::move(turn));
  }
  const auto again = lane.enter();
}

TEST(WriterLaneDeathTest, EnteringTwiceOnOneThreadIsAMistake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  WriterLane lane;
  const auto turn = lane.enter();
  EXPECT_DEATH(static_cast<void>(lane.enter()), "check failed");
}

}  // namespace
}  // namespace chat::storage
