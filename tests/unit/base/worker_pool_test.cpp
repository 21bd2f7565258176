#include "chat/base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "chat/base/log.h"

namespace chat::base {
namespace {

TEST(WorkerPool, RunsEveryQueuedTaskBeforeItStops) {
  std::atomic<int> ran{0};
  WorkerPool pool("test", 3, 1000);
  pool.start();
  for (int i = 0; i < 500; ++i) {
    EXPECT_TRUE(pool.try_post([&ran] { ran.fetch_add(1); }));
  }
  pool.stop();
  EXPECT_EQ(ran.load(), 500);
  EXPECT_FALSE(pool.try_post([] {}));
}

TEST(WorkerPool, RefusesWhenItsQueueIsFull) {
  WorkerPool pool("test", 1, 2);  // not started: nothing drains it
  EXPECT_TRUE(pool.try_post([] {}));
  EXPECT_TRUE(pool.try_post([] {}));
  EXPECT_FALSE(pool.try_post([] {}));
}

TEST(WorkerPool, SurvivesAThrowingTask) {
  ASSERT_TRUE(log::configure(log::Level::kOff, ""));
  WorkerPool pool("test", 1, 10);
  pool.start();
  std::promise<int> after;
  EXPECT_TRUE(pool.try_post([] { throw std::runtime_error("on purpose"); }));
  EXPECT_TRUE(pool.try_post([&after] { after.set_value(42); }));
  EXPECT_EQ(after.get_future().get(), 42);
}

}  // namespace
}  // namespace chat::base
