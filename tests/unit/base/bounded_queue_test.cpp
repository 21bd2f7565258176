#include "chat/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace chat::base {
namespace {

TEST(BoundedQueue, RefusesItemsOverItsCapacityUnchanged) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, PopsBatchesInOrderUpToTheGivenSize) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.try_push(int{i}));
  EXPECT_EQ(queue.pop_batch(3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(queue.pop_batch(3), (std::vector<int>{3, 4}));
}

TEST(BoundedQueue, PopsQueuedItemsAfterCloseThenNothing) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.try_push(7));
  queue.close();
  EXPECT_FALSE(queue.try_push(8));
  EXPECT_EQ(queue.pop(), 7);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_TRUE(queue.pop_batch(3).empty());
}

TEST(BoundedQueue, PushesAllOrNone) {
  BoundedQueue<int> queue(3);
  std::vector<int> four{1, 2, 3, 4};
  EXPECT_FALSE(queue.try_push_all(four));
  EXPECT_EQ(four, (std::vector<int>{1, 2, 3, 4}));
  std::vector<int> three{1, 2, 3};
  EXPECT_TRUE(queue.try_push_all(three));
  EXPECT_EQ(queue.pop_batch(10), (std::vector<int>{1, 2, 3}));
}

// Moving the value 3 fails, as an allocation might.
struct Fragile {
  explicit Fragile(int the_value) : value(the_value) {}
  Fragile(Fragile&& other) : value(std::exchange(other.value, 0)) {
    if (value != 3) return;
    other.value = 3;
    throw std::bad_alloc();
  }
  Fragile& operator=(Fragile&& other) = default;
  int value;
};

TEST(BoundedQueue, PushesNoneWhenOneThrows) {
  BoundedQueue<Fragile> queue(10);
  std::vector<Fragile> three;
  three.reserve(3);
  for (const int value : {1, 2, 4}) three.emplace_back(value);
  three.back().value = 3;
  EXPECT_THROW((void)queue.try_push_all(three), std::bad_alloc);
  EXPECT_EQ(queue.size(), 0U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(three[i].value, static_cast<int>(i) + 1);
}

TEST(BoundedQueue, FillsABatchUpWithoutWaiting) {
  BoundedQueue<int> queue(10);
  std::vector<int> batch{1};
  queue.try_pop_into(batch, 3);
  EXPECT_EQ(batch, std::vector<int>{1});
  for (int i = 2; i <= 5; ++i) EXPECT_TRUE(queue.try_push(int{i}));
  queue.try_pop_into(batch, 3);
  EXPECT_EQ(batch, (std::vector<int>{1, 2, 3}));
}

// Each item blocks its consumer until all consumers have one: with a single wake-up the others
// would stay asleep, and this test would not end.
TEST(BoundedQueue, BurstWakesAsManyConsumersAsThereAreItems) {
  constexpr int kConsumers = 4;
  BoundedQueue<int> queue(10);
  std::latch busy(kConsumers);
  std::vector<std::thread> consumers;
  for (int i = 0; i < kConsumers; ++i) {
    consumers.emplace_back([&] {
      EXPECT_TRUE(queue.pop().has_value());
      busy.arrive_and_wait();
    });
  }
  std::vector<int> burst{1, 2, 3, 4};
  EXPECT_TRUE(queue.try_push_all(burst));
  for (auto& consumer : consumers) consumer.join();
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::thread consumer([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
  consumer.join();
}

}  // namespace
}  // namespace chat::base
