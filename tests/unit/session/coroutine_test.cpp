#include "chat/session/coroutine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chat/base/log.h"
#include "chat/session/wait.h"
#include "support/deadline.h"

namespace chat::session {
namespace {

using test::wait_until;

// A strand whose inputs are functions.
class Conversation final : public Strand::Owner, public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(base::WorkerPool& workers, std::atomic<int>& alive)
      : workers_{workers, workers}, strand(workers_, *this), alive_(alive) {
    ++alive_;
  }
  ~Conversation() override { --alive_; }

  void run(Input&& /*input*/) override {
    const auto what = on_run;  // on_run may replace itself
    what(*this);
  }
  void flush_replies() override {}
  void on_queue_short() override {}
  bool must_wait(const Input&) const override { return false; }
  std::shared_ptr<Strand::Owner> keep_alive() override { return shared_from_this(); }

  void ask() {
    static constexpr RequestTraits kTraits{};
    strand.append(Input(RoutedRequest{{}, &kTraits}));
  }

  const Workers workers_;
  Strand strand;
  std::function<void(Conversation&)> on_run;

 private:
  std::atomic<int>& alive_;
};

using Pointer = std::shared_ptr<Conversation>;

class CoroutineTest : public testing::Test {
 protected:
  CoroutineTest() {
    (void)log::configure(log::Level::kOff, "");
    workers_.start();
  }
  // Coroutines that a test leaves waiting are destroyed with their answers.
  ~CoroutineTest() override {
    workers_.stop();
    conversation_.reset();
    EXPECT_EQ(alive_, 0);
  }

  void run(std::function<void(Conversation&)> what) {
    conversation_->on_run = std::move(what);
    conversation_->ask();
  }
  void expect_said(const std::string& what) {
    EXPECT_TRUE(wait_until([&] { return said() == what; })) << said();
  }
  void say(const std::string& what) {
    base::MutexLock lock(mutex_);
    said_ += what;
  }
  std::string said() {
    base::MutexLock lock(mutex_);
    return said_;
  }

  std::atomic<int> alive_{0};
  base::WorkerPool workers_{"test", 3, 1000};
  Pointer conversation_ = std::make_shared<Conversation>(workers_, alive_);
  base::Mutex mutex_;
  std::string said_ CHAT_GUARDED_BY(mutex_);
};

TEST_F(CoroutineTest, RunsUntilItsFirstWaitAndContinuesWithTheAnswer) {
  std::optional<Answer<std::string>> answer;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    say("a");
    Wait<std::string> wait(self->strand);
    answer = wait.answer();
    const auto heard = co_await wait;
    say(heard.value_or("nothing"));
  };
  run([&](Conversation& self) {
    start(talk(self.shared_from_this()));
    say("b");
  });
  expect_said("ab");
  EXPECT_TRUE((*answer)("c"));
  expect_said("abc");
  EXPECT_FALSE((*answer)("d"));
}

TEST_F(CoroutineTest, NoOtherInputRunsDuringAWait) {
  std::optional<Answer<Done>> answer;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    Wait<Done> wait(self->strand);
    answer = wait.answer();
    co_await wait;
    say("a");
  };
  run([&](Conversation& self) {
    self.on_run = [&](Conversation&) { say("b"); };
    start(talk(self.shared_from_this()));
    say("-");
  });
  expect_said("-");
  conversation_->ask();
  EXPECT_TRUE((*answer)());
  expect_said("-ab");
}

TEST_F(CoroutineTest, AnswerMayPrecedeTheWaitOnTheSameThread) {
  const auto talk = [&](Pointer self) -> Coroutine<> {
    for (int i = 0; i < 1'000; ++i) {
      Wait<int> wait(self->strand);
      EXPECT_TRUE(wait.answer()(int{i}));
      EXPECT_EQ(co_await wait, i);
    }
    say("a");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
}

TEST_F(CoroutineTest, AnswersFromOtherThreadsAreNotLost) {
  constexpr int kRounds = 2'000;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    for (int i = 0; i < kRounds; ++i) {
      Wait<int> wait(self->strand);
      EXPECT_TRUE(workers_.try_post([answer = wait.answer(), i] { (void)answer(int{i}); }));
      EXPECT_EQ(co_await wait, i);
    }
    say("a");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
}

TEST_F(CoroutineTest, AwaitsAnotherCoroutineAndGetsItsResult) {
  const auto inner = [&](Pointer self, int number) -> Coroutine<std::unique_ptr<int>> {
    Wait<Done> wait(self->strand);
    EXPECT_TRUE(workers_.try_post([answer = wait.answer()] { (void)answer(); }));
    co_await wait;
    co_return std::make_unique<int>(number + 1);
  };
  const auto outer = [&](Pointer self) -> Coroutine<> {
    int number = 0;
    for (int i = 0; i < 100; ++i) number = *co_await inner(self, number);
    say(std::to_string(number));
  };
  run([&](Conversation& self) { start(outer(self.shared_from_this())); });
  expect_said("100");
}

