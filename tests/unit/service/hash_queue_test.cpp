#include "hash_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>

namespace chat::service {
namespace {

// A lane whose one thread is busy until the test lets it go on.
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
    while (queue_.try_post(network, frequent, [] {})) ++posted;
    return posted;
  }
  void release() { go_on_.set_value(); }
  // Everything that was posted is done after it.
  void go_on() {
    release();
    lane_.stop();
  }

 private:
  std::promise<void> go_on_;

 protected:
  base::WorkerPool lane_{"hash", 1, 32};
  HashQueue queue_{lane_};
};

TEST_F(HashQueueTest, OneNetworkLeavesHalfOfThePlacesToOthers) {
  EXPECT_EQ(fill("1.1.1.1"), 16);
  EXPECT_EQ(fill("2.2.2.2"), 16);
  EXPECT_EQ(fill("3.3.3.3"), 0);
  go_on();
}

TEST_F(HashQueueTest, AccountsThatComeOftenTakeTheFirstQuarterOnly) {
  EXPECT_EQ(fill("1.1.1.1", true), 8);
  EXPECT_EQ(fill("2.2.2.2", true), 0);
  EXPECT_TRUE(queue_.try_post("2.2.2.2", false, [] {}));
  go_on();
}

TEST_F(HashQueueTest, PlaceIsFreeOnceItsTaskIsOverAlsoByAnException) {
  std::promise<void> last;
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(queue_.try_post("1.1.1.1", false, [] { throw std::runtime_error("no memory"); }));
  }
  ASSERT_TRUE(queue_.try_post("1.1.1.1", false, [] {}));
  ASSERT_FALSE(queue_.try_post("1.1.1.1", false, [] {}));
  ASSERT_TRUE(queue_.try_post("2.2.2.2", false, [&last] { last.set_value(); }));
  release();
  last.get_future().wait();
  EXPECT_TRUE(queue_.try_post("1.1.1.1", false, [] {}));
  lane_.stop();
}

}  // namespace
}  // namespace chat::service
