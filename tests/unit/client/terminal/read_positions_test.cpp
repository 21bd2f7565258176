#include "client/terminal/transcript/read_positions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const Target kBob{{2}, {}};
const Target kTea{{}, {7}};

class ReadPositionsTest : public ::testing::Test {
 protected:
  ReadPositionsTest() { log_in(1); }

  void log_in(std::int32_t id, bool again = false) {
    event::LoggedIn login;
    login.id = {id};
    login.again = again;
    positions.apply({login});
  }
  void inbox(const Target& target, std::int64_t unread, Seq read, Seq last) {
    event::Conversation item{.target = target, .unread = unread, .read_seq = read};
    item.last_seq = last;
    positions.apply({event::Inbox{.conversations = {item}}});
  }
  static event::Message from_bob(Seq seq, const char* kind = "") {
    event::Message out;
    out.from = {2};
    out.seq = seq;
    out.extras.kind = kind;
    return out;
  }
  void push(Seq seq, const char* kind = "") { positions.apply({from_bob(seq, kind)}); }
  void show_page(Seq first, Seq last) {
    event::History page{.target = kBob, .messages = {}, .cursor = ""};
    for (Seq seq = first; seq <= last; ++seq) page.messages.push_back(from_bob(seq));
    positions.shown(page);
  }

  ReadPositions positions;
};

TEST_F(ReadPositionsTest, WhatArrivesIsReadAtOnce) {
  push(1);
  push(2, "edit");
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 2)));
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  push(3);
  EXPECT_EQ(positions.take(kBob), 3);
  EXPECT_THAT(positions.take_moved(), IsEmpty()) << "taken";
}

TEST_F(ReadPositionsTest, WhatWaitedForTheLoginIsReadOnceAllOfItIsShown) {
  push(1);
  push(2);
  inbox(kBob, 4, 0, 4);  // the other two are on their way
  EXPECT_EQ(positions.hidden(kBob), 2);
  push(3);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  push(4);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 4)));
}

TEST_F(ReadPositionsTest, AMessageThatArrivesReadsNoneThatWereNeverShown) {
  inbox(kBob, 100, 5, 110);
  push(111);
  push(112);
  EXPECT_EQ(positions.hidden(kBob), 100);
  EXPECT_EQ(positions.take(kBob), 0);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
}

TEST_F(ReadPositionsTest, ThePositionMovesOverWhatIsShownFromTheFirst) {
  inbox(kBob, 10, 5, 15);
  EXPECT_EQ(positions.seen_up_to(kBob), 5);
  show_page(6, 10);
  EXPECT_THAT(positions.take_moved(), IsEmpty()) << "not known to be the first";
  positions.shown_up_to(kBob, 10);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 10)));
  EXPECT_EQ(positions.hidden(kBob), 5);
  push(16);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  show_page(11, 15);
  EXPECT_EQ(positions.hidden(kBob), 0);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 16)));
}

TEST_F(ReadPositionsTest, PagesReadBackwardsCountTooAndRepeatsDoNot) {
  inbox(kBob, 10, 5, 15);
  show_page(11, 15);
  show_page(11, 15);
  EXPECT_EQ(positions.hidden(kBob), 5);
  show_page(6, 10);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 15)));
}

// Unread messages may have been deleted since.
TEST_F(ReadPositionsTest, TheEndOfWhatThereIsEndsTheSearch) {
  inbox(kBob, 10, 5, 15);
  show_page(14, 15);
  positions.shown_all(kBob);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 15)));
}

TEST_F(ReadPositionsTest, AnOwnMessageReadsTheConversation) {
  inbox(kBob, 10, 5, 15);
  positions.apply({event::Sent{kBob, 3, 0, "c1"}});
  EXPECT_EQ(positions.hidden(kBob), 0);
  push(16);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 16)));
}

TEST_F(ReadPositionsTest, EventRowsAndOwnMessagesAreNotHidden) {
  push(3, "recall");
  event::Message own = from_bob(8);
  own.from = {1};
  own.group = {7};
  positions.apply({own});
  inbox(kBob, 1, 0, 2);
  inbox(kTea, 1, 0, 8);
  EXPECT_EQ(positions.hidden(kBob), 1);
  EXPECT_EQ(positions.hidden(kTea), 1);
}

TEST_F(ReadPositionsTest, AnInboxOlderThanAReadDoesNotCount) {
  push(1);
  EXPECT_EQ(positions.take(kBob), 1);
  inbox(kBob, 1, 0, 1);
  EXPECT_EQ(positions.hidden(kBob), 0);
  inbox(kBob, 3, 1, 4);
  EXPECT_EQ(positions.hidden(kBob), 3);
  inbox(kBob, 0, 4, 4);
  EXPECT_EQ(positions.hidden(kBob), 0) << "read elsewhere";
}

