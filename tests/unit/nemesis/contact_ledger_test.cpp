#include "faults/nemesis/contact_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::test::nemesis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = LifeAct::Kind;

class NemesisContactLedger : public ::testing::Test {
 protected:
  static constexpr std::int64_t kAlice = 1;
  static constexpr std::int64_t kBob = 2;

  NemesisContactLedger() { ledger.add(kAlice, kBob); }
  Time at(int ms) const { return begin + milliseconds{ms}; }
  void done(Kind kind, int from_ms, int to_ms) {
    const LifeAct act{.kind = kind, .actor = kAlice, .target = kBob};
    ledger.asked(act, at(from_ms));
    EXPECT_THAT(ledger.answered(act, 0, at(to_ms)), IsEmpty());
  }

  const Time begin = Clock::now();
  ContactLedger ledger;
};

TEST_F(NemesisContactLedger, BlockBarsBothFromTheRequestOnAndSurelyAfterTwoSeconds) {
  EXPECT_FALSE(ledger.may_bar(kBob, kAlice, at(0), at(10)));
  done(Kind::kBlock, 100, 200);
  EXPECT_FALSE(ledger.may_bar(kBob, kAlice, at(0), at(90)));
  EXPECT_TRUE(ledger.may_bar(kBob, kAlice, at(0), at(110)));
  EXPECT_TRUE(ledger.may_bar(kAlice, kBob, at(5'000), at(5'010)));
  EXPECT_FALSE(ledger.surely_bars(kBob, kAlice, at(2'100)));
  EXPECT_TRUE(ledger.surely_bars(kBob, kAlice, at(2'300)));
}

TEST_F(NemesisContactLedger, BlockEndsWithinTwoSecondsOfTheAnswer) {
  done(Kind::kBlock, 0, 10);
  done(Kind::kUnblock, 5'000, 5'010);
  EXPECT_FALSE(ledger.surely_bars(kBob, kAlice, at(3'000)));
  EXPECT_TRUE(ledger.may_bar(kBob, kAlice, at(6'000), at(6'001)));
  EXPECT_FALSE(ledger.may_bar(kBob, kAlice, at(7'100), at(7'200)));
}

TEST_F(NemesisContactLedger, BlockedUserSeesTheOtherOffline) {
  EXPECT_EQ(ledger.presence(kBob, kAlice, "online"), "online");
  done(Kind::kBlock, 0, 10);
  EXPECT_EQ(ledger.presence(kBob, kAlice, "online"), "offline");
  EXPECT_EQ(ledger.presence(kAlice, kBob, "online"), "online");
}

TEST_F(NemesisContactLedger, RemovalEndsBothDirectionsAndAddingRestoresOne) {
  done(Kind::kUnfriend, 0, 10);
  EXPECT_FALSE(ledger.presence(kAlice, kBob, "online"));
  done(Kind::kBefriend, 20, 30);
  EXPECT_EQ(ledger.presence(kAlice, kBob, "online"), "online");
  EXPECT_FALSE(ledger.presence(kBob, kAlice, "online"));
  EXPECT_THAT(ledger.compare({}, {{kAlice, kBob}}), IsEmpty());
  EXPECT_THAT(ledger.compare({}, {{kAlice, kBob}, {kBob, kAlice}}),
              ElementsAre(HasSubstr("on whose list it still is")));
}

TEST_F(NemesisContactLedger, FindsABlockThatTheTableDoesNotHave) {
  done(Kind::kBlock, 0, 10);
  EXPECT_THAT(ledger.compare({{kAlice, kBob}}, {{kAlice, kBob}}), IsEmpty());
  EXPECT_THAT(ledger.compare({}, {{kAlice, kBob}}), ElementsAre(HasSubstr("is blocked")));
}

TEST_F(NemesisContactLedger, FindsARefusedAct) {
  const LifeAct act{.kind = Kind::kBlock, .actor = kAlice, .target = kBob};
  ledger.asked(act, at(0));
  EXPECT_THAT(ledger.answered(act, 22, at(1)), ElementsAre(HasSubstr("refused with errno 22")));
}

}  // namespace
}  // namespace chat::test::nemesis
