#include "chat/net/loop_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "support/loop_thread.h"

namespace chat::net {
namespace {

TEST(LoopPool, RunsEachLoopOnAThreadOfItsOwn) {
  LoopPool pool(3, base::system_clock());
  ASSERT_TRUE(pool.start());
  std::set<std::thread::id> threads{std::this_thread::get_id()};
  for (std::size_t i = 0; i < pool.size(); ++i) {
    threads.insert(test::call_in(pool.at(i), [] { return std::this_thread::get_id(); }));
  }
  EXPECT_EQ(threads.size(), 4U);
}

TEST(LoopPool, StartAndStopTwiceAreHarmless) {
  LoopPool pool(2, base::system_clock());
  pool.stop();
  ASSERT_TRUE(pool.start());
  for (std::size_t i = 0; i < 2; ++i) test::call_in(pool.at(i), [] {});  // they run
  ASSERT_TRUE(pool.start());
  EXPECT_EQ(test::call_in(pool.at(1), [] { return 1; }), 1);
  pool.stop();
  pool.stop();
  EXPECT_TRUE(pool.start());
  pool.stop();
}

TEST(LoopPool, RunsTasksPostedBeforeStopAndNoneLater) {
  LoopPool pool(2, base::system_clock());
  ASSERT_TRUE(pool.start());
  std::atomic<int> ran{0};
  for (std::size_t i = 0; i < 100; ++i) pool.at(i % 2).post([&ran] { ++ran; });
  pool.stop();
  EXPECT_EQ(ran, 100);
  pool.at(0).post([&ran] { ++ran; });
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace chat::net