// Each result is long enough for std::string to put it on the heap, so a bitwise copy or a double
// destruction would be noticed.
TEST_F(CoroutineTest, ResultsAreMovedIntact) {
  const std::string text(100, 'x');
  const auto inner =
      [&](Pointer self, std::optional<std::string> given) -> Coroutine<std::optional<std::string>> {
    if (!given) co_return std::nullopt;
    Wait<std::optional<std::string>> wait(self->strand);
    (void)wait.answer()(std::optional(*given));
    auto answer = co_await wait;
    if (!answer) co_return std::string(50, 'y');
    co_return std::move(*answer);
  };
  const auto middle = [&](Pointer self,
                          std::string given) -> Coroutine<std::optional<std::string>> {
    std::optional<std::string> result = co_await inner(self, std::nullopt);
    if (!result) result = co_await inner(self, given + "1");
    if (result && co_await inner(self, *result)) result = *result + "2";
    if (result != given + "12") co_return result;
    co_return co_await inner(self, *result + "3");
  };
  const auto outer = [&](Pointer self) -> Coroutine<> {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await middle(self, text), text + "123");
    say("a");
  };
  run([&](Conversation& self) { start(outer(self.shared_from_this())); });
  expect_said("a");
}

TEST_F(CoroutineTest, ExceptionReachesTheAwaitingCoroutine) {
  const auto inner = [&](Pointer self) -> Coroutine<int> {
    Wait<Done> wait(self->strand);
    (void)wait.answer()();
    co_await wait;
    throw std::runtime_error("a");
  };
  const auto outer = [&](Pointer self) -> Coroutine<> {
    try {
      co_await inner(self);
    } catch (const std::runtime_error& error) {
      say(error.what());
    }
    co_await inner(self);
    say("never");
  };
  run([&](Conversation& self) {
    self.on_run = [&](Conversation&) { say("b"); };
    start(outer(self.shared_from_this()));
    self.ask();
  });
  expect_said("ab");  // an uncaught exception ends the input, and the strand goes on
}

TEST_F(CoroutineTest, ExceptionBeforeTheFirstWaitReachesTheCaller) {
  const auto talk = [](Pointer self) -> Coroutine<> {
    Wait<Done> wait(self->strand);
    throw std::runtime_error("a");
    co_await wait;
  };
  run([&](Conversation& self) {
    self.on_run = [&](Conversation&) { say("b"); };
    self.ask();
    EXPECT_THROW(start(talk(self.shared_from_this())), std::runtime_error);
  });
  expect_said("b");  // the wait has released the strand
}

TEST_F(CoroutineTest, GivenUpWaitHasNoResult) {
  std::optional<Answer<int>> answer;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    Wait<int> wait(self->strand);
    answer = wait.answer();
    const GiveUp give_up = wait.give_up();
    EXPECT_TRUE(workers_.try_post([give_up] { EXPECT_TRUE(give_up()); }));
    EXPECT_EQ(co_await wait, std::nullopt);
    EXPECT_FALSE(give_up());
    say("a");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
  EXPECT_FALSE((*answer)(1));
}

TEST_F(CoroutineTest, CancelledWaitDoesNotSuspend) {
  std::optional<Answer<int>> answer;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    Wait<int> wait(self->strand);
    answer = wait.answer();
    EXPECT_TRUE(wait.cancel());
    EXPECT_FALSE(wait.cancel());
    say("a");
    co_return;
  };
  run([&](Conversation& self) {
    self.on_run = [&](Conversation&) { say("b"); };
    start(talk(self.shared_from_this()));
    self.ask();
  });
  expect_said("ab");
  EXPECT_FALSE((*answer)(1));
}

TEST_F(CoroutineTest, AnswerWinsOverCancellation) {
  const auto talk = [&](Pointer self) -> Coroutine<> {
    Wait<int> wait(self->strand);
    (void)wait.answer()(1);
    EXPECT_FALSE(wait.cancel());
    EXPECT_EQ(co_await wait, 1);
    say("a");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
}

// A wait that was left after its answer: the answer must not affect a later wait.
TEST_F(CoroutineTest, UnusedAnswerDoesNotDisturbALaterWait) {
  std::optional<Answer<int>> second;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    {
      Wait<int> left(self->strand);
      (void)left.answer()(1);
    }
    Wait<int> wait(self->strand);
    second = wait.answer();
    say("a");
    EXPECT_EQ(co_await wait, 2);
    say("b");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
  EXPECT_TRUE((*second)(2));
  expect_said("ab");
}

TEST_F(CoroutineTest, UnansweredCoroutineIsDestroyedWithTheLastAnswer) {
  std::optional<Answer<Done>> answer;
  struct Noticed {
    std::function<void()> end;
    ~Noticed() { end(); }
  };
  const auto inner = [&](Pointer self) -> Coroutine<> {
    const Noticed noticed{[this] { say("gone"); }};
    Wait<Done> wait(self->strand);
    answer = wait.answer();
    say("a ");
    co_await wait;
  };
  const auto outer = [&](Pointer self) -> Coroutine<> {
    co_await inner(self);
    say("never");
  };
  run([&](Conversation& self) { start(outer(self.shared_from_this())); });
  expect_said("a ");
  answer.reset();
  EXPECT_EQ(said(), "a gone");
}

TEST_F(CoroutineTest, AnswerAfterTheWorkersHaveStoppedLeaksNothing) {
  std::optional<Answer<Done>> answer;
  const auto talk = [&](Pointer self) -> Coroutine<> {
    Wait<Done> wait(self->strand);
    answer = wait.answer();
    say("a");
    co_await wait;
    say("never");
  };
  run([&](Conversation& self) { start(talk(self.shared_from_this())); });
  expect_said("a");
  workers_.stop();
  conversation_.reset();
  EXPECT_EQ(alive_, 1);
  EXPECT_TRUE((*answer)());
  answer.reset();
  EXPECT_EQ(alive_, 0);
  EXPECT_EQ(said(), "a");
}

}  // namespace
}  // namespace chat::session
