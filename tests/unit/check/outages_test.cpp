#include "client/check/outages.h"

#include <gtest/gtest.h>

namespace chat::client::check {
namespace {

using std::chrono::milliseconds;

base::SteadyTime at(int ms) {
  return base::SteadyTime(milliseconds(ms));
}

TEST(Disturbances, AreNoneWithoutOutages) {
  EXPECT_TRUE(disturbances_of({}).empty());
  EXPECT_EQ(worst_of({}), milliseconds(0));
}

TEST(Disturbances, JoinOutagesThatOverlap) {
  const auto all = disturbances_of({{at(105), at(900), "b"}, {at(100), at(300), "a"}});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].from, at(100));
  EXPECT_EQ(all[0].clients, 2U);
  EXPECT_EQ(all[0].reason, "a");
  EXPECT_EQ(all[0].first, milliseconds(200));
  EXPECT_EQ(all[0].all, milliseconds(800));
}

TEST(Disturbances, SeparateOutagesThatDoNotOverlap) {
  const auto all = disturbances_of({{at(100), at(300), "a"}, {at(301), at(350), "b"}});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].all, milliseconds(49));
  EXPECT_EQ(worst_of(all), milliseconds(200));
}

TEST(Disturbances, OneThatNeverEndsIsTheWorst) {
  const auto all = disturbances_of({{at(100), at(300), "a"}, {at(200), std::nullopt, "b"}});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].first, milliseconds(200));
  EXPECT_FALSE(all[0].all);
  EXPECT_FALSE(worst_of(all));
}

}  // namespace
}  // namespace chat::client::check
