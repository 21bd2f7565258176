#include "chat/base/batcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <numeric>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "chat/base/log.h"

namespace chat::base {
namespace {

// Requests are numbers; the answer to n is 10 n.
class BatcherTest : public testing::Test {
 protected:
  using Numbers = Batcher<int, int>;

  void SetUp() override {
    ASSERT_TRUE(log::configure(log::Level::kOff, ""));
    workers_.start();
  }
  void TearDown() override { workers_.stop(); }

  void work(std::span<Numbers::Item> items) {
    started_.release();
    if (held_) go_on_.acquire();
    sizes_.push_back(items.size());
    for (Numbers::Item& item : items) {
      if (item.request < 0) throw std::runtime_error("on purpose");
      item.answer = 10 * item.request;
      order_.push_back(item.request);
    }
  }
  std::future<Result<int>> ask(int number) {
    auto promise = std::make_shared<std::promise<Result<int>>>();
    EXPECT_TRUE(
        numbers_.ask(number, [promise](Result<int>&& answer) { promise->set_value(answer); }));
    return promise->get_future();
  }
  // From here on batches block until go_on().
  void hold() { held_ = true; }
  void go_on() {
    held_ = false;
    go_on_.release();
  }

  static constexpr std::size_t kBatchMax = 4;
  static constexpr std::size_t kWaitingMax = 10;

  std::atomic<bool> held_{false};
  std::counting_semaphore<> started_{0};
  std::counting_semaphore<> go_on_{0};
  std::vector<std::size_t> sizes_;  // of the batches
  std::vector<int> order_;
  WorkerPool workers_{"test", 2, 1000};
  Numbers numbers_{workers_, "numbers", kBatchMax, kWaitingMax,
                   [this](std::span<Numbers::Item> items) { work(items); }};
};

TEST_F(BatcherTest, LoneRequestDoesNotWait) {
  EXPECT_EQ(ask(7).get().value(), 70);
  EXPECT_EQ(ask(8).get().value(), 80);
  EXPECT_EQ(sizes_, (std::vector<std::size_t>{1, 1}));
}

TEST_F(BatcherTest, RequestsDuringABatchFormTheNextBatchesInOrder) {
  hold();
  auto first = ask(0);
  started_.acquire();
  std::vector<std::future<Result<int>>> rest;
  for (int i = 1; i <= 6; ++i) rest.push_back(ask(i));
  go_on();
  EXPECT_EQ(first.get().value(), 0);
  for (int i = 1; i <= 6; ++i) {
    EXPECT_EQ(rest[static_cast<std::size_t>(i - 1)].get().value(), 10 * i);
  }
  EXPECT_EQ(sizes_, (std::vector<std::size_t>{1, 4, 2}));
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
}

TEST_F(BatcherTest, RefusesWhenFull) {
  hold();
  auto first = ask(0);
  started_.acquire();
  std::vector<std::future<Result<int>>> waiting;
  for (std::size_t i = 0; i < kWaitingMax; ++i) waiting.push_back(ask(1));
  EXPECT_FALSE(numbers_.ask(1, [](Result<int>&&) { FAIL() << "it was refused"; }));
  go_on();
  for (auto& answer : waiting) EXPECT_EQ(answer.get().value(), 10);
}

TEST_F(BatcherTest, ThrowingWorkStillAnswersEveryRequest) {
  hold();
  auto first = ask(0);
  started_.acquire();
  auto good = ask(1);
  auto bad = ask(-1);
  auto behind = ask(2);
  go_on();
  EXPECT_EQ(good.get().value(), 10);
  EXPECT_EQ(bad.get().error().code, ErrorCode::kInternal);
  EXPECT_EQ(behind.get().error().code, ErrorCode::kInternal);
  EXPECT_EQ(ask(3).get().value(), 30);
}

TEST_F(BatcherTest, ThrowingCallbackAffectsNoOtherRequest) {
  hold();
  auto first = ask(0);
  started_.acquire();
  ASSERT_TRUE(numbers_.ask(1, [](Result<int>&&) { throw std::runtime_error("on purpose"); }));
  auto next = ask(2);
  go_on();
  EXPECT_EQ(next.get().value(), 20);
}

TEST_F(BatcherTest, WaitingRequestsAreAnsweredWhenTheWorkersStop) {
  hold();
  std::vector<std::future<Result<int>>> answers;
  answers.push_back(ask(0));
  started_.acquire();
  for (int i = 1; i <= 9; ++i) answers.push_back(ask(i));
  std::thread stopping([this] { workers_.stop(); });
  while (workers_.try_post([] {})) std::this_thread::yield();
  go_on();
  stopping.join();
  for (int i = 0; i <= 9; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get().value(), 10 * i);
  }
  EXPECT_FALSE(numbers_.ask(11, [](Result<int>&&) {}));
}

TEST_F(BatcherTest, EachRequestOfManyThreadsIsAnsweredOnce) {
  std::atomic<int> sum{0};
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 1; i <= 500; ++i) {
          const auto add = [&](Result<int>&& answer) {
            sum += answer.value();
            ++answered;
          };
          while (!numbers_.ask(i, add)) std::this_thread::yield();
        }
      });
    }
  }
  workers_.stop();
  EXPECT_EQ(answered.load(), 4 * 500);
  EXPECT_EQ(sum.load(), 4 * 10 * 500 * 501 / 2);
  EXPECT_EQ(std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0}), 4u * 500u);
}

}  // namespace
}  // namespace chat::base
