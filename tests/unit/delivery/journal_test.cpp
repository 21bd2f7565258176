#include "delivery/journal/journal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "chat/base/mutex.h"
#include "support/deadline.h"

namespace chat::delivery {
namespace {

using test::wait_until;

// A clock so far in the past that every time-out expires at once.
class LateClock final : public base::Clock {
 public:
  base::SteadyTime now() const override {
    return std::chrono::steady_clock::now() - std::chrono::hours(1);
  }
  UnixMillis unix_millis() const override { return 0; }
};

// Records what a lane's committer gets, with a gate at which it waits.
struct Gate {
  base::Mutex mutex;
  base::CondVar changed;
  bool open CHAT_GUARDED_BY(mutex) = true;
  std::vector<std::vector<int>> batches CHAT_GUARDED_BY(mutex);

  void set(bool now_open) {
    base::MutexLock lock(mutex);
    open = now_open;
    changed.notify_all();
  }
  std::size_t count() {
    base::MutexLock lock(mutex);
    return batches.size();
  }
  void clear() {
    base::MutexLock lock(mutex);
    batches.clear();
  }
  std::vector<std::vector<int>> all() {
    base::MutexLock lock(mutex);
    return batches;
  }
};

struct GatedCommitter {
  Gate* gate;
  std::atomic<bool>* fails;
  std::atomic<bool>* waits;  // some entries for a retry
  void commit(std::vector<int>& entries) {
    base::MutexLock lock(gate->mutex);
    gate->batches.push_back(entries);
    while (!gate->open) gate->changed.wait(gate->mutex);
  }
  std::optional<std::chrono::steady_clock::time_point> next_try() const {
    if (!*waits) return {};
    return std::chrono::steady_clock::now();
  }
  // Takes until nothing waits any more.
  std::vector<int> retry() {
    EXPECT_TRUE(wait_until([this] { return !*waits; }));
    return {};
  }
  // Nothing waits any more.
  std::vector<int> give_up_overdue() const {
    return waits->exchange(false) ? std::vector<int>{-99} : std::vector<int>{};
  }
  bool failed() const { return *fails; }
  static void refuse(std::vector<int>& entries) {
    for (int& entry : entries) entry = -entry;
  }
};

using TestLane = Lane<int, GatedCommitter>;

class LaneTest : public testing::Test {
 protected:
  void start(const base::Clock& clock = base::system_clock()) {
    make(clock);
    lane_->start();
  }
  void make(const base::Clock& clock = base::system_clock()) {
    lane_ = std::make_unique<TestLane>(
        "test", GatedCommitter{&gate_, &fails_, &waits_},
        [this](std::vector<int> entries) {
          base::MutexLock lock(mutex_);
          settled_.insert(settled_.end(), entries.begin(), entries.end());
        },
        [this] {
          ++looks_;
          if (on_look_) on_look_();
          return upstream_.load();
        },
        clock);
  }
  std::vector<int> settled() {
    base::MutexLock lock(mutex_);
    return settled_;
  }
  void forget_settled() {
    base::MutexLock lock(mutex_);
    settled_.clear();
  }
  // Occupies the lane with one entry whose commit hangs.
  void hang() {
    gate_.set(false);
    ASSERT_TRUE(lane_->append(0));
    ASSERT_TRUE(wait_until([this] { return gate_.count() == 1; }));
  }

