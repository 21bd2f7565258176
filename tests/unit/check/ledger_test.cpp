// Every violation is found, and counted once.
#include "client/check/ledger.h"

#include <gtest/gtest.h>

namespace chat::client::check {
namespace {

// A direct stream: member 0 writes, member 1 reads.
class Direct : public ::testing::Test {
 protected:
  static constexpr std::size_t kReader = 1;

  std::uint32_t send() { return ledger.sent(0, start); }
  Ledger::Step ack(std::uint32_t number, Seq seq) { return ledger.acked(number, seq); }
  Ledger::Step deliver(std::uint32_t number, Seq seq) {
    return ledger.delivered(kReader, {0, number, seq});
  }
  // Sends, acknowledges and delivers `count` messages.
  void exchange(int count) {
    for (int i = 0; i < count; ++i) {
      const std::uint32_t number = send();
      ack(number, number + 1);
      deliver(number, number + 1);
    }
  }
  void expect_violations(std::uint64_t count) const {
    EXPECT_EQ(ledger.verdict().violations(), count);
  }

  Ledger ledger{2};
  const base::SteadyTime start{};
};

TEST_F(Direct, DeliveryOnceAndInOrderIsNoViolation) {
  exchange(10);
  const Verdict verdict = ledger.verdict();
  EXPECT_EQ(verdict.sent, 10U);
  EXPECT_EQ(verdict.acked, 10U);
  EXPECT_EQ(verdict.delivered, 10U);
  EXPECT_TRUE(ledger.settled());
  expect_violations(0);
}

TEST_F(Direct, FirstAckAndFirstDeliveryAreStepsOfAMessage) {
  const base::SteadyTime due = start + std::chrono::milliseconds(5);
  ledger.sent(0, due);
  const auto acked = ack(0, 1);
  EXPECT_TRUE(acked.fresh);
  EXPECT_FALSE(acked.complete);
  EXPECT_EQ(acked.due, due);
  const auto delivered = deliver(0, 1);
  EXPECT_TRUE(delivered.fresh);
  EXPECT_TRUE(delivered.complete);
  EXPECT_EQ(delivered.due, due);
  EXPECT_FALSE(ack(0, 1).fresh);
  EXPECT_FALSE(deliver(0, 1).fresh);
}

TEST_F(Direct, AckMayFollowTheDelivery) {
  EXPECT_FALSE(deliver(send(), 1).complete);
  EXPECT_FALSE(ledger.settled());
  EXPECT_TRUE(ack(0, 1).complete);
  EXPECT_TRUE(ledger.settled());
  expect_violations(0);
}

TEST_F(Direct, AckedButUndeliveredIsLost) {
  exchange(3);
  ack(send(), 4);
  EXPECT_FALSE(ledger.settled());
  EXPECT_EQ(ledger.verdict().lost, 1U);
  expect_violations(1);
}

TEST_F(Direct, OneLostInTheMiddleLeavesAGap) {
  exchange(3);
  ack(send(), 4);
  const std::uint32_t last = send();
  ack(last, 5);
  deliver(last, 5);
  EXPECT_EQ(ledger.verdict().lost, 1U);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
  expect_violations(2);
}

TEST_F(Direct, UnackedAndUndeliveredIsNoViolation) {
  exchange(1);
  ledger.given_up(send());
  EXPECT_TRUE(ledger.settled());
  expect_violations(0);
}

TEST_F(Direct, MessageWithoutAnAnswerIsUnanswered) {
  send();
  EXPECT_FALSE(ledger.settled());
  EXPECT_EQ(ledger.verdict().unanswered, 1U);
}

TEST_F(Direct, DeliveredWithoutAnAckIsRecovered) {
  const std::uint32_t number = send();
  ledger.given_up(number);
  deliver(number, 1);
  EXPECT_EQ(ledger.verdict().recovered, 1U);
  expect_violations(0);
}

TEST_F(Direct, RecoveredTwiceIsDoubled) {
  const std::uint32_t number = send();
  ledger.given_up(number);
  deliver(number, 1);
  deliver(number, 2);
  EXPECT_EQ(ledger.verdict().doubled, 1U);
  expect_violations(1);
}

TEST_F(Direct, SecondPushUnderAnotherSeqIsDoubled) {
  exchange(3);
  deliver(2, 4);
  EXPECT_EQ(ledger.verdict().doubled, 1U);
  EXPECT_EQ(ledger.verdict().delivered, 3U);
  expect_violations(1);
}

TEST_F(Direct, MessageWhoseSeqADoubleTookIsNotDoubled) {
  exchange(3);
  deliver(2, 4);
  const std::uint32_t next = send();
  ack(next, 4);
  deliver(next, 4);
  EXPECT_EQ(ledger.verdict().doubled, 1U);
  EXPECT_EQ(ledger.verdict().unexpected, 1U);
  EXPECT_EQ(ledger.verdict().lost, 0U);
}

TEST_F(Direct, SamePushAgainIsARepeat) {
  exchange(3);
  deliver(1, 2);
  deliver(2, 3);
  EXPECT_EQ(ledger.verdict().repeats, 2U);
  EXPECT_EQ(ledger.verdict().delivered, 3U);
  expect_violations(0);
}

TEST_F(Direct, SecondAckMustNameTheSameSeq) {
  exchange(2);
  ack(1, 2);
  expect_violations(0);
  ack(1, 3);
  EXPECT_EQ(ledger.verdict().doubled, 1U);
}

TEST_F(Direct, AckedUnderOneSeqAndDeliveredUnderAnotherIsDoubled) {
  const std::uint32_t number = send();
  ack(number, 2);
  deliver(number, 1);
  EXPECT_EQ(ledger.verdict().doubled, 1U);
  expect_violations(1);
}

TEST_F(Direct, TwoSwappedPushesAreReorderedOnce) {
  exchange(3);
  ack(send(), 4);
  ack(send(), 5);
  deliver(4, 5);
  deliver(3, 4);
  EXPECT_EQ(ledger.verdict().reordered, 1U);
  expect_violations(1);
}

TEST_F(Direct, SeqsAgainstTheSendingOrderAreReordered) {
  send();
  send();
  ack(0, 2);
  ack(1, 1);
  deliver(1, 1);
  deliver(0, 2);
  EXPECT_EQ(ledger.verdict().reordered, 1U);
  expect_violations(1);
}

TEST_F(Direct, TemporarilyRefusedMessageMayBeOvertaken) {
  send();
  send();
  ledger.refused(0);
  ack(1, 1);
  ack(0, 2);
  deliver(1, 1);
  deliver(0, 2);
  EXPECT_EQ(ledger.verdict().refused, 1U);
  expect_violations(0);
}

TEST_F(Direct, CountsFromTheBaseOfTheStream) {
  ledger.begin(41);
  const std::uint32_t number = send();
  ack(number, 42);
  deliver(number, 42);
  expect_violations(0);
  deliver(number, 41);
  EXPECT_EQ(ledger.verdict().unexpected, 1U);
}

TEST_F(Direct, JumpAtTheBeginningIsAGap) {
  const std::uint32_t number = send();
  ack(number, 2);
  deliver(number, 2);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
  expect_violations(1);
}

TEST_F(Direct, HoleOfSeveralSeqsIsOneGap) {
  exchange(2);
  const std::uint32_t number = send();
  ack(number, 9);
  deliver(number, 9);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
}

TEST_F(Direct, TwoMessagesUnderOneSeqAreUnexpected) {
  exchange(2);
  const std::uint32_t number = send();
  ack(number, 3);
  deliver(number, 2);
  EXPECT_EQ(ledger.verdict().unexpected, 1U);
  EXPECT_EQ(ledger.verdict().lost, 0U);
}

TEST_F(Direct, TwoAcksWithOneSeqAreUnexpected) {
  exchange(2);
  ack(send(), 2);
  EXPECT_EQ(ledger.verdict().unexpected, 1U);
}

TEST_F(Direct, UnsentMessageIsUnexpected) {
  exchange(1);
  ledger.delivered(kReader, {0, 7, 2});  // no such number
  ledger.delivered(kReader, {1, 0, 2});  // another sender
  ledger.delivered(0, {0, 0, 1});        // back to its sender
  deliver(0, 0);                         // seqs that no stream has
  deliver(0, -1);
  deliver(0, 2'000'000'000'000);
  ledger.acked(9, 1);
  EXPECT_EQ(ledger.verdict().unexpected, 7U);
  expect_violations(7);
}

TEST_F(Direct, ConflictsAndFailuresAreViolations) {
  ledger.conflicting(send());
  ledger.failed(send());
  EXPECT_TRUE(ledger.settled());
  EXPECT_EQ(ledger.verdict().conflicts, 1U);
  EXPECT_EQ(ledger.verdict().failed, 1U);
  expect_violations(2);
}

// A stream whose base is not known in advance.
class Anywhere : public Direct {
 protected:
  Anywhere() { ledger.begin_anywhere(); }
};

TEST_F(Anywhere, TakesItsBaseFromTheFirstSeqSeen) {
  for (int i = 0; i < 3; ++i) send();
  ack(1, 502);
  for (const std::uint32_t number : {0U, 1U, 2U}) deliver(number, 501 + number);
  ack(0, 501);
  ack(2, 503);
  EXPECT_TRUE(ledger.settled());
  expect_violations(0);
}

TEST_F(Anywhere, HoleAfterTheFirstSeqIsAGap) {
  for (int i = 0; i < 3; ++i) send();
  deliver(0, 501);
  deliver(2, 503);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
  expect_violations(1);
}

TEST_F(Anywhere, AckedFirstMessageIsMissed) {
  for (int i = 0; i < 2; ++i) send();
  ack(0, 501);
  deliver(1, 502);
  EXPECT_EQ(ledger.verdict().lost, 1U);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
}

// Three members, all of whom write.
class Group : public ::testing::Test {
 protected:
  std::uint32_t send(std::size_t from, Seq seq) {
    const std::uint32_t number = ledger.sent(from, start);
    ledger.acked(number, seq);
    return number;
  }
  void deliver(std::size_t to, std::size_t from, std::uint32_t number, Seq seq) {
    ledger.delivered(to, {from, number, seq});
  }

