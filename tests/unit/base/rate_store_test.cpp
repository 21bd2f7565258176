#include "chat/base/rate_store.h"

#include <gtest/gtest.h>

#include <string>

#include "support/fake_clock.h"

namespace chat::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class MemoryRateStoreTest : public testing::Test {
 protected:
  milliseconds take(const std::string& key, std::int64_t per_minute) {
    const NamedBucket bucket{key, {per_minute, per_minute, seconds(60)}};
    return store.take({&bucket, 1}).value();
  }

  test::FakeClock clock;
  MemoryRateStore store{clock};
};

TEST_F(MemoryRateStoreTest, BucketHoldsAMinutesWorthAndFillsEvenly) {
  for (int i = 0; i < 6; ++i) ASSERT_EQ(take("a", 6), milliseconds(0)) << i;
  const auto wait = take("a", 6);
  EXPECT_GT(wait, seconds(9));
  EXPECT_LE(wait, seconds(10));
  EXPECT_EQ(take("b", 6), milliseconds(0));
  clock.advance(wait);
  EXPECT_EQ(take("a", 6), milliseconds(0));
  EXPECT_GT(take("a", 6), milliseconds(0));
}

TEST_F(MemoryRateStoreTest, NothingIsTakenUnlessEachBucketHasOne) {
  const NamedBucket wide{"wide", {3, 3, seconds(60)}};
  const NamedBucket narrow{"narrow", {1, 1, seconds(60)}};
  const std::array both{wide, narrow};
  EXPECT_EQ(store.take(both), milliseconds(0));
  for (int i = 0; i < 10; ++i) EXPECT_GT(*store.take(both), milliseconds(0));
  EXPECT_EQ(store.take({&wide, 1}), milliseconds(0));
  EXPECT_EQ(store.take({&wide, 1}), milliseconds(0));
  EXPECT_GT(*store.take({&wide, 1}), milliseconds(0));
}

TEST_F(MemoryRateStoreTest, ReturnedTokensCanBeTakenAgain) {
  const NamedBucket bucket{"a", {2, 2, seconds(60)}};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(store.take({&bucket, 1}), milliseconds(0));
    store.give_back({&bucket, 1});
  }
}

TEST_F(MemoryRateStoreTest, WaitForChangesNothing) {
  const NamedBucket bucket{"a", {1, 1, seconds(60)}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(store.wait_for(bucket), milliseconds(0));
  EXPECT_EQ(store.size(BucketKind::kAddress), 0U);
  EXPECT_EQ(store.take({&bucket, 1}), milliseconds(0));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(store.wait_for(bucket), seconds(60));
  clock.advance(seconds(60));
  EXPECT_EQ(store.wait_for(bucket), milliseconds(0));
  EXPECT_EQ(store.take({&bucket, 1}), milliseconds(0));
}

TEST_F(MemoryRateStoreTest, ChargeGoesIntoDebt) {
  const NamedBucket bucket{"a", {10, 20, seconds(1)}};
  store.charge(bucket, 19);
  EXPECT_EQ(store.wait_for(bucket), milliseconds(0));
  store.charge(bucket, 21);
  EXPECT_EQ(store.wait_for(bucket), milliseconds(2100));
  clock.advance(milliseconds(2100));
  EXPECT_EQ(store.take({&bucket, 1}), milliseconds(0));
}

TEST_F(MemoryRateStoreTest, GivingBackAddsNoName) {
  const NamedBucket bucket{"a", {1, 1, seconds(60)}};
  store.give_back({&bucket, 1});
  EXPECT_EQ(store.size(BucketKind::kAddress), 0U);
}

// A million addresses must not cost a million entries, nor evict the busy ones.
TEST_F(MemoryRateStoreTest, DropsTheLeastRecentlyUsedFirst) {
  while (take("busy", 5) == milliseconds(0)) {
  }
  for (int i = 0; i < 1'000'000; ++i) {
    take(std::to_string(i), 5);
    if (i % 1000 == 0) {
      ASSERT_GT(take("busy", 5), milliseconds(0)) << i;
    }
  }
  EXPECT_LE(store.size(BucketKind::kAddress), 2 * MemoryRateStore::kKeysMax);
  EXPECT_GE(store.size(BucketKind::kAddress), MemoryRateStore::kKeysMax / 2);
}

TEST_F(MemoryRateStoreTest, InventedNamesEvictNoAccounts) {
  const NamedBucket account{"id:1", {1, 1, seconds(60)}, BucketKind::kAccount};
  ASSERT_EQ(store.take({&account, 1}), milliseconds(0));
  for (int i = 0; i < 300'000; ++i) {
    const NamedBucket unknown{std::to_string(i), {1, 1, seconds(60)}, BucketKind::kUnknown};
    const NamedBucket address{std::to_string(i), {1, 1, seconds(60)}, BucketKind::kAddress};
    store.take({&unknown, 1});
    store.take({&address, 1});
  }
  EXPECT_GT(store.take({&account, 1}), milliseconds(0));
}

}  // namespace
}  // namespace chat::base
