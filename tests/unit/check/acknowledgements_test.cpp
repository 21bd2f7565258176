#include "client/load/acknowledgements.h"

#include <gtest/gtest.h>

#include <utility>

namespace chat::client::load {
namespace {

using Told = std::vector<std::pair<Target, Seq>>;

const Target kAlice{UserId{1}, {}};
const Target kBob{UserId{2}, {}};
const Target kGroup{{}, GroupId{1}};

Told settle(Acknowledgements& acknowledgements) {
  Told out;
  acknowledgements.settle([&](Target stream, Seq seq) { out.emplace_back(stream, seq); });
  return out;
}

TEST(Acknowledgements, NameTheHighestSeqOfEachStreamOnce) {
  Acknowledgements owed;
  owed.arrived(kAlice, 10);
  owed.arrived(kBob, 5);
  owed.arrived(kGroup, 7);
  owed.arrived(kAlice, 11);
  EXPECT_EQ(settle(owed), (Told{{kAlice, 11}, {kBob, 5}, {kGroup, 7}}));
  EXPECT_TRUE(settle(owed).empty());
  owed.arrived(kBob, 6);
  EXPECT_EQ(settle(owed), (Told{{kBob, 6}}));
}

TEST(Acknowledgements, RepeatsAreAcknowledgedUpToTheHighest) {
  Acknowledgements owed;
  owed.arrived(kAlice, 10);
  settle(owed);
  owed.arrived(kAlice, 9);
  EXPECT_EQ(settle(owed), (Told{{kAlice, 10}}));
}

TEST(Acknowledgements, StartOverOnAnotherConnection) {
  Acknowledgements owed;
  owed.arrived(kAlice, 10);
  owed.clear();
  EXPECT_TRUE(settle(owed).empty());
  owed.arrived(kAlice, 3);
  EXPECT_EQ(settle(owed), (Told{{kAlice, 3}}));
}

}  // namespace
}  // namespace chat::client::load
