#include "faults/nemesis/revisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/nemesis/inbox_count.h"
#include "faults/nemesis/judge.h"

namespace chat::test::nemesis {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kAuthor = 1;
constexpr std::int64_t kReader = 2;

// A message of alice to bob, which is recalled and edited.
class NemesisRevisions : public ::testing::Test {
 protected:
  void SetUp() override {
    number = judge.sent(kAuthor, false, kReader, Clock::now());
    judge.acked(number, 1, Clock::now());
  }
  Revision edit(int edits, int attempts = 1) {
    const Revision revision{number, Revisions::edited_text(judge.text_of(number), edits), "c",
                            attempts};
    judge.revisions().asked(revision);
    return revision;
  }
  Revision recall() {
    const Revision revision{number, std::nullopt, "c", 1};
    judge.revisions().asked(revision);
    return revision;
  }
  StoredMessage row(const std::string& text, const Json& extra = Json::object()) const {
    return {stream, 1, kAuthor, judge.cid_of(number), text, "", extra};
  }
  StoredMessage event(std::int64_t seq, const std::string& kind, const std::string& text) const {
    return {stream, seq, kAuthor, "~" + std::to_string(seq), text, kind, {{"ref", 1}}};
  }
  std::string first_violation(const std::vector<StoredMessage>& rows) {
    judge.compare_with_tables(rows, {});
    return judge.violations().empty() ? "" : judge.violations().front();
  }

  const Stream stream{false, kReader, kAuthor};
  Judge judge{"run"};
  std::size_t number = 0;
};

TEST_F(NemesisRevisions, AcceptTheLastConfirmedText) {
  judge.revisions().confirmed(edit(1));
  const Revision last = edit(2);
  judge.revisions().confirmed(last);
  EXPECT_THAT(
      first_violation({row(*last.text), event(2, "edit", judge.text_of(number) + ", edit 1"),
                       event(3, "edit", *last.text)}),
      IsEmpty());
}

TEST_F(NemesisRevisions, FindATextThatWasNotReplaced) {
  const Revision only = edit(1);
  judge.revisions().confirmed(only);
  EXPECT_THAT(first_violation({row(judge.text_of(number)), event(2, "edit", *only.text)}),
              HasSubstr("is stored as"));
}

TEST_F(NemesisRevisions, FindAnEditThatWasRefused) {
  const Revision only = edit(1);
  judge.revisions().refused(only);
  EXPECT_THAT(first_violation({row(*only.text), event(2, "edit", *only.text)}),
              HasSubstr("is stored as"));
}

TEST_F(NemesisRevisions, AcceptEitherTextAfterARefusedRepetition) {
  const Revision only = edit(1, 2);
  judge.revisions().refused(only);
  EXPECT_THAT(first_violation({row(*only.text), event(2, "edit", *only.text)}), IsEmpty());
}

TEST_F(NemesisRevisions, AcceptARecallThatWasNotAnswered) {
  recall();
  EXPECT_THAT(first_violation({row("", {{"recalled", 5}}), event(2, "recall", "r")}), IsEmpty());
}

TEST_F(NemesisRevisions, FindTextsOfRecalledMessages) {
  const Revision only = edit(1);
  judge.revisions().confirmed(only);
  judge.revisions().confirmed(recall());
  const Json recalled{{"recalled", 5}};
  EXPECT_THAT(first_violation({row("", recalled), event(2, "edit", ""), event(3, "recall", "r")}),
              IsEmpty());
  EXPECT_THAT(
      first_violation({row("", recalled), event(2, "edit", *only.text), event(3, "recall", "r")}),
      HasSubstr("shows"));
}

TEST_F(NemesisRevisions, FindEventsThatAreStoredTwice) {
  judge.revisions().confirmed(recall());
  EXPECT_THAT(first_violation(
                  {row("", {{"recalled", 5}}), event(2, "recall", "r"), event(3, "recall", "r")}),
              HasSubstr("twice"));
}

TEST_F(NemesisRevisions, FindPushesOfTextsThatNobodyAskedFor) {
  Json push{{"msgid", 6}, {"id", kAuthor}, {"toid", kReader}, {"seq", 2},
            {"msg", "x"}, {"ref", 1},      {"cid", "~"},      {"kind", "edit"}};
  judge.pushed(kReader, push, false);
  EXPECT_EQ(judge.violations().size(), 1U);
  push["msg"] = *edit(1).text;
  judge.pushed(kReader, push, false);
  EXPECT_EQ(judge.violations().size(), 1U);
}

TEST_F(NemesisRevisions, FindEventsThatAreNotPushed) {
  const Time told = Clock::now();
  judge.pushed(kReader,
               {{"msgid", 6},
                {"id", kAuthor},
                {"toid", kReader},
                {"seq", 1},
                {"msg", judge.text_of(number)},
                {"cid", judge.cid_of(number)}},
               true);
  EXPECT_TRUE(judge.has_everything(kReader));
  judge.revised(recall(), 2, told);
  EXPECT_FALSE(judge.has_everything(kReader));
  const milliseconds bound{10};
  EXPECT_FALSE(judge.overdue(kReader, told, told + bound, bound));
  EXPECT_TRUE(judge.overdue(kReader, told, told + 2 * bound, bound));
  judge.pushed(kReader,
               {{"msgid", 6},
                {"id", kAuthor},
                {"toid", kReader},
                {"seq", 2},
                {"msg", "r"},
                {"ref", 1},
                {"cid", "~"},
                {"kind", "recall"}},
               true);
  EXPECT_TRUE(judge.has_everything(kReader));
  EXPECT_THAT(judge.violations(), IsEmpty());
}

Json text_in_tea(std::int64_t sender, std::int64_t seq, const Json& more = Json::object()) {
  Json message{{"msgid", 10}, {"id", sender}, {"groupid", 9}, {"seq", seq}, {"ts", seq}};
  message.update(more);
  return message;
}

TEST(NemesisInboxCount, ComparesCountsAndPosition) {
  const Rows history{text_in_tea(kReader, 1), text_in_tea(kAuthor, 2),
                     text_in_tea(kReader, 3, {{"at", {kAuthor}}}),
                     text_in_tea(kReader, 4, {{"kind", "edit"}}), text_in_tea(kReader, 5)};
  const auto difference = [&](const Json& changes) {
    Json item{{"last", history.back()}, {"unread", 2}, {"mentions", 1}, {"read_seq", 2}};
    item.update(changes);
    return difference_of_item(kAuthor, {true, 9}, item, history, 4);
  };
  EXPECT_THAT(difference(Json::object()), IsEmpty());
  EXPECT_THAT(difference({{"unread", 3}}), HasSubstr("unread are 2"));
  EXPECT_THAT(difference({{"mentions", 0}}), HasSubstr("mentions 1"));
  EXPECT_THAT(difference({{"last", history.front()}}), HasSubstr("the last message"));
  EXPECT_THAT(difference({{"read_seq", 1}, {"unread", 2}}), HasSubstr("from 2 to 4"));
  EXPECT_THAT(difference({{"read_seq", 5}, {"unread", 0}, {"mentions", 0}}), HasSubstr("to 4"));
  EXPECT_THAT(difference({{"read_seq", 3}, {"unread", 1}, {"mentions", 0}}), IsEmpty());
}

}  // namespace
}  // namespace chat::test::nemesis
