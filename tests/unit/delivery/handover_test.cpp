#include "chat/delivery/handover.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace chat::delivery {
namespace {

constexpr UserId kAlice{1};

TEST(Handover, EndsWhenTheOlderSessionIsGone) {
  test::FakeClock clock;
  Handover handover(clock);
  int calls = 0;
  handover.wait(kAlice, [&calls] { ++calls; });
  handover.tick();
  handover.gone(UserId{2});
  EXPECT_EQ(calls, 0);
  handover.gone(kAlice);
  handover.gone(kAlice);
  EXPECT_EQ(calls, 1);
}

TEST(Handover, DoesNotWaitForANodeThatDoesNotAnswer) {
  test::FakeClock clock;
  Handover handover(clock);
  int calls = 0;
  handover.wait(kAlice, [&calls] { ++calls; });
  clock.advance(Handover::kPatience);
  handover.tick();
  handover.tick();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace chat::delivery
