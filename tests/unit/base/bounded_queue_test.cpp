#include "chat/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace chat::base {
namespace {

TEST(BoundedQueue, RefusesWhatIsOverItsCapacityAndLeavesTheItemAlone) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, HandsOutBatchesInOrderUpToTheWishedSize) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.try_push(int{i}));
  EXPECT_EQ(queue.pop_batch(3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(queue.pop_batch(3), (std::vector<int>{3, 4}));
}

TEST(BoundedQueue, GivesWhatWasQueuedBeforeCloseAndThenNothing) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.try_push(7));
  queue.close();
  EXPECT_FALSE(queue.try_push(8));
  EXPECT_EQ(queue.pop(), 7);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_TRUE(queue.pop_batch(3).empty());
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::thread consumer([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
  consumer.join();
}

}  // namespace
}  // namespace chat::base
