#include "delivery/journal/sender_epochs.h"

#include <gtest/gtest.h>

#include "fake_stores.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

class SenderEpochsTest : public testing::Test {
 protected:
  void look_up(std::vector<UserId> senders) { ASSERT_TRUE(senders_.look_up(senders)); }

  FakeDirectStore store_;
  test::FakeClock clock_;
  SenderEpochs senders_{store_, clock_};
};

TEST_F(SenderEpochsTest, LookupIsValidForAWhile) {
  store_.newest[kAlice] = 1;
  look_up({kAlice});
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 1);
  EXPECT_EQ(senders_.newer_than(1, kAlice), 0);
  store_.newest[kAlice] = 2;
  clock_.advance(SenderEpochs::kMaxAge);
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 2);
  EXPECT_EQ(senders_.newer_than(1, kAlice), 2);
  EXPECT_EQ(senders_.newer_than(2, kAlice), 0);
}

TEST_F(SenderEpochsTest, DoubtedSenderIsLookedUpAtOnce) {
  store_.newest[kAlice] = 1;
  look_up({kAlice, kBob});
  store_.newest[kAlice] = 2;
  senders_.doubt(kAlice);
  look_up({kAlice});
  EXPECT_EQ(senders_.newer_than(1, kAlice), 2);
}

TEST_F(SenderEpochsTest, SendersAreLookedUpTogether) {
  look_up({kAlice});
  clock_.advance(SenderEpochs::kMaxAge / 2);
  look_up({kBob});
  clock_.advance(SenderEpochs::kMaxAge / 2);
  look_up({kAlice, kBob});  // Alice is due, Bob soon
  EXPECT_EQ(store_.epoch_looks, 3);
  clock_.advance(SenderEpochs::kMaxAge / 2);
  look_up({kAlice, kBob});
  EXPECT_EQ(store_.epoch_looks, 3);
}

TEST_F(SenderEpochsTest, UnsharedStoreNeedsNoLookup) {
  store_.is_shared = false;
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 0);
}

TEST_F(SenderEpochsTest, IsBounded) {
  for (int id = 1; id <= static_cast<int>(SenderEpochs::kSendersMax) + 1; ++id) {
    store_.newest[UserId{id}] = 2;
    look_up({UserId{id}});
  }
  EXPECT_EQ(senders_.newer_than(1, UserId{1}), 0);
}

}  // namespace
}  // namespace chat::delivery
