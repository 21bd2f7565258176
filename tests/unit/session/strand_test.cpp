#include "chat/session/strand.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "chat/base/log.h"
#include "support/deadline.h"

namespace chat::session {
namespace {

using test::wait_until;

constexpr int kWaits = 1000;          // inputs with this number wait for commits
constexpr int kBlocking = 1'000'000;  // inputs with this number or more block

// An owner that records which inputs run. Inputs are identified by their number.
class Owner final : public Strand::Owner, public std::enable_shared_from_this<Owner> {
 public:
  explicit Owner(base::WorkerPool& workers) : Owner(workers, workers) {}
  Owner(base::WorkerPool& workers, base::WorkerPool& blocking_workers)
      : workers_{workers, blocking_workers}, strand(workers_, *this) {}

  void run(Input&& input) override {
    if (++running > 1) ++overlaps;
    const auto* request = std::get_if<RoutedRequest>(&input);
    const int number = request != nullptr ? request->request.msgid : -1;
    if (on_run) on_run(number);
    {
      base::MutexLock lock(mutex_);
      ran_.push_back(number);
    }
    --running;
    ++count;
  }
  void flush_replies() override { ++flushes; }
  void on_queue_short() override { ++shorts; }
  bool must_wait(const Input&) const override { return blocked; }
  std::shared_ptr<Strand::Owner> keep_alive() override { return shared_from_this(); }

  std::vector<int> ran() const {
    base::MutexLock lock(mutex_);
    return ran_;
  }

  const Workers workers_;
  Strand strand;
  std::function<void(int)> on_run;
  std::atomic<int> running{0};
  std::atomic<int> overlaps{0};
  std::atomic<int> count{0};
  std::atomic<int> flushes{0};
  std::atomic<int> shorts{0};
  std::atomic<bool> blocked{false};

 private:
  mutable base::Mutex mutex_;
  std::vector<int> ran_ CHAT_GUARDED_BY(mutex_);
};

Input numbered_input(int number) {
  static constexpr RequestTraits kUsualTraits{};
  static constexpr RequestTraits kBlockingTraits{.blocks = true};
  RoutedRequest made{{}, &kUsualTraits};
  made.request.msgid = number;
  if (number == kWaits || number >= kBlocking) made.traits = &kBlockingTraits;
  return made;
}

std::vector<Input> requests(int first, int last) {
  std::vector<Input> inputs;
  for (int i = first; i <= last; ++i) inputs.push_back(numbered_input(i));
  return inputs;
}

std::vector<int> numbers(int first, int last) {
  std::vector<int> all(static_cast<std::size_t>(last - first + 1));
  std::iota(all.begin(), all.end(), first);
  return all;
}

class StrandTest : public testing::Test {
 protected:
  StrandTest() {
    (void)log::configure(log::Level::kOff, "");
    workers_.start();
  }
  ~StrandTest() override { workers_.stop(); }

  void settle(const std::function<bool()>& condition) { ASSERT_TRUE(wait_until(condition)); }
  // Waits until everything queued for the workers has run.
  void let_workers_pass() {
    std::vector<std::promise<void>> passed(8);
    std::atomic<int> arrived{0};
    for (auto& promise : passed) {
      ASSERT_TRUE(workers_.try_post([&promise, &arrived] {
        ++arrived;
        test::wait_until([&arrived] { return arrived == 8; });
        promise.set_value();
      }));
    }
    for (auto& promise : passed) promise.get_future().get();
  }