// The newest message is the user's own, in the other stream: no number tells which are counted.
TEST_F(ReadPositionsTest, WithoutANumberAllCountAsHidden) {
  push(1);
  inbox(kBob, 1, 0, 0);
  push(2);
  EXPECT_EQ(positions.hidden(kBob), 1);
}

TEST_F(ReadPositionsTest, APositionIsKeptUntilItIsSentAlsoOverAReconnection) {
  push(1);
  EXPECT_EQ(positions.take(kBob), 1);
  positions.send_again(kBob);
  log_in(1, true);
  EXPECT_THAT(positions.take_moved(), IsEmpty()) << "others may have come meanwhile";
  inbox(kBob, 1, 0, 1);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 1)));
}

TEST_F(ReadPositionsTest, NothingIsReadUntilInboxTellsOfTheStream) {
  const base::SteadyTime now{std::chrono::seconds(100)};
  EXPECT_FALSE(positions.wants_inbox(now));
  push(31);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  EXPECT_TRUE(positions.wants_inbox(now));
  EXPECT_FALSE(positions.wants_inbox(now + std::chrono::seconds(4)));
  EXPECT_TRUE(positions.wants_inbox(now + std::chrono::seconds(5)));
  inbox(kBob, 31, 0, 31);
  EXPECT_FALSE(positions.wants_inbox(now + std::chrono::seconds(20)));
  EXPECT_EQ(positions.hidden(kBob), 30);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  inbox(kBob, 1, 30, 31);
  push(32);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 32)));
}

// INBOX does not list it: the user has hidden the conversation until its next message.
TEST_F(ReadPositionsTest, AHiddenConversationIsAskedForOnce) {
  const base::SteadyTime now{std::chrono::seconds(100)};
  show_page(20, 30);
  EXPECT_TRUE(positions.wants_inbox(now));
  positions.end_inbox();
  EXPECT_FALSE(positions.wants_inbox(now + std::chrono::seconds(20)));
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  push(31);
  EXPECT_TRUE(positions.wants_inbox(now + std::chrono::seconds(20)));
}

TEST_F(ReadPositionsTest, AServerWithoutInboxHidesNothing) {
  push(31);
  positions.do_without_inbox();
  EXPECT_FALSE(positions.wants_inbox(base::SteadyTime{std::chrono::seconds(100)}));
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 31)));
}

TEST_F(ReadPositionsTest, ALogoutOrAnotherLoginDropsThem) {
  push(1);
  positions.apply({event::LoggedOut{{1}}});
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  push(2);
  log_in(3);
  EXPECT_THAT(positions.take_moved(), IsEmpty());
  positions.send_again(kBob);
  EXPECT_EQ(positions.take(kBob), 0);
}

TEST_F(ReadPositionsTest, GroupsAndAnOlderServersMessagesAreKeptApart) {
  event::Message in_tea = from_bob(4);
  in_tea.group = {7};
  positions.apply({in_tea});
  inbox(kTea, 1, 3, 4);
  push(0);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kTea, 4)));
}

TEST_F(ReadPositionsTest, IsBounded) {
  inbox(kBob, 1, 0, 1);
  const Seq most = static_cast<Seq>(ReadPositions::kShownMost);
  for (Seq seq = 2; seq <= most + 100; ++seq) push(seq);
  inbox(kBob, most + 100, 0, most + 100);
  EXPECT_EQ(positions.hidden(kBob), 100);
}

TEST_F(ReadPositionsTest, AfterAReconnectionThePositionsAreSentAgain) {
  push(1);
  ASSERT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 1)));
  log_in(1, true);
  inbox(kBob, 1, 0, 1);
  EXPECT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 1)));
  EXPECT_THAT(positions.take_moved(), IsEmpty());
}

TEST_F(ReadPositionsTest, AfterALostPositionHiddenMessagesAreNotReadUnseen) {
  push(1);
  push(2);
  ASSERT_THAT(positions.take_moved(), ElementsAre(Pair(kBob, 2)));
  log_in(1, true);
  inbox(kBob, 10, 0, 10);
  EXPECT_EQ(positions.hidden(kBob), 8);
  EXPECT_EQ(positions.seen_up_to(kBob), 2);
  push(11);
  EXPECT_EQ(positions.take(kBob), 0);
  show_page(3, 10);
  EXPECT_EQ(positions.take(kBob), 11);
}

}  // namespace
}  // namespace chat::client
