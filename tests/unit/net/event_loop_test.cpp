#include "chat/net/event_loop.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <fstream>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "net/inner/timer_wheel.h"
#include "support/eventually.h"
#include "support/loop_thread.h"

namespace chat::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::eventually;
using test::LoopThread;

void silence_log() {
  ASSERT_TRUE(log::configure(log::Level::kOff, ""));
}

// The number of writes to the process's eventfds since they were last read.
std::uint64_t unread_wakeups() {
  std::uint64_t sum = 0;
  DIR* const directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    char target[PATH_MAX] = "";
    const std::string name = entry->d_name;
    if (::readlink(("/proc/self/fd/" + name).c_str(), target, sizeof(target) - 1) < 0) continue;
    if (std::string(target) != "anon_inode:[eventfd]") continue;
    std::ifstream info("/proc/self/fdinfo/" + name);
    for (std::string key; info >> key;) {
      std::string value;
      if (key == "eventfd-count:" && info >> value) sum += std::stoull(value, nullptr, 16);
    }
  }
  ::closedir(directory);
  return sum;
}

TEST(EventLoop, RunsTheTasksOfEachPosterInItsOrder) {
  constexpr int kPosters = 4;
  constexpr int kTasks = 5000;
  LoopThread thread;
  std::vector<std::vector<int>> seen(kPosters);  // touched by the loop only
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kTasks; ++i) {
        thread.loop().post(
            [&seen, poster, i] { seen[static_cast<std::size_t>(poster)].push_back(i); });
      }
    });
  }
  for (auto& poster : posters) poster.join();
  thread.call([] {});
  for (const auto& order : seen) {
    ASSERT_EQ(order.size(), static_cast<std::size_t>(kTasks));
    for (int i = 0; i < kTasks; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(EventLoop, EveryPostWakesASleepingLoop) {
  LoopThread thread;
  // Each call waits for the previous one, so the loop sleeps in between.
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(thread.call([i] { return i; }), i);
}

TEST(EventLoop, SleepsWhenThereIsNothingToDo) {
  LoopThread thread;
  const auto before = test::cpu_time(thread.loop());
  EXPECT_FALSE(eventually([] { return false; }, milliseconds(300)));
  EXPECT_LT(test::cpu_time(thread.loop()) - before, test::kIdleCpu);
}

TEST(EventLoop, WritesItsEventfdOnlyWhenItSleeps) {
  LoopThread thread;
  std::atomic<int> ran{0};
  const auto wakeups = thread.call([&] {
    std::thread poster([&] {
      for (int i = 0; i < 100; ++i) thread.loop().post([&ran] { ++ran; });
    });
    poster.join();
    for (int i = 0; i < 100; ++i) thread.loop().post([&ran] { ++ran; });
    return unread_wakeups();
  });
  EXPECT_EQ(wakeups, 0U);
  EXPECT_TRUE(eventually([&] { return ran == 200; }));
}

TEST(EventLoop, RunsTasksPostedBeforeStop) {
  for (int round = 0; round < 50; ++round) {
    LoopThread thread;
    std::atomic<int> ran{0};
    for (int i = 0; i < 100; ++i) thread.loop().post([&ran] { ++ran; });
    thread.stop();
    ASSERT_EQ(ran, 100);
  }
}

TEST(EventLoop, StopBeforeRunEndsItAtOnce) {
  EventLoop loop(base::system_clock());
  ASSERT_TRUE(loop.open());
  bool ran = false;
  loop.post([&ran] { ran = true; });
  loop.stop();
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, SurvivesAThrowingTask) {
  silence_log();
  LoopThread thread;
  thread.loop().post([] { throw std::runtime_error("on purpose"); });
  thread.loop().post([] { throw 42; });
  EXPECT_EQ(thread.call([] { return 7; }), 7);
}

TEST(EventLoop, DestroysTasksThatNeverRan) {
  auto alive = std::make_shared<int>(1);
  {
    EventLoop loop(base::system_clock());
    ASSERT_TRUE(loop.open());
    loop.post([owned = std::make_unique<std::shared_ptr<int>>(alive)] {});
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(EventLoop, KnowsItsOwnThread) {
  LoopThread thread;
  EXPECT_TRUE(thread.call([&] { return thread.loop().in_loop(); }));
  EXPECT_FALSE(thread.loop().in_loop());
}

TEST(EventLoopDeathTest, AbortsOnACallFromAnotherThread) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  LoopThread thread;
  EXPECT_DEATH(thread.loop().assert_in_loop(), "in_loop");
}

TEST(EventLoop, RunsATimerOnceAndNeverEarly) {
  LoopThread thread;
  std::promise<steady_clock::time_point> fired;
  const auto start = steady_clock::now();
  thread.call([&] {
    thread.loop().run_after(milliseconds(30), [&fired] { fired.set_value(steady_clock::now()); });
  });
  EXPECT_GE(fired.get_future().get() - start, milliseconds(30));  // a second set_value throws
}

TEST(EventLoop, RepeatsATimerUntilItCancelsItself) {
  LoopThread thread;
  std::atomic<int> calls{0};
  std::atomic<bool> later{false};
  thread.call([&] {
    auto id = std::make_shared<TimerId>(0);
    *id = thread.loop().run_every(milliseconds(2), [&, id] {
      if (++calls == 3) thread.loop().cancel(*id);
    });
    thread.loop().run_after(milliseconds(100), [&] { later = true; });
  });
  EXPECT_TRUE(eventually([&] { return later.load(); }));
  EXPECT_EQ(calls, 3);
}

TEST(EventLoop, NeverRunsATimerThatWasCancelled) {
  LoopThread thread;
  std::atomic<bool> wrong{false};
  std::atomic<bool> later{false};
  thread.call([&] {
    EventLoop& loop = thread.loop();
    const TimerId victim = loop.run_after(milliseconds(20), [&] { wrong = true; });
    loop.run_after(milliseconds(5), [&loop, victim] { loop.cancel(victim); });
    loop.run_after(milliseconds(60), [&] { later = true; });
  });
  EXPECT_TRUE(eventually([&] { return later.load(); }));
  EXPECT_FALSE(wrong);
}

struct Deadline final : TimerEntry {
  std::promise<steady_clock::time_point> fired;
  void on_deadline() override { fired.set_value(steady_clock::now()); }
};

TEST(EventLoop, FiresDeadlinesNeverEarlyAndAtMostATickLate) {
  // Started in several phases of the wheel's tick, due just after a tick, which is the worst case.
  for (const int phase : {0, 60, 120, 180, 240}) {
    const auto start = steady_clock::now();
    LoopThread thread;
    eventually([&] { return steady_clock::now() >= start + milliseconds(phase); });
    Deadline deadline;
    const auto due = start + TimerWheel::kTick + milliseconds(10);
    thread.call([&] { thread.loop().schedule(deadline, due); });
    const auto fired = deadline.fired.get_future().get();
    EXPECT_GE(fired, due) << phase;
    EXPECT_LE(fired, due + TimerWheel::kTick + milliseconds(50)) << phase;  // a busy machine's
  }
}

// Records the events in order.
struct Journal {
  std::vector<std::string> lines;
  void add(std::string line) { lines.push_back(std::move(line)); }
};

struct AtRoundEnd final : RoundEnd {
  explicit AtRoundEnd(Journal& to) : journal(to) {}
  void on_round_end() override { journal.add("round end"); }
  Journal& journal;
};

struct Mortal final : EventHandler {
  explicit Mortal(Journal& to) : journal(to) {}
  ~Mortal() override { journal.add("buried"); }
  void on_events(std::uint32_t) override {}
  Journal& journal;
};

TEST(EventLoop, EndsARoundAfterItsTasksAndDestroysRetiredItemsLast) {
  Journal journal;
  AtRoundEnd end(journal);
  LoopThread thread;
  EventLoop& loop = thread.loop();
  thread.call([&] {
    // Both tasks are in the mailbox of the next round.
    loop.post([&] {
      loop.at_round_end(end);
      loop.retire(std::make_unique<Mortal>(journal));
      journal.add("first task");
    });
    loop.post([&] {
      journal.add("second task");
      loop.post([&] { journal.add("next round"); });
    });
  });
  thread.call([] {});
  thread.call([] {});
  thread.stop();
  EXPECT_EQ(journal.lines, (std::vector<std::string>{"first task", "second task", "round end",
                                                     "buried", "next round"}));
}

TEST(EventLoop, RunsRoundEndsRequestedByDestroyedItems) {
  struct Heir final : EventHandler {
    Heir(EventLoop& to, AtRoundEnd& what) : loop(to), end(what) {}
    ~Heir() override { loop.at_round_end(end); }
    void on_events(std::uint32_t) override {}
    EventLoop& loop;
    AtRoundEnd& end;
  };
  Journal journal;
  AtRoundEnd end(journal);
  LoopThread thread;
  EventLoop& loop = thread.loop();
  thread.call([&] { loop.retire(std::make_unique<Heir>(loop, end)); });
  thread.call([&] { journal.add("next round"); });
  thread.stop();
  EXPECT_EQ(journal.lines, (std::vector<std::string>{"round end", "next round"}));
}

struct CountEvents final : EventHandler {
  std::atomic<int> events{0};
  void on_events(std::uint32_t) override { ++events; }
};

TEST(EventLoop, ReportsADescriptorAsLongAsItIsWatchedForSomething) {
  base::UniqueFd ready(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  CountEvents counter;
  LoopThread thread;
  EventLoop& loop = thread.loop();
  ASSERT_TRUE(thread.call([&] { return loop.watch(ready.get(), EPOLLIN, counter); }));
  EXPECT_TRUE(eventually([&] { return counter.events > 3; }));  // level-triggered
  thread.call([&] { loop.rewatch(ready.get(), 0, counter); });
  const int quiet = counter.events;
  for (int i = 0; i < 10; ++i) thread.call([] {});
  EXPECT_EQ(counter.events, quiet);
  thread.call([&] { loop.unwatch(ready.get()); });
  EXPECT_FALSE(thread.call([&] { return loop.watch(-1, EPOLLIN, counter); }));
}

}  // namespace
}  // namespace chat::net
