#include "delivery/journal/user_looks.h"

#include <gtest/gtest.h>

#include <array>

#include "fake_stores.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

class UserLooksTest : public testing::Test {
 protected:
  void look_up(std::vector<UserId> users) { ASSERT_TRUE(users_.look_up(users)); }

  FakeDirectStore store_;
  test::FakeClock clock_;
  UserLooks users_{store_, clock_};
};

TEST_F(UserLooksTest, LookupIsValidForAWhile) {
  store_.newest[kAlice] = 1;
  look_up({kAlice});
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 1);
  EXPECT_EQ(users_.newer_than(1, kAlice), 0);
  store_.newest[kAlice] = 2;
  clock_.advance(UserLooks::kMaxAge);
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 2);
  EXPECT_EQ(users_.newer_than(1, kAlice), 2);
  EXPECT_EQ(users_.newer_than(2, kAlice), 0);
}

TEST_F(UserLooksTest, DecisionsHoldForAWhileAfterTheOldestLookup) {
  const auto first = clock_.boot_now();
  look_up({kAlice});
  clock_.advance(UserLooks::kMaxAge / 4);
  look_up({kBob});
  EXPECT_EQ(users_.valid_until(std::array{kBob, kAlice}), first + UserLooks::kHolds);
  store_.is_shared = false;  // this process knows of all changes up to now
  EXPECT_EQ(users_.valid_until(std::array{kBob, kAlice}), clock_.boot_now() + UserLooks::kHolds);
}

TEST_F(UserLooksTest, DoubtedSenderIsLookedUpAtOnce) {
  store_.newest[kAlice] = 1;
  look_up({kAlice, kBob});
  store_.newest[kAlice] = 2;
  users_.doubt(kAlice);
  look_up({kAlice});
  EXPECT_EQ(users_.newer_than(1, kAlice), 2);
}

TEST_F(UserLooksTest, UsersAreLookedUpTogether) {
  look_up({kAlice});
  clock_.advance(UserLooks::kMaxAge / 2);
  look_up({kBob});
  clock_.advance(UserLooks::kMaxAge / 2);
  look_up({kAlice, kBob});  // Alice is due, Bob soon
  EXPECT_EQ(store_.epoch_looks, 3);
  clock_.advance(UserLooks::kMaxAge / 2);
  look_up({kAlice, kBob});
  EXPECT_EQ(store_.epoch_looks, 3);
}

TEST_F(UserLooksTest, LookupOfAnUnsharedStoreDoesNotAge) {
  store_.is_shared = false;
  store_.contact_revs[kAlice] = 3;
  look_up({kAlice});
  EXPECT_EQ(users_.contact_rev(kAlice), 3);
  store_.contact_revs[kAlice] = 4;
  clock_.advance(std::chrono::hours(1));
  users_.doubt(kAlice);
  look_up({kAlice});
  EXPECT_EQ(store_.epoch_looks, 1);
  users_.forget(kAlice);
  EXPECT_EQ(users_.contact_rev(kAlice), 0);
  look_up({kAlice});
  EXPECT_EQ(users_.contact_rev(kAlice), 4);
}

TEST_F(UserLooksTest, EpochsOfAnUnsharedStoreAreNotCompared) {
  store_.is_shared = false;
  store_.newest[kAlice] = 2;
  look_up({kAlice});
  EXPECT_EQ(users_.newer_than(1, kAlice), 0);
  EXPECT_FALSE(users_.is_lost(3, kAlice));
}

TEST_F(UserLooksTest, MissingUserHasNoRevisionAndIsLost) {
  store_.lost.insert(kAlice);
  look_up({kAlice});
  EXPECT_EQ(users_.contact_rev(kAlice), 0);
  EXPECT_TRUE(users_.is_lost(1, kAlice));
}

TEST_F(UserLooksTest, IsBounded) {
  std::vector<UserId> users;
  for (int id = 1; id <= static_cast<int>(UserLooks::kUsersMax); ++id) users.push_back({id});
  store_.newest[UserId{1}] = 2;
  look_up(users);
  EXPECT_EQ(users_.newer_than(1, UserId{1}), 2);
  look_up({UserId{static_cast<int>(UserLooks::kUsersMax) + 1}});
  EXPECT_EQ(users_.newer_than(1, UserId{1}), 0);
}

}  // namespace
}  // namespace chat::delivery