  Ledger ledger{3};
  const base::SteadyTime start{};
};

TEST_F(Group, OwnMessagesAreNoGaps) {
  for (Seq seq = 1; seq <= 9; ++seq) {
    const auto from = static_cast<std::size_t>(seq % 3);
    const std::uint32_t number = send(from, seq);
    for (std::size_t to = 0; to < 3; ++to) {
      if (to != from) deliver(to, from, number, seq);
    }
  }
  EXPECT_TRUE(ledger.settled());
  EXPECT_EQ(ledger.verdict().delivered, 18U);
  EXPECT_EQ(ledger.verdict().violations(), 0U);
}

TEST_F(Group, OwnUnackedMessageIsNoGapIfOthersHaveIt) {
  const std::uint32_t own = ledger.sent(0, start);
  ledger.given_up(own);
  deliver(1, 0, own, 1);
  deliver(2, 0, own, 1);
  const std::uint32_t next = send(1, 2);
  deliver(0, 1, next, 2);
  deliver(2, 1, next, 2);
  EXPECT_EQ(ledger.verdict().violations(), 0U);
  EXPECT_EQ(ledger.verdict().recovered, 1U);
}

TEST_F(Group, LostIsCountedForEachMemberThatMissesIt) {
  send(0, 1);
  EXPECT_EQ(ledger.verdict().lost, 2U);
  deliver(1, 0, 0, 1);
  EXPECT_EQ(ledger.verdict().lost, 1U);
  EXPECT_FALSE(ledger.settled());
  deliver(2, 0, 0, 1);
  EXPECT_EQ(ledger.verdict().lost, 0U);
  EXPECT_TRUE(ledger.settled());
}

TEST_F(Group, GapOfOneMemberIsFoundEvenIfOthersHaveTheMessage) {
  const std::uint32_t first = send(0, 1);
  const std::uint32_t second = send(0, 2);
  deliver(1, 0, first, 1);
  deliver(1, 0, second, 2);
  deliver(2, 0, second, 2);
  EXPECT_EQ(ledger.verdict().gaps, 1U);
  EXPECT_EQ(ledger.verdict().lost, 1U);
}

TEST_F(Group, DifferentMembersMayOvertakeEachOther) {
  const std::uint32_t first = ledger.sent(0, start);
  const std::uint32_t second = ledger.sent(1, start);
  ledger.acked(second, 1);
  ledger.acked(first, 2);
  deliver(1, 0, first, 2);
  deliver(0, 1, second, 1);
  deliver(2, 1, second, 1);
  deliver(2, 0, first, 2);
  EXPECT_EQ(ledger.verdict().violations(), 0U);
}

}  // namespace
}  // namespace chat::client::check
