#include "server/service_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "support/fake_clock.h"

namespace chat::server {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

class ServiceManagerTest : public ::testing::Test {
 protected:
  // A thread of the server, run manually.
  struct FakeThread {
    std::deque<base::Task> tasks;
    bool full = false;

    bool post(base::Task task) {
      if (full) return false;
      tasks.push_back(std::move(task));
      return true;
    }
    void run() {
      for (; !tasks.empty(); tasks.pop_front()) tasks.front()();
    }
  };

  void begin(milliseconds silence = 10s) {
    ASSERT_TRUE(log::configure(log::Level::kOff, ""));
    manager = std::make_unique<ServiceManager>(
        clock, [this](const std::string& state) { sent.push_back(state); }, silence);
    manager->ready({{"loop", [this](base::Task task) { return loop.post(std::move(task)); }},
                    {"worker", [this](base::Task task) { return worker.post(std::move(task)); }}});
  }
  // Lets time pass as the main loop's timer does.
  void pass(milliseconds time) {
    for (milliseconds passed{0}; passed < time; passed += manager->tick_interval()) {
      clock.advance(manager->tick_interval());
      manager->tick();
    }
  }
  long beats() const { return std::count(sent.begin(), sent.end(), "WATCHDOG=1"); }

  test::FakeClock clock;
  FakeThread loop;
  FakeThread worker;
  std::vector<std::string> sent;
  std::unique_ptr<ServiceManager> manager;
};

TEST_F(ServiceManagerTest, ReportsReadyAndStopping) {
  begin();
  manager->stopping();
  EXPECT_EQ(sent, (std::vector<std::string>{"READY=1", "STOPPING=1"}));
}

TEST_F(ServiceManagerTest, BeatsOnceInEachHalfOfTheAllowedSilence) {
  begin(10s);
  for (int half = 1; half <= 4; ++half) {
    loop.run();
    worker.run();
    pass(4500ms);
    EXPECT_EQ(beats(), half - 1);
    pass(500ms);
    EXPECT_EQ(beats(), half);
  }
}

TEST_F(ServiceManagerTest, StopsBeatingWhileAPartHangs) {
  for (FakeThread* const hung : {&loop, &worker}) {
    begin(10s);
    sent.clear();
    FakeThread& other = hung == &loop ? worker : loop;
    for (int i = 0; i < 10; ++i) {
      other.run();
      pass(5s);
    }
    EXPECT_EQ(beats(), 0);
    hung->run();
    pass(500ms);
    EXPECT_EQ(beats(), 1) << "it was only slow";
    hung->tasks.clear();
    other.tasks.clear();
  }
}

TEST_F(ServiceManagerTest, PostsNewTasksAfterEachBeat) {
  begin(10s);
  loop.run();
  worker.run();
  pass(5s);
  EXPECT_EQ(beats(), 1);
  worker.run();
  pass(60s);
  EXPECT_EQ(beats(), 1) << "the loop has not answered since";
}

TEST_F(ServiceManagerTest, TaskOfAnEarlierRoundDoesNotCount) {
  begin(10s);
  loop.run();
  base::Task late = std::move(worker.tasks.front());
  worker.tasks.front() = [] {};
  late();
  worker.run();
  pass(5s);
  ASSERT_EQ(beats(), 1);
  loop.run();
  late();
  pass(60s);
  EXPECT_EQ(beats(), 1);
}

TEST_F(ServiceManagerTest, PartWithAFullQueueIsRetried) {
  worker.full = true;
  begin(10s);
  loop.run();
  pass(5s);
  EXPECT_TRUE(worker.tasks.empty());
  EXPECT_EQ(beats(), 0);
  worker.full = false;
  pass(500ms);
  EXPECT_EQ(worker.tasks.size(), 1U) << "once";
  pass(500ms);
  EXPECT_EQ(worker.tasks.size(), 1U) << "once";
  worker.run();
  pass(500ms);
  EXPECT_EQ(beats(), 1);
}

TEST_F(ServiceManagerTest, PostsNothingWithoutAWatchdog) {
  begin(0s);
  EXPECT_EQ(manager->tick_interval(), 0ms);
  EXPECT_TRUE(loop.tasks.empty());
  EXPECT_EQ(sent, std::vector<std::string>{"READY=1"});
}

}  // namespace
}  // namespace chat::server