  Gate gate_;
  std::atomic<Upstream> upstream_{Upstream::kIdle};
  std::atomic<int> looks_{0};      // how often the lane looked upstream
  std::function<void()> on_look_;  // runs each time, in the lane; set it before start()
  std::atomic<bool> fails_{false};
  std::atomic<bool> waits_{false};
  base::Mutex mutex_;
  std::vector<int> settled_ CHAT_GUARDED_BY(mutex_);
  std::unique_ptr<TestLane> lane_;
};

TEST_F(LaneTest, LoneEntryDoesNotWait) {
  start();
  ASSERT_TRUE(lane_->append(7));
  EXPECT_TRUE(wait_until([this] { return settled() == std::vector<int>{7}; }));
}

TEST_F(LaneTest, BatchWaitsForQueuedRequests) {
  start();
  upstream_ = Upstream::kRequests;
  // The first wait may end before the second entry arrives, but not in all of many rounds.
  int next = 0;
  const auto gathered = [this] {
    for (const auto& batch : gate_.all()) {
      if (batch.size() == 2) return true;
    }
    return false;
  };
  while (!gathered() && next < 1000) {
    ASSERT_TRUE(lane_->append(next++));
    std::this_thread::yield();
    ASSERT_TRUE(lane_->append(next++));
    ASSERT_TRUE(wait_until([&] { return settled().size() == static_cast<std::size_t>(next); }));
  }
  EXPECT_TRUE(gathered());
}

TEST_F(LaneTest, WaitForQueuedRequestsIsBounded) {
  start();
  upstream_ = Upstream::kRequests;
  ASSERT_TRUE(lane_->append(7));
  EXPECT_TRUE(wait_until([this] { return settled() == std::vector<int>{7}; }));
}

TEST_F(LaneTest, BatchWaitsForAsManyEntriesAsWereInFlight) {
  make();
  // The batch of 1 and 2 follows one of a single entry: three were in flight.
  on_look_ = [this] {
    if (looks_ != 3) return;
    EXPECT_TRUE(lane_->append(3));
  };
  upstream_ = Upstream::kBusy;
  lane_->start();
  hang();
  ASSERT_TRUE(lane_->append(1));
  ASSERT_TRUE(lane_->append(2));
  gate_.set(true);
  ASSERT_TRUE(wait_until([this] { return settled().size() == 4; }));
  EXPECT_EQ(gate_.all(), (std::vector<std::vector<int>>{{0}, {1, 2, 3}}));
  EXPECT_EQ(looks_, 4);
}

// Once it has waited in vain, the next one does not.
TEST_F(LaneTest, EntriesThatDoNotComeAreWaitedForOnceAndNotForLong) {
  constexpr auto kSteps = [](auto time) { return static_cast<int>(time / TestLane::kGatherStep); };
  for (const Upstream upstream : {Upstream::kBusy, Upstream::kIdle}) {
    make();
    upstream_ = upstream;
    lane_->start();
    hang();
    ASSERT_TRUE(lane_->append(1));
    looks_ = 0;
    gate_.set(true);
    ASSERT_TRUE(wait_until([this] { return settled().size() == 2; }));
    const bool idle = upstream == Upstream::kIdle;
    EXPECT_EQ(looks_, idle ? kSteps(TestLane::kGatherIdle) + 1 : kSteps(TestLane::kGather));
    looks_ = 0;
    ASSERT_TRUE(lane_->append(2));
    ASSERT_TRUE(wait_until([this] { return settled().size() == 3; }));
    EXPECT_LE(looks_, 1);
    lane_.reset();
    forget_settled();
    gate_.clear();
  }
}

TEST_F(LaneTest, BatchGrowsWhileThePreviousOneCommits) {
  start();
  hang();
  for (int i = 1; i <= 300; ++i) ASSERT_TRUE(lane_->append(int{i}));
  EXPECT_TRUE(settled().empty());
  gate_.set(true);
  ASSERT_TRUE(wait_until([this] { return settled().size() == 301; }));
  const auto batches = gate_.all();
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[1].size(), 300U);
  EXPECT_TRUE(std::is_sorted(batches[1].begin(), batches[1].end()));
}

// Retrying each of them would only repeat the failure.
TEST_F(LaneTest, EntriesQueuedDuringAFailureAreRefused) {
  start();
  hang();
  for (int i = 1; i <= 700; ++i) ASSERT_TRUE(lane_->append(int{i}));
  fails_ = true;
  gate_.set(true);
  ASSERT_TRUE(wait_until([this] { return settled().size() == 701; }));
  EXPECT_EQ(gate_.count(), 1U);
  EXPECT_EQ(settled().back(), -700);
  fails_ = false;
  ASSERT_TRUE(lane_->append(7));
  EXPECT_TRUE(wait_until([this] { return settled().back() == 7; }));
}

TEST_F(LaneTest, SettledEntriesDoNotWaitForARetry) {
  waits_ = true;
  make();
  ASSERT_TRUE(lane_->append(7));
  lane_->start();
  EXPECT_TRUE(wait_until([this] { return settled() == std::vector<int>{7}; }));
  waits_ = false;
}

// Even if there is always a next batch that fails, so that nothing is retried.
TEST_F(LaneTest, OverdueEntriesAreGivenUpAfterABatchThatFails) {
  waits_ = true;
  fails_ = true;
  make();
  ASSERT_TRUE(lane_->append(7));
  lane_->start();
  EXPECT_TRUE(wait_until([this] { return settled() == std::vector<int>{7, -99}; }));
}

TEST_F(LaneTest, BatchHasItsLimit) {
  start();
  hang();
  for (int i = 1; i <= 1200; ++i) ASSERT_TRUE(lane_->append(int{i}));
  gate_.set(true);
  ASSERT_TRUE(wait_until([this] { return settled().size() == 1201; }));
  for (const auto& batch : gate_.all()) EXPECT_LE(batch.size(), TestLane::kBatchMax);
}

TEST_F(LaneTest, FullQueueRefusesAfterAWait) {
  const LateClock late;
  start(late);
  hang();
  for (std::size_t i = 0; i < TestLane::kQueueMax; ++i) ASSERT_TRUE(lane_->append(1));
  EXPECT_FALSE(lane_->append(2));
  gate_.set(true);
  ASSERT_TRUE(wait_until([this] { return settled().size() == TestLane::kQueueMax + 1; }));
  EXPECT_TRUE(lane_->append(3));
}

TEST_F(LaneTest, AppendToAFullQueueWaitsForRoom) {
  start();
  hang();
  for (std::size_t i = 0; i < TestLane::kQueueMax; ++i) ASSERT_TRUE(lane_->append(1));
  std::atomic<bool> appended{false};
  std::thread blocked([&] { appended = lane_->append(2); });
  gate_.set(true);
  blocked.join();
  EXPECT_TRUE(appended);
  ASSERT_TRUE(wait_until([this] { return settled().size() == TestLane::kQueueMax + 2; }));
}

TEST_F(LaneTest, StopSettlesQueuedEntriesAndRefusesLaterOnes) {
  start();
  hang();
  for (int i = 1; i <= 1000; ++i) ASSERT_TRUE(lane_->append(int{i}));
  std::thread opener([this] { gate_.set(true); });
  lane_->stop();
  opener.join();
  EXPECT_EQ(settled().size(), 1001U);
  EXPECT_FALSE(lane_->append(1));
}

}  // namespace
}  // namespace chat::delivery
