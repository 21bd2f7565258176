#include "service/credentials/hash_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace chat::service {
namespace {

// A lane whose one thread is blocked until the test releases it.
class HashQueueTest : public testing::Test {
 protected:
  HashQueueTest() {
    lane_.start();
    std::promise<void> begun;
    EXPECT_TRUE(lane_.try_post([this, &begun] {
      begun.set_value();
      go_on_.get_future().wait();
    }));
    begun.get_future().wait();
  }
  int fill(const std::string& network, bool frequent = false) {
    int posted = 0;
    while (post(network, frequent)) ++posted;
    return posted;
  }
  // Records the networks of tasks that ran and of displaced ones.
  bool post(const std::string& network, bool frequent = false) {
    return queue_.try_post(
        network, frequent, [this, network] { ran_.push_back(network); },
        [this, network] { ++displaced_[network]; });
  }
  void release() { go_on_.set_value(); }
  // Returns after all posted tasks are done.
  void go_on() {
    release();
    lane_.stop();
  }

 private:
  std::promise<void> go_on_;

 protected:
  base::WorkerPool lane_{"hash", 1, 32};
  HashQueue queue_{lane_};
  std::vector<std::string> ran_;  // read it after go_on()
  std::map<std::string, int> displaced_;
};

TEST_F(HashQueueTest, OneNetworkTakesAtMostHalfOfThePlaces) {
  EXPECT_EQ(fill("1.1.1.1"), 16);
  EXPECT_EQ(fill("2.2.2.2"), 16);
  EXPECT_TRUE(displaced_.empty());
  go_on();
  EXPECT_EQ(ran_.size(), 32U);
}

TEST_F(HashQueueTest, NetworkWithFewerTasksDisplacesTheLargest) {
  fill("1.1.1.1");
  fill("2.2.2.2");
  EXPECT_EQ(fill("3.3.3.3"), 10);
  EXPECT_EQ(displaced_["1.1.1.1"], 5);
  EXPECT_EQ(displaced_["2.2.2.2"], 5);
  EXPECT_TRUE(post("4.4.4.4"));
  EXPECT_FALSE(post("1.1.1.1"));
  go_on();
  EXPECT_EQ(ran_.size(), 32U);
  EXPECT_EQ(std::count(ran_.begin(), ran_.end(), "4.4.4.4"), 1);
  EXPECT_EQ(displaced_.count("4.4.4.4"), 0U);
}

TEST_F(HashQueueTest, NetworksTakeTurns) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(post("1.1.1.1"));
  EXPECT_TRUE(post("2.2.2.2"));
  EXPECT_TRUE(post("3.3.3.3"));
  EXPECT_TRUE(post("2.2.2.2"));
  go_on();
  EXPECT_EQ(ran_, (std::vector<std::string>{"1.1.1.1", "2.2.2.2", "3.3.3.3", "1.1.1.1", "2.2.2.2",
                                            "1.1.1.1"}));
}

TEST_F(HashQueueTest, FrequentAccountsGetTheFirstQuarterOnly) {
  EXPECT_EQ(fill("1.1.1.1", true), 8);
  EXPECT_EQ(fill("2.2.2.2", true), 0);
  EXPECT_TRUE(post("2.2.2.2"));
  go_on();
}

TEST_F(HashQueueTest, PlaceIsFreeAfterItsTaskEvenIfItThrows) {
  std::promise<void> last;
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(queue_.try_post(
        "1.1.1.1", false, [] { throw std::runtime_error("no memory"); }, [] {}));
  }
  ASSERT_TRUE(queue_.try_post(
      "1.1.1.1", false, [] {}, [] {}));
  ASSERT_FALSE(queue_.try_post(
      "1.1.1.1", false, [] {}, [] {}));
  ASSERT_TRUE(queue_.try_post(
      "2.2.2.2", false, [&last] { last.set_value(); }, [] {}));
  release();
  last.get_future().wait();
  EXPECT_TRUE(queue_.try_post(
      "1.1.1.1", false, [] {}, [] {}));
  lane_.stop();
}

}  // namespace
}  // namespace chat::service
