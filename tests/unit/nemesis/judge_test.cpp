#include "faults/nemesis/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::test::nemesis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kAlice = 1;
constexpr std::int64_t kBob = 2;
constexpr std::int64_t kTea = 9;

// Every kind of violation, each shown to be found.
class NemesisJudge : public ::testing::Test {
 protected:
  Time at(int ms) const { return begin + milliseconds{ms}; }
  std::size_t to_bob() { return judge.sent(kAlice, false, kBob, at(0)); }
  std::size_t to_tea(int ms = 0) { return judge.sent(kAlice, true, kTea, at(ms)); }
  Json push(std::size_t number, std::int64_t seq) const {
    const Message& message = judge.message(number);
    Json json = {{"msgid", message.stream.group ? 10 : 6},
                 {"id", message.sender},
                 {"msg", judge.text_of(number)},
                 {"cid", judge.cid_of(number)},
                 {"seq", seq}};
    json[message.stream.group ? "groupid" : "toid"] = message.stream.target;
    return json;
  }
  StoredMessage row(std::size_t number, std::int64_t seq) const {
    const Message& message = judge.message(number);
    return {message.stream, seq, message.sender, judge.cid_of(number), judge.text_of(number)};
  }
  void expect_only(const std::string& what) {
    EXPECT_THAT(judge.violations(), ElementsAre(HasSubstr(what)));
  }

  const Time begin = Clock::now();
  Judge judge{"run"};
};

TEST_F(NemesisJudge, AcceptsACorrectRun) {
  judge.joined(kAlice, kTea, at(0));
  judge.joined(kBob, kTea, at(0));
  const std::size_t first = to_bob();
  const std::size_t second = to_bob();
  const std::size_t third = to_tea(1);
  judge.acked(first, 1, at(1));
  judge.pushed(kBob, push(first, 1), true);
  judge.pushed(kBob, push(second, 2), true);
  judge.acked(second, 2, at(2));
  judge.pushed(kBob, push(second, 2), true);  // pushed again
  judge.acked(third, 1, at(2));
  EXPECT_FALSE(judge.has_everything(kBob));
  judge.pushed(kBob, push(third, 1), true);
  EXPECT_TRUE(judge.has_everything(kBob));
  const std::vector<StoredMessage> rows = {row(first, 1), row(second, 2), row(third, 1)};
  judge.compare_with_tables(rows, {{{kBob, kTea}, 0}});
  judge.compare_history(kBob, rows, rows);
  EXPECT_THAT(judge.violations(), IsEmpty());
}

TEST_F(NemesisJudge, FindsAnOverdueMessage) {
  const std::size_t lost = to_bob();
  judge.acked(lost, 1, at(0));
  EXPECT_FALSE(judge.overdue(kBob, at(100), at(1'000), milliseconds{1'000}));
  const auto overdue = judge.overdue(kBob, at(100), at(1'200), milliseconds{1'000});
  ASSERT_TRUE(overdue);
  EXPECT_THAT(*overdue, HasSubstr("user 2 still misses message 0"));
}

TEST_F(NemesisJudge, MessageOnATakenOverSessionIsStillAwaited) {
  const std::size_t message = to_bob();
  judge.pushed(kBob, push(message, 1), false);
  judge.acked(message, 1, at(0));
  EXPECT_FALSE(judge.has_everything(kBob));
}

TEST_F(NemesisJudge, FindsAMessageUnderTwoSeqs) {
  const std::size_t message = to_bob();
  judge.acked(message, 1, at(0));
  judge.acked(message, 2, at(1));
  expect_only("P1: message 0 (1 → 2, sender 1, seq 1) is acknowledged under a second seq, 2");
}

TEST_F(NemesisJudge, FindsTwoMessagesUnderOneSeq) {
  judge.acked(to_bob(), 1, at(0));
  judge.acked(to_bob(), 1, at(0));
  expect_only("P4");
}

TEST_F(NemesisJudge, FindsAHoleInADirectStream) {
  to_bob();
  judge.pushed(kBob, push(to_bob(), 2), true);
  expect_only("misses what is after seq 0");
}

TEST_F(NemesisJudge, FindsReorderingInAGroup) {
  judge.joined(kBob, kTea, at(0));
  const std::size_t first = to_tea();
  judge.pushed(kBob, push(to_tea(), 2), true);
  judge.pushed(kBob, push(first, 1), true);
  expect_only("after seq 2");
}

TEST_F(NemesisJudge, FindsAHoleInAGroupExceptOwnMessages) {
  judge.joined(kBob, kTea, at(0));
  const std::size_t first = to_tea();
  const std::size_t own = judge.sent(kBob, true, kTea, at(0));
  const std::size_t missed = to_tea();
  const std::size_t last = to_tea();
  judge.pushed(kBob, push(first, 1), true);
  judge.pushed(kBob, push(last, 4), true);
  judge.compare_with_tables({row(first, 1), row(own, 2), row(missed, 3), row(last, 4)}, {});
  expect_only("never got seq 3 of group 9");
}

TEST_F(NemesisJudge, FindsAMessageFromBeforeAJoin) {
  const std::size_t before = to_tea();
  judge.acked(before, 1, at(1));
  judge.asked_to_join(kBob, kTea, at(2));
  judge.pushed(kBob, push(before, 1), true);
  expect_only("from before joining");
}

TEST_F(NemesisJudge, FindsAMessageFromBeforeAJoinInTheTable) {
  judge.asked_to_join(kBob, kTea, at(0));
  const std::size_t before = to_tea(1);
  judge.pushed(kBob, push(before, 1), true);
  judge.compare_with_tables({row(before, 1)}, {{{kBob, kTea}, 1}});
  expect_only("joined after seq 1");
}

TEST_F(NemesisJudge, FindsAnAcknowledgedMessageThatIsNotStored) {
  judge.acked(to_bob(), 1, at(0));
  judge.compare_with_tables({}, {});
  expect_only("acknowledged and is not in the table");
}

TEST_F(NemesisJudge, FindsADuplicateRow) {
  const std::size_t message = to_bob();
  judge.compare_with_tables({row(message, 1), row(message, 2)}, {});
  expect_only("stored under a second seq");
}

TEST_F(NemesisJudge, FindsAHoleInTheTable) {
  const std::size_t message = to_bob();
  judge.compare_with_tables({row(message, 2)}, {});
  expect_only("P4: 1 → 2 has seq 2 after 0 in the table");
}

TEST_F(NemesisJudge, FindsUnsentAndChangedMessages) {
  const std::size_t message = to_bob();
  Json changed = push(message, 1);
  changed["msg"] = "something else";
  judge.pushed(kBob, changed, true);
  Json foreign = push(message, 1);
  foreign["cid"] = "other-0";
  judge.pushed(kBob, foreign, true);
  judge.pushed(kAlice, push(message, 1), true);
  EXPECT_THAT(judge.violations(),
              ElementsAre(HasSubstr("changed"), HasSubstr("nobody sent"), HasSubstr("mistake")));
}

TEST_F(NemesisJudge, FindsAMessageMissingFromHistory) {
  const std::size_t first = to_bob();
  const std::size_t second = to_bob();
  judge.compare_history(kBob, {row(first, 1)}, {row(first, 1), row(second, 2)});
  expect_only("user 2 is not shown seq 2");
}

TEST_F(NemesisJudge, FindsADuplicateInHistory) {
  const std::size_t first = to_bob();
  judge.compare_history(kBob, {row(first, 1), row(first, 1)}, {row(first, 1)});
  expect_only("twice");
}

}  // namespace
}  // namespace chat::test::nemesis
