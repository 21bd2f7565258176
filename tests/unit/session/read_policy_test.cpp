#include "session/read_policy.h"

#include <gtest/gtest.h>

#include <bit>

namespace chat::session {
namespace {

using Step = ReadPolicy::Step;

// Bits 0 to 3 are the reasons to pause, bit 4 is parked input.
constexpr unsigned kReasons = 0b01111;
constexpr unsigned kParked = 0b10000;

constexpr ReadPolicy policy_of(unsigned bits) {
  return {.input_over = (bits & 1U) != 0,
          .in_debt = (bits & 2U) != 0,
          .output_blocked = (bits & 4U) != 0,
          .queue_long = (bits & 8U) != 0,
          .parked = (bits & kParked) != 0};
}

TEST(ReadPolicy, ReadsUnlessThereIsAReasonToPause) {
  EXPECT_EQ(ReadPolicy{}.step(), Step::kRead);
}

TEST(ReadPolicy, CutsParkedInputBeforeReadingMore) {
  EXPECT_EQ(ReadPolicy{.parked = true}.step(), Step::kUnpark);
}

TEST(ReadPolicy, EachReasonAlonePauses) {
  EXPECT_EQ(ReadPolicy{.input_over = true}.step(), Step::kPause);
  EXPECT_EQ(ReadPolicy{.in_debt = true}.step(), Step::kPause);
  EXPECT_EQ(ReadPolicy{.output_blocked = true}.step(), Step::kPause);
  EXPECT_EQ(ReadPolicy{.queue_long = true}.step(), Step::kPause);
}

TEST(ReadPolicy, AnyReasonPausesWhateverElseIsTrue) {
  for (unsigned bits = 0; bits <= (kReasons | kParked); ++bits) {
    if ((bits & kReasons) == 0) continue;
    EXPECT_EQ(policy_of(bits).step(), Step::kPause) << bits;
  }
}

// Reasons may end in any order; reading resumes with the last.
TEST(ReadPolicy, ResumesOnlyOnceTheLastReasonIsGone) {
  for (unsigned bits = 1; bits <= kReasons; ++bits) {
    for (unsigned parked : {0U, kParked}) {
      for (unsigned reason = 1; reason <= kReasons; reason <<= 1) {
        if ((bits & reason) == 0) continue;
        const bool was_last = std::popcount(bits) == 1;
        const Step then = policy_of((bits & ~reason) | parked).step();
        EXPECT_EQ(then == Step::kPause, !was_last) << bits << " without " << reason;
      }
    }
  }
}

}  // namespace
}  // namespace chat::session