  base::WorkerPool workers_{"test", 8, 100000};
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>(workers_);
  Strand& strand_ = owner_->strand;
};

TEST_F(StrandTest, RunsOneAtATimeInOrderOnManyWorkers) {
  for (int i = 1; i <= 2000; ++i) {
    if (i % 3 == 0) {
      strand_.append(numbered_input(i));
    } else {
      strand_.append(requests(i, i));
    }
  }
  settle([&] { return owner_->count == 2000; });
  EXPECT_EQ(owner_->ran(), numbers(1, 2000));
  EXPECT_EQ(owner_->overlaps, 0);
  EXPECT_GT(owner_->flushes, 0);
}

TEST_F(StrandTest, RunsNothingWhileSuspendedAndThenTheRestFirst) {
  std::atomic<bool> rest_ran{false};
  owner_->on_run = [&](int number) {
    if (number == 1) strand_.suspend();
    EXPECT_EQ(rest_ran, number != 1);
  };
  strand_.append(requests(1, 3));
  settle([&] { return owner_->count == 1; });
  let_workers_pass();
  EXPECT_EQ(owner_->count, 1);
  std::thread([&] { strand_.resume([&] { rest_ran = true; }); }).join();
  settle([&] { return owner_->count == 3; });
  EXPECT_TRUE(rest_ran);
}

TEST_F(StrandTest, MayBeResumedBeforeTheHandlerReturns) {
  std::atomic<int> rests{0};
  owner_->on_run = [&](int) {
    strand_.suspend();
    std::thread([&] {
      strand_.resume([&] {
        EXPECT_EQ(owner_->running, 0);
        ++rests;
      });
    }).join();
    // No other worker may take the rest while this handler still runs.
    std::this_thread::yield();
    EXPECT_EQ(rests, owner_->count);
  };
  strand_.append(requests(1, 20));
  settle([&] { return rests == 20; });
  EXPECT_EQ(owner_->ran(), numbers(1, 20));
}

TEST_F(StrandTest, EmptyRestLetsTheNextInputRun) {
  owner_->on_run = [&](int number) {
    if (number != 1) return;
    strand_.suspend();
    strand_.resume({});
  };
  strand_.append(requests(1, 2));
  settle([&] { return owner_->count == 2; });
}

TEST_F(StrandTest, RestMaySuspendAgain) {
  owner_->on_run = [&](int number) {
    if (number == 1) strand_.suspend();
  };
  strand_.append(requests(1, 2));
  settle([&] { return owner_->count == 1; });
  std::promise<void> rest_ran;
  strand_.resume([&] {
    strand_.suspend();
    rest_ran.set_value();
  });
  rest_ran.get_future().get();
  let_workers_pass();
  EXPECT_EQ(owner_->count, 1);
  strand_.resume({});
  settle([&] { return owner_->count == 2; });
}

TEST_F(StrandTest, InputThatWaitsForCommitsRunsAfterTheLastOne) {
  owner_->on_run = [&](int number) {
    if (number < kWaits) strand_.commit_begun();
  };
  strand_.append(requests(1, 3));
  strand_.append(numbered_input(kWaits));
  settle([&] { return owner_->count == 3; });
  strand_.commit_ended();
  strand_.commit_ended();
  let_workers_pass();
  EXPECT_EQ(owner_->count, 3);
  strand_.commit_ended();
  settle([&] { return owner_->count == 4; });
}

TEST_F(StrandTest, PausesAtTheMaximumOfCommitsAndResumesAtHalf) {
  owner_->on_run = [&](int) { strand_.commit_begun(); };
  strand_.append(requests(1, Strand::kCommitsMax + 10));
  settle([&] { return owner_->count == Strand::kCommitsMax; });
  for (int i = 0; i < Strand::kCommitsMax / 2 - 1; ++i) strand_.commit_ended();
  let_workers_pass();
  EXPECT_EQ(owner_->count, Strand::kCommitsMax);
  strand_.commit_ended();
  settle([&] { return owner_->count == Strand::kCommitsMax + 10; });
}

TEST_F(StrandTest, PausesWhileTheClientDoesNotReadUntilKicked) {
  owner_->blocked = true;
  strand_.append(requests(1, 2));
  let_workers_pass();
  EXPECT_EQ(owner_->count, 0);
  owner_->blocked = false;
  strand_.kick();
  settle([&] { return owner_->count == 2; });
}

TEST_F(StrandTest, EndOfTheConversationRunsEvenIfTheClientDoesNotRead) {
  owner_->blocked = true;
  strand_.append(requests(1, 2));
  strand_.replace_all(Input(Closed{}));
  settle([&] { return owner_->count == 1; });
  EXPECT_EQ(owner_->ran(), std::vector<int>{-1});
}

TEST_F(StrandTest, ReplaceAllDropsQueuedInputs) {
  owner_->on_run = [&](int number) {
    if (number == 1) strand_.suspend();
  };
  strand_.append(requests(1, 50));
  settle([&] { return owner_->count == 1; });
  strand_.replace_all(Input(Closed{}));
  strand_.resume({});
  settle([&] { return owner_->count == 2; });
  EXPECT_EQ(owner_->ran(), (std::vector<int>{1, -1}));
}

TEST_F(StrandTest, ReportsOnceThatALongQueueIsShortAgain) {
  const int many = static_cast<int>(Strand::kQueueHigh) + 1;
  owner_->blocked = true;
  strand_.append(requests(1, many));
  EXPECT_TRUE(strand_.is_long());
  owner_->on_run = [&](int number) {
    // Reported when kQueueLow are left, before the next one runs.
    const int left = many - number;
    EXPECT_EQ(owner_->shorts, left <= static_cast<int>(Strand::kQueueLow) ? 1 : 0) << number;
  };
  owner_->blocked = false;
  strand_.kick();
  settle([&] { return owner_->count == many; });
}

TEST_F(StrandTest, ContinuesAfterARestThatThrows) {
  owner_->on_run = [&](int number) {
    if (number != 1) return;
    strand_.suspend();
    strand_.resume([] { throw std::runtime_error("broken rest"); });
  };
  strand_.append(requests(1, 2));
  settle([&] { return owner_->count == 2; });
}

TEST_F(StrandTest, ContinuesAfterAnInputThatThrows) {
  std::atomic<int> tried{0};
  owner_->on_run = [&](int number) {
    ++tried;
    if (number == 2) return;
    --owner_->running;
    if (number == 1) throw std::runtime_error("broken input");
    throw 3;  // of any type
  };
  strand_.append(numbered_input(1));
  strand_.append(numbered_input(3));
  strand_.append(numbered_input(2));
  settle([&] { return owner_->count == 1; });
  EXPECT_EQ(tried, 3);
}

TEST_F(StrandTest, LongStrandYieldsToOthers) {
  base::WorkerPool one("one", 1, 1000);
  auto busy = std::make_shared<Owner>(one);
  auto other = std::make_shared<Owner>(one);
  std::atomic<int> before_other{0};
  other->on_run = [&](int) { before_other = busy->count.load(); };
  busy->strand.append(requests(1, 5000));
  other->strand.append(numbered_input(1));
  one.start();
  settle([&] { return busy->count == 5000 && other->count == 1; });
  EXPECT_LE(before_other, 100);
  one.stop();
}

// Clients that wait for the database, however many, do not delay clients that do not.
TEST_F(StrandTest, BlockingInputsRunInTheirOwnPool) {
  base::WorkerPool blocking("blocking", 1, 1000);
  auto slow = std::make_shared<Owner>(workers_, blocking);
  auto quick = std::make_shared<Owner>(workers_, blocking);
  slow->strand.append(requests(kBlocking, kBlocking + 99));
  quick->strand.append(requests(1, 100));
  settle([&] { return quick->count == 100; });
  EXPECT_EQ(slow->count, 0);
  blocking.start();
  settle([&] { return slow->count == 100; });
  EXPECT_EQ(slow->ran(), numbers(kBlocking, kBlocking + 99));
  blocking.stop();
}

TEST_F(StrandTest, InputsOfBothKindsKeepTheirOrder) {
  base::WorkerPool blocking("blocking", 2, 1000);
  auto owner = std::make_shared<Owner>(workers_, blocking);
  std::vector<int> sent;
  std::vector<Input> inputs;
  for (int i = 0; i < 3000; ++i) {
    sent.push_back(i % 7 < 3 ? i : kBlocking + i);
    inputs.push_back(numbered_input(sent.back()));
  }
  owner->strand.append(std::move(inputs));
  blocking.start();
  settle([&] { return owner->count == 3000; });
  EXPECT_EQ(owner->ran(), sent);
  EXPECT_EQ(owner->overlaps, 0);
  blocking.stop();
}

TEST_F(StrandTest, RestOfABlockingInputRunsInItsPoolToo) {
  base::WorkerPool blocking("blocking", 1, 1000);
  auto owner = std::make_shared<Owner>(workers_, blocking);
  std::atomic<std::thread::id> began{};
  std::atomic<std::thread::id> rested{};
  owner->on_run = [&](int) {
    began = std::this_thread::get_id();
    owner->strand.suspend();
  };
  owner->strand.append(numbered_input(kBlocking));
  blocking.start();
  settle([&] { return owner->count == 1; });
  owner->strand.resume([&] { rested = std::this_thread::get_id(); });
  settle([&] { return rested.load() != std::thread::id(); });
  EXPECT_EQ(began.load(), rested.load());
  blocking.stop();
}

TEST_F(StrandTest, BlockingInputsTakeTurnsOneByOne) {
  base::WorkerPool one("one", 1, 1000);
  auto busy = std::make_shared<Owner>(workers_, one);
  auto other = std::make_shared<Owner>(workers_, one);
  std::atomic<int> before_other{0};
  other->on_run = [&](int) { before_other = busy->count.load(); };
  busy->strand.append(requests(kBlocking, kBlocking + 499));
  other->strand.append(numbered_input(kBlocking));
  one.start();
  settle([&] { return busy->count == 500 && other->count == 1; });
  EXPECT_LE(before_other, 1);
  one.stop();
}

TEST_F(StrandTest, QueueThatNeverRunsEmptyKeepsItsOrder) {
  // More input always follows; inputs that have run are trimmed in between.
  int next = 101;
  owner_->on_run = [&](int number) {
    if (number % 100 == 1 && next <= 20000) {
      strand_.append(requests(next, next + 99));
      next += 100;
    }
  };
  strand_.append(requests(-99, 100));
  settle([&] { return owner_->count >= 20000 + 100; });
  EXPECT_EQ(owner_->ran(), numbers(-99, 20000));
}

// The rest of an input holds its session, and no worker will run it.
TEST(Strand, ReleasesTheRestIfTheWorkersHaveStopped) {
  base::WorkerPool workers("worker", 1, 16);
  workers.start();
  auto owner = std::make_shared<Owner>(workers);
  owner->strand.suspend();
  workers.stop();
  const std::weak_ptr<Owner> left = owner;
  Strand& strand = owner->strand;
  strand.resume([owner = std::move(owner)] { ADD_FAILURE() << "the workers have stopped"; });
  EXPECT_TRUE(left.expired());
}

// Random inputs, commits that end on other threads, suspensions that are resumed elsewhere, and a
// client that reads only at times: every input runs once and in order.
TEST_F(StrandTest, LosesNoWakeUpUnderRandomisedStress) {
  constexpr int kInputs = 20000;
  std::atomic<int> commits{0};
  std::atomic<int> resumes{0};
  std::atomic<bool> done{false};
  owner_->on_run = [&](int number) {
    if (number == kWaits) {
      EXPECT_EQ(commits, 0);
      return;
    }
    if (number % 7 == 0) {
      strand_.commit_begun();
      ++commits;
    }
    if (number % 61 == 0) {
      strand_.suspend();
      ++resumes;
    }
  };
  std::thread committer([&] {
    std::minstd_rand random(1);
    while (!done || commits > 0) {
      if (commits > 0) {
        --commits;
        strand_.commit_ended();
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::thread resumer([&] {
    while (!done) {
      if (resumes > 0) {
        --resumes;
        strand_.resume({});
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::thread reader([&] {
    while (!done) {
      owner_->blocked = true;
      std::this_thread::yield();
      owner_->blocked = false;
      strand_.kick();
    }
  });
  std::minstd_rand random(2);
  std::vector<int> expected;
  for (int i = 0; i < kInputs; ++i) {
    const int number = random() % 50 == 0 ? kWaits : static_cast<int>(random() % 900);
    expected.push_back(number);
    strand_.append(numbered_input(number));
    if (random() % 100 == 0) wait_until([&] { return owner_->count > i - 10; });
  }
  EXPECT_TRUE(wait_until([&] { return owner_->count == kInputs; }));
  done = true;
  committer.join();
  resumer.join();
  reader.join();
  EXPECT_EQ(owner_->ran(), expected);
  EXPECT_EQ(owner_->overlaps, 0);
}

}  // namespace
}  // namespace chat::session
