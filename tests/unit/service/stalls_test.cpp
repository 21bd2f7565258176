#include "stalls.h"

#include <gtest/gtest.h>

#include "support/deadline.h"

namespace chat::service {
namespace {

constexpr int kKind = 7;
constexpr int kOther = 9;

TEST(Stalls, RefusesTheKindThatWasBusyForAMoment) {
  Stalls stalls;
  EXPECT_FALSE(stalls.refuses(kKind));
  stalls.note_busy(kKind);
  EXPECT_TRUE(stalls.refuses(kKind));
  EXPECT_FALSE(stalls.refuses(kOther));
  EXPECT_TRUE(test::wait_until([&] { return !stalls.refuses(kKind); }));
}

TEST(Stalls, SuccessOfTheKindEndsIt) {
  Stalls stalls;
  stalls.note_busy(kKind);
  stalls.note_success(kOther);
  EXPECT_TRUE(stalls.refuses(kKind));
  stalls.note_success(kKind);
  EXPECT_FALSE(stalls.refuses(kKind));
}

TEST(Stalls, NumbersThatAreNoRequestAreNeverRefused) {
  Stalls stalls;
  for (const int msgid : {-1, 128, 1'000'000}) {
    stalls.note_busy(msgid);
    EXPECT_FALSE(stalls.refuses(msgid));
  }
}

}  // namespace
}  // namespace chat::service
