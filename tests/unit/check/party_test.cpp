#include "client/check/party.h"

#include <gtest/gtest.h>

namespace chat::client::check {
namespace {

using protocol::Msgid;

constexpr const char* kRun = "run";
const base::SteadyTime kNow{};

event::Message direct(std::int32_t from, const Mark& mark, Seq seq) {
  return {UserId{from}, "", {}, text_of(kRun, mark), "", 0, seq, cid_of(kRun, mark.number)};
}

class Pair : public ::testing::Test {
 protected:
  void both_log_in(bool fresh) {
    party.logged_in(0, UserId{10}, fresh);
    party.logged_in(1, UserId{11}, fresh);
  }
  std::uint64_t unexpected() const { return party.verdict().unexpected; }

  Party party{Party::Kind::kPair, 2, 4, ""};
};

TEST_F(Pair, NewAccountsArePreparedOnceBothAreLoggedIn) {
  party.logged_in(0, UserId{10}, true);
  EXPECT_FALSE(party.prepared(0));
  party.logged_in(1, UserId{11}, true);
  EXPECT_TRUE(party.prepared(0));
  EXPECT_TRUE(party.prepared(1));
  EXPECT_EQ(party.target(0).user, UserId{11});
  EXPECT_EQ(party.target(1).user, UserId{10});
}

TEST_F(Pair, ExistingAccountsAskForTheHeadsOfTheirStreams) {
  both_log_in(false);
  EXPECT_FALSE(party.prepared(0));
  EXPECT_FALSE(party.next(1, "c"));
  ASSERT_TRUE(party.next(0, "c"));
  EXPECT_EQ(party.next(0, "c")->question.request, Msgid::kHistory);
  // Two pages: the first holds only one direction.
  party.take(0, {event::History{{}, {direct(10, {}, 5), direct(10, {}, 6)}, "more"}});
  ASSERT_TRUE(party.next(0, "c"));
  EXPECT_NE(party.next(0, "c")->json.find("more"), std::string::npos);
  party.take(0, {event::History{{}, {direct(11, {}, 3), direct(10, {}, 4)}, ""}});
  EXPECT_TRUE(party.prepared(0));
  EXPECT_EQ(party.ledger(0).base(), 6);
  EXPECT_EQ(party.ledger(1).base(), 3);
}

TEST_F(Pair, MatchesDeliveriesOfBothStreams) {
  both_log_in(true);
  party.ledger(0).sent(0, kNow);
  party.ledger(1).sent(0, kNow);
  EXPECT_EQ(party.mark(1, 0).stream, 5U);
  party.delivered(1, kRun, direct(10, party.mark(0, 0), 1));
  party.delivered(0, kRun, direct(11, party.mark(1, 0), 1));
  EXPECT_EQ(party.verdict().delivered, 2U);
  EXPECT_EQ(unexpected(), 0U);
}

TEST_F(Pair, ForeignMessagesAreUnexpected) {
  both_log_in(true);
  party.ledger(0).sent(0, kNow);
  const Mark mark = party.mark(0, 0);
  party.delivered(1, kRun, direct(12, mark, 1));  // from somebody else
  party.delivered(1, kRun, direct(10, {mark.stream + 7, 0, 0}, 1));
  party.delivered(0, kRun, direct(10, mark, 1));  // to the sender
  auto message = direct(10, mark, 1);
  message.text += "!";
  party.delivered(1, kRun, message);
  message = direct(10, mark, 1);
  message.cid = "another";
  party.delivered(1, kRun, message);
  message = direct(10, mark, 1);
  message.group = GroupId{1};
  party.delivered(1, kRun, message);
  EXPECT_EQ(unexpected(), 6U);
  EXPECT_EQ(party.verdict().delivered, 0U);
}

TEST_F(Pair, LeftoversOfAnEarlierRunAreIgnoredForExistingAccountsOnly) {
  both_log_in(false);
  auto old = direct(11, {}, 3);
  old.text = "from before";
  party.delivered(0, kRun, old);
  party.take(0, {event::History{{}, {old}, ""}});
  party.delivered(0, kRun, old);
  EXPECT_EQ(unexpected(), 0U);
  old.seq = 4;  // above the stream's head
  party.delivered(0, kRun, old);
  EXPECT_EQ(unexpected(), 1U);
}

TEST(GroupParty, IsCreatedByOneAndJoinedByTheOthers) {
  Party party(Party::Kind::kGroup, 3, 9, "tea");
  for (int i = 0; i < 3; ++i) party.logged_in(static_cast<std::size_t>(i), UserId{10 + i}, true);
  EXPECT_FALSE(party.next(1, "c"));
  EXPECT_EQ(party.next(0, "c")->question.request, Msgid::kCreateGroup);
  party.take(0, {event::GroupCreated{GroupId{5}, "tea", ""}});
  EXPECT_TRUE(party.prepared(0));
  EXPECT_EQ(party.next(1, "c")->question.request, Msgid::kAddGroup);
  party.take(1, {event::GroupJoined{{GroupId{5}, "tea", "", {}}}});
  EXPECT_TRUE(party.prepared(1));
  EXPECT_FALSE(party.prepared(2));
  EXPECT_EQ(party.target(2).group, GroupId{5});
}

TEST(GroupParty, ContinuesAfterALostAnswer) {
  Party party(Party::Kind::kGroup, 2, 9, "tea");
  party.logged_in(0, UserId{10}, true);
  party.logged_in(1, UserId{11}, true);
  const std::string first = party.next(0, "c")->json;
  const Event exists{event::Refused{"", {}, 25, "exists", "", {}}};
  EXPECT_TRUE(party.take(0, exists));
  EXPECT_NE(party.next(0, "c")->json, first) << "another name";
  party.take(0, {event::GroupCreated{GroupId{5}, "tea-1", ""}});
  EXPECT_TRUE(party.take(1, exists));
  EXPECT_TRUE(party.prepared(1));
  EXPECT_FALSE(party.take(1, {event::Refused{"", {}, 23, "not_found", "", {}}}));
}

}  // namespace
}  // namespace chat::client::check
