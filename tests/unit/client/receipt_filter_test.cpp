#include "client/core/receipt_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::client {
namespace {

class ReceiptFilterTest : public ::testing::Test {
 protected:
  ReceiptFilterTest() { log_in(1); }

  void log_in(std::int32_t id) {
    event::LoggedIn login;
    login.id = {id};
    Event event{login};
    filter.apply(event);
  }
  void sent(Target target, Seq seq) {
    Event event{event::Sent{target, seq, 0, ""}};
    filter.apply(event);
  }
  // The own messages that the receipt confirms.
  Seq receipt(const std::string& kind, Target from, Seq seq) {
    Event event{event::Receipt{kind, from.user, from.group, seq, ""}};
    filter.apply(event);
    return event.as<event::Receipt>()->newest_own;
  }

  ReceiptFilter filter;
  const Target bob{{2}, {}};
  const Target team{{}, {4}};
};

TEST_F(ReceiptFilterTest, GroupReceiptCountsForOwnMessagesOnly) {
  EXPECT_EQ(receipt("delivered", team, 5), 0);
  sent(team, 6);
  sent(team, 8);
  EXPECT_EQ(receipt("delivered", team, 5), 0);
  EXPECT_EQ(receipt("delivered", team, 7), 6);
  EXPECT_EQ(receipt("delivered", team, 7), 0) << "a second time";
  EXPECT_EQ(receipt("delivered", team, 9), 8);
  EXPECT_EQ(receipt("read", team, 12), 8);
  EXPECT_EQ(receipt("read", team, 13), 0);
  EXPECT_EQ(receipt("delivered", team, 13), 0);
}

TEST_F(ReceiptFilterTest, ReadMessagesAreNotConfirmedAsDeliveredLater) {
  EXPECT_EQ(receipt("read", bob, 3), 3);
  EXPECT_EQ(receipt("delivered", bob, 3), 0);
  EXPECT_EQ(receipt("delivered", bob, 4), 4);
}

TEST_F(ReceiptFilterTest, HistoryShowsWhichMessagesAreOwn) {
  event::Message mine;
  mine.from = {1};
  mine.group = {4};
  mine.seq = 3;
  event::Message theirs = mine;
  theirs.from = {2};
  theirs.seq = 5;
  Event history{event::History{team, {mine, theirs}, ""}};
  filter.apply(history);
  EXPECT_EQ(receipt("read", team, 6), 3);
}

TEST_F(ReceiptFilterTest, AnotherUsersLoginResetsIt) {
  sent(team, 6);
  log_in(1);
  EXPECT_EQ(receipt("read", team, 6), 6);
  sent(team, 7);
  log_in(9);
  EXPECT_EQ(receipt("read", team, 7), 0);
}

}  // namespace
}  // namespace chat::client
