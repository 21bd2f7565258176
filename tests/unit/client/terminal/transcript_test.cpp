#include "client/terminal/transcript/transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <vector>

namespace chat::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr UnixMillis kMinute = 60'000;
constexpr UnixMillis kDay = 24 * 60 * kMinute;
constexpr UnixMillis kNow = 1'796'048'520'000;  // 2026-11-30 14:22 UTC

class FixedClock : public base::Clock {
 public:
  base::SteadyTime now() const override { return {}; }
  UnixMillis unix_millis() const override { return now_; }
  void advance(UnixMillis by) { now_ += by; }

 private:
  UnixMillis now_ = kNow;
};

class TranscriptTest : public ::testing::Test {
 protected:
  TranscriptTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    Event login{event::LoggedIn{}};
    std::get<event::LoggedIn>(login.what).id = {1};
    std::get<event::LoggedIn>(login.what).name = "alice";
    learn({event::GroupCreated{{7}, "Tea", ""}});
    Event bob{event::Registered{{2}, "bob"}};
    learn(bob);
    transcript.show(login);
  }

  void learn(Event event) { names.apply(event); }

  event::Message from_bob(Seq seq, const std::string& text, UnixMillis ts = kNow) {
    event::Message out;
    out.from = {2};
    out.name = "bob";
    out.to = {1};
    out.text = text;
    out.ts = ts;
    out.seq = seq;
    return out;
  }
  event::Message in_tea(Seq seq, const std::string& text) {
    event::Message out = from_bob(seq, text);
    out.to = {};
    out.group = {7};
    out.group_name = "Tea";
    return out;
  }

  static std::vector<std::string> texts(const std::vector<Transcript::Output>& outputs) {
    std::vector<std::string> out;
    for (const auto& each : outputs) out.push_back(each.text);
    return out;
  }
  std::vector<std::string> shown(Event::What what) {
    return texts(transcript.show({std::move(what)}));
  }
  std::string line(Event::What what) {
    const auto all = shown(std::move(what));
    return all.empty() ? "" : all.back();
  }

  NameBook names;
  FixedClock clock;
  Transcript transcript{{.changes_in_place = true}, names, clock};
};

TEST_F(TranscriptTest, MessagesHaveLocalTimeANumberAndTheirPlace) {
  EXPECT_EQ(line(from_bob(1, "hello")), "14:22 [1] bob: hello\n");
  EXPECT_EQ(line(in_tea(1, "all")), "14:22 [2] bob in Tea: all\n");
  transcript.set_current(Target{{}, {7}});
  EXPECT_EQ(line(in_tea(2, "all")), "14:22 [3] bob: all\n");
  EXPECT_EQ(line(from_bob(2, "you")), "14:22 [4] bob (direct): you\n");
  transcript.set_current(Target{{2}, {}});
  EXPECT_EQ(line(from_bob(3, "you")), "14:22 [5] bob: you\n");
}

TEST_F(TranscriptTest, TimesAreOfTheLocalZone) {
  ::setenv("TZ", "Asia/Shanghai", 1);
  ::tzset();
  EXPECT_EQ(line(from_bob(1, "hello")), "22:22 [1] bob: hello\n");
}

TEST_F(TranscriptTest, AnOlderServersTimeIsShownAsSent) {
  event::Message message = from_bob(1, "hello", 0);
  message.time = "2024-05-01 10:00:00";
  EXPECT_THAT(shown(message), ElementsAre("── 2024-05-01 ──\n", "10:00 [1] bob: hello\n"));
}

TEST_F(TranscriptTest, ALineSeparatesDays) {
  EXPECT_THAT(shown(from_bob(1, "old", kNow - kDay)),
              ElementsAre("── Sunday, 29 November 2026 ──\n", "14:22 [1] bob: old\n"));
  EXPECT_THAT(shown(from_bob(2, "older", kNow - kDay)), ElementsAre("14:22 [2] bob: older\n"));
  EXPECT_THAT(shown(from_bob(3, "new")),
              ElementsAre("── Monday, 30 November 2026 ──\n", "14:22 [3] bob: new\n"));
}

TEST_F(TranscriptTest, AMessageOfTwoLinesCannotForgeAnother) {
  const std::string out = line(from_bob(1, "a\x1b[2J\xe2\x80\xae\n14:22 [9] eve: \"forged\""));
  EXPECT_EQ(out, "14:22 [1] bob: a‹1b›[2J‹202e›\n  │ 14:22 [9] eve: \"forged\"\n");
}

TEST_F(TranscriptTest, ANoticeIsNobodysMessage) {
  learn({event::Registered{{4}, "dave left. eve"}});
  event::Message message = in_tea(1, "bob removed dave left. eve");
  message.notice = event::GroupNotice{"removed", {2}, {4}};
  EXPECT_EQ(line(message), "14:22 * Tea: bob removed \"dave left. eve\"\n");
  message.notice->repeat = true;
  EXPECT_THAT(shown(message), IsEmpty());
}

TEST_F(TranscriptTest, TheMarkOfAnOwnMessageChangesInItsLine) {
  const Target bob{{2}, {}};
  const auto typed = transcript.show({event::Sending{bob, "hi", "c1"}});
  ASSERT_EQ(typed.size(), 1U);
  EXPECT_EQ(typed[0].text, "14:22 [1] you to bob ·· hi\n");
  EXPECT_TRUE(typed[0].over_entered_line);
  transcript.printed(typed[0].message, 42);

  const auto stored = transcript.show({event::Sent{bob, 5, kNow, "c1"}});
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].text, "14:22 [1] you to bob ✓  hi\n");
  EXPECT_EQ(stored[0].over, 42U);
  EXPECT_EQ(stored[0].otherwise, "  ✓ [1] is stored\n");
  EXPECT_TRUE(stored[0].if_lost) << "not if the line has scrolled away";

  event::Receipt receipt{"delivered", {2}, {}, 5, "bob", 5};
  EXPECT_THAT(shown(receipt), ElementsAre("14:22 [1] you to bob ✓✓ hi\n"));
  EXPECT_THAT(shown(receipt), IsEmpty());
  receipt.kind = "read";
  const auto read = transcript.show({receipt});
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].over, 42U);
  EXPECT_EQ(read[0].otherwise, "  ✓✓ bob has read [1]\n");
  EXPECT_THAT(shown(receipt), IsEmpty());
}

TEST_F(TranscriptTest, AReceiptConcernsItsConversationUpToItsSeq) {
  for (const char* cid : {"c1", "c2"}) {
    const auto out = transcript.show({event::Sending{{{2}, {}}, cid, cid}});
    transcript.printed(out[0].message, 10);
  }
  transcript.show({event::Sent{{{2}, {}}, 5, kNow, "c1"}});
  transcript.show({event::Sent{{{2}, {}}, 6, kNow, "c2"}});
  EXPECT_THAT(shown(event::Receipt{"read", {3}, {}, 9, "carol", 9}), IsEmpty());
  EXPECT_THAT(shown(event::Receipt{"read", {}, {7}, 9, "", 0}), IsEmpty());
  EXPECT_THAT(shown(event::Receipt{"read", {2}, {}, 5, "bob", 5}), ElementsAre(HasSubstr("c1")));
}

TEST_F(TranscriptTest, ARefusedMessageIsMarked) {
  const auto out = transcript.show({event::Sending{{{2}, {}}, "hi", "c1"}});
  transcript.printed(out[0].message, 10);
  const auto refused =
      shown(event::Refused{"chat", {{2}, {}}, 22, "not_allowed", "not accepted", {}});
  EXPECT_THAT(refused, ElementsAre("14:22 [1] you to bob ✗  hi\n", HasSubstr("not accepted")));
}

TEST_F(TranscriptTest, MarksCanBeLinesOrOff) {
  const auto show_all = [this](MarkStyle marks) {
    Transcript other({.marks = marks, .changes_in_place = true}, names, clock);
    std::string out;
    for (const Event& each : std::vector<Event>{{event::Sending{{{2}, {}}, "hi", "c1"}},
                                                {event::Sent{{{2}, {}}, 5, kNow, "c1"}},
                                                {event::Receipt{"read", {2}, {}, 5, "bob", 5}}}) {
      for (const auto& output : other.show(each)) out += output.text;
    }
    return out;
  };
  EXPECT_EQ(show_all(MarkStyle::kLines), "  ✓ #5 to 2 [1]\n  ✓✓ bob has read up to #5\n");
  EXPECT_EQ(show_all(MarkStyle::kOff), "14:22 [1] you to bob: hi\n");
}

TEST_F(TranscriptTest, ARecalledTextDisappears) {
  const auto out = transcript.show({from_bob(1, "secret")});
  transcript.printed(out[0].message, 7);
  event::Message recall = from_bob(2, "bob recalled a message");
  recall.extras = {.kind = "recall", .ref = 1};
  const auto shown_recall = transcript.show({recall});
  ASSERT_EQ(shown_recall.size(), 2U);
  EXPECT_EQ(shown_recall[0].over, 7U);
  EXPECT_EQ(shown_recall[0].text, "14:22 [1] bob: (recalled)\n");
  EXPECT_EQ(shown_recall[1].text, "14:22 * bob recalled [1]\n");
  EXPECT_EQ(transcript.messages().numbered(1)->text, "");
  // An edit that was sent before cannot bring it back.
  event::Message edit = from_bob(3, "secret again");
  edit.extras = {.kind = "edit", .ref = 1};
  transcript.show({edit});
  EXPECT_EQ(transcript.messages().numbered(1)->text, "");
}

// Prints of which something else shows the text.
TEST_F(TranscriptTest, ARecalledTextDisappearsWhereverItIs) {
  transcript.printed(transcript.show({from_bob(1, "secret")})[0].message, 7);
  event::Message reply = from_bob(2, "yes");
  reply.extras.reply = event::ReplyRef{{2}, 1};
  transcript.printed(transcript.show({reply})[0].message, 8);
  event::Message other = from_bob(3, "no");
  other.extras.reply = event::ReplyRef{{2}, 2};
  transcript.printed(transcript.show({other})[0].message, 9);
  for (const auto& each : transcript.show({event::History{{{2}, {}}, {from_bob(1, "secret")}, ""}}))
    if (each.message != 0) transcript.printed(each.message, 10);
  event::Message edit = from_bob(4, "secret 2");
  edit.extras = {.kind = "edit", .ref = 1};
  for (const auto& each : transcript.show({edit}))
    if (each.copy_of != 0) transcript.copied(each.copy_of, {11, each.instead});
  event::Message recall = from_bob(5, "bob recalled a message");
  recall.extras = {.kind = "recall", .ref = 1};
  std::map<std::uint64_t, std::string> over;
  for (const auto& each : transcript.show({recall})) {
    EXPECT_THAT(each.text, Not(HasSubstr("secret")));
    if (each.over != 0) over[each.over] = each.text;
    EXPECT_EQ(each.erases, each.over != 0);
  }
  const std::string gone = "14:22 [1] bob: (recalled)\n";
  EXPECT_THAT(over,
              ElementsAre(Pair(7, gone), Pair(8, "14:22 [2] bob: ↪ [1] bob: (recalled)\n  │ yes\n"),
                          Pair(10, gone), Pair(11, "14:22 * bob edited [1]\n")));
}

TEST_F(TranscriptTest, ANoteToOneselfIsShownOnce) {
  const Target self{{1}, {}};
  const auto typed = transcript.show({event::Sending{self, "note", "c1"}});
  transcript.printed(typed[0].message, 42);
  event::Message push = from_bob(5, "note");
  push.from = {1};
  push.cid = "c1";
  const auto pushed = transcript.show({push});
  ASSERT_EQ(pushed.size(), 1U);
  EXPECT_EQ(pushed[0].over, 42U) << pushed[0].text;
  EXPECT_EQ(transcript.messages().numbered(1)->seq, 5);
  EXPECT_THAT(shown(event::Sent{self, 5, kNow, "c1"}), IsEmpty());
  EXPECT_EQ(transcript.messages().all().size(), 1U);
}

// The event is pushed to its author, too, before or after the answer.
TEST_F(TranscriptTest, AnEditOfANoteToOneselfIsShownOnce) {
  event::Message note = from_bob(5, "note");
  note.from = {1};
  transcript.show({note});
  const ShownMessage shown_note = *transcript.messages().numbered(1);
  const auto edited = [&note](Seq seq) {
    event::Message out = note;
    out.seq = seq;
    out.extras = {.kind = "edit", .ref = 5};
    return out;
  };
  EXPECT_EQ(transcript.show_own_act(shown_note, 6, edited(6).extras, "note").size(), 1U);
  EXPECT_THAT(shown(edited(6)), IsEmpty());
  EXPECT_EQ(shown(edited(7)).size(), 1U);
  // The typed command repeats the text nevertheless.
  const auto after_push = transcript.show_own_act(shown_note, 7, edited(7).extras, "note");
  ASSERT_EQ(after_push.size(), 1U);
  EXPECT_EQ(after_push[0].text, "");
  EXPECT_EQ(after_push[0].typed, 1);
}

TEST_F(TranscriptTest, AnEditReplacesTheText) {
  transcript.printed(transcript.show({in_tea(1, "helo")})[0].message, 7);
  event::Message edit = in_tea(2, "hello");
  edit.extras = {.kind = "edit", .ref = 1};
  EXPECT_THAT(shown(edit), ElementsAre("14:22 [1] bob in Tea: hello (edited)\n",
                                       "14:22 * bob edited [1] in Tea: hello\n"));
  edit.extras.ref = 99;
  EXPECT_THAT(shown(edit), ElementsAre("14:22 * bob edited an earlier message in Tea: hello\n"));
}

TEST_F(TranscriptTest, AReplyQuotesItsTarget) {
  transcript.show({in_tea(1, "shall we?\nsoon")});
  event::Message reply = in_tea(2, "yes");
  reply.extras.reply = event::ReplyRef{{}, 1};
  EXPECT_EQ(line(reply), "14:22 [2] bob in Tea: ↪ [1] bob: shall we?…\n  │ yes\n");
  reply.seq = 3;
  reply.extras.reply->seq = 77;
  EXPECT_EQ(line(reply), "14:22 [3] bob in Tea: ↪ an earlier message\n  │ yes\n");
}

TEST_F(TranscriptTest, DirectMessagesAndMentionsAlert) {
  const auto alerts = [this](const event::Message& message) {
    return transcript.show({message}).back().alerts;
  };
  EXPECT_TRUE(alerts(from_bob(1, "hi")));
  EXPECT_FALSE(alerts(in_tea(1, "hi")));
  event::Message mention = in_tea(2, "alice?");
  mention.extras.at = {{3}, {1}};
  EXPECT_TRUE(alerts(mention));
  mention.seq = 3;
  mention.extras.at = {{3}};
  EXPECT_FALSE(alerts(mention));
  mention.seq = 4;
  mention.extras.at_all = true;
  EXPECT_TRUE(alerts(mention));
  // Not what is read again.
  for (const auto& each : transcript.show({event::History{{{2}, {}}, {from_bob(1, "hi")}, ""}})) {
    EXPECT_FALSE(each.alerts);
  }
}

TEST_F(TranscriptTest, AMessageShownAgainKeepsItsNumber) {
  EXPECT_EQ(line(from_bob(1, "one")), "14:22 [1] bob: one\n");
  line(from_bob(2, "two"));
  EXPECT_EQ(line(event::History{{{2}, {}}, {from_bob(1, "one")}, ""}), "14:22 [1] bob: one\n");
}

TEST_F(TranscriptTest, AMessageShownAgainKeepsItsMark) {
  const auto out = transcript.show({event::Sending{{{2}, {}}, "hi", "c1"}});
  transcript.show({event::Sent{{{2}, {}}, 5, kNow, "c1"}});
  transcript.show({event::Receipt{"read", {2}, {}, 5, "bob", 5}});
  event::Message again = from_bob(5, "hi");
  again.from = {1};
  again.to = {2};
  EXPECT_EQ(line(event::History{{{2}, {}}, {again}, ""}), "14:22 [1] you ✓✓ hi\n");
}

TEST_F(TranscriptTest, OwnMessagesReadAgainHaveTheMarkOfTheReceiptsSoFar) {
  const auto own = [this](Seq seq, Target to) {
    event::Message out = from_bob(seq, "mine");
    out.from = {1};
    out.to = to.user;
    out.group = to.group;
    return out;
  };
  const auto earlier = [&](Target with) {
    return shown(event::History{with, {own(3, with), own(4, with), own(5, with)}, ""});
  };
  const Target bob{{2}, {}};
  const Target tea{{}, {7}};
  for (const Target& each : {bob, tea}) {
    transcript.show({event::Receipt{"delivered", each.user, each.group, 4, "", 0}});
    transcript.show({event::Receipt{"read", each.user, each.group, 3, "", 0}});
    EXPECT_THAT(earlier(each), ElementsAre(HasSubstr("Earlier"), HasSubstr("✓✓ mine"),
                                           HasSubstr("✓✓ mine"), HasSubstr("✓  mine")));
    ShownMessages& messages = transcript.messages();
    EXPECT_EQ(messages.of(each, {1}, 3)->progress, Progress::kRead);
    EXPECT_EQ(messages.of(each, {1}, 4)->progress, Progress::kDelivered);
  }
  event::LoggedIn other;
  other.id = {3};
  transcript.show({other});
  other.id = {1};
  transcript.show({other});
  EXPECT_THAT(earlier(bob)[1], HasSubstr("✓  mine")) << "of the session before";
}

TEST_F(TranscriptTest, WhoAnswersHasReadWhatCameBefore) {
  const auto own = [this](Seq seq, UnixMillis ts) {
    event::Message out = from_bob(seq, "mine", ts);
    out.from = {1};
    out.to = {2};
    return out;
  };
  event::Message edit = from_bob(9, "edited", kNow + 5);
  edit.extras = {.kind = "edit", .ref = 8};
  EXPECT_THAT(
      shown(event::History{
          {{2}, {}}, {own(1, kNow), from_bob(8, "yes", kNow + 1), own(2, kNow + 2), edit}, ""}),
      ElementsAre(HasSubstr("Earlier"), HasSubstr("✓✓ mine"), HasSubstr("bob: yes"),
                  HasSubstr("✓  mine")));
  // In a group, others may not have read it.
  event::Message in_group = in_tea(1, "mine");
  in_group.from = {1};
  EXPECT_THAT(shown(event::History{{{}, {7}}, {in_group, in_tea(2, "yes")}, ""})[1],
              HasSubstr("✓  mine"));
}

TEST_F(TranscriptTest, AReceiptBeforeItsAnswerCounts) {
  const Target bob{{2}, {}};
  transcript.printed(transcript.show({event::Sending{bob, "hi", "c1"}})[0].message, 42);
  transcript.show({event::Receipt{"read", {2}, {}, 5, "bob", 5}});
  EXPECT_THAT(line(event::Sent{bob, 5, kNow, "c1"}), HasSubstr("✓✓ hi"));
}

TEST_F(TranscriptTest, APartOfTheUnreadMessagesSaysWhatIsLeft) {
  event::History part{.target = {{2}, {}}, .messages = {from_bob(1, "one")}, .cursor = "newer"};
  part.from_first_unread = true;
  part.left_unread = 130;
  EXPECT_THAT(shown(part),
              ElementsAre("Unread with bob:\n", "14:22 [1] bob: one\n",
                          "130 newer unread messages: /more shows them. Writing here marks all as "
                          "read.\n"));
  part.from_first_unread = false;
  part.left_unread = 1;
  EXPECT_EQ(line(part),
            "1 earlier unread message: /more shows older messages. Writing here marks all as "
            "read.\n");
  part.left_unread = 0;
  EXPECT_EQ(line(part), "/more shows older messages.\n");
}

TEST_F(TranscriptTest, APageOfEventsSaysSo) {
  event::Message edit = from_bob(2, "edited");
  edit.extras = {.kind = "edit", .ref = 1};
  EXPECT_THAT(shown(event::History{{{2}, {}}, {edit}, ""}),
              ElementsAre("Earlier with bob:\n", "(only edits and recalls here)\n"));
}

TEST_F(TranscriptTest, TheLastMessageOfAConversationCanBeNamed) {
  transcript.show({from_bob(1, "one")});
  transcript.show({event::Sending{{{2}, {}}, "mine", "c1"}});
  ShownMessages& messages = transcript.messages();
  const Target bob{{2}, {}};
  ASSERT_NE(messages.last(bob, true), nullptr) << "decides, although it is not stored yet";
  EXPECT_EQ(messages.last(bob, true)->seq, 0);
  transcript.show({event::Sent{bob, 1, kNow, "c1"}});
  ASSERT_NE(messages.last(bob, true), nullptr);
  EXPECT_EQ(messages.last(bob, true)->text, "mine");
  EXPECT_EQ(messages.last(bob, false)->text, "one");
  EXPECT_EQ(messages.last(Target{{}, {7}}, false), nullptr);
}

TEST_F(TranscriptTest, TheLastOwnMessageDecidesHoweverItFared) {
  const Target bob{{2}, {}};
  ShownMessages& messages = transcript.messages();
  transcript.show({event::Sending{bob, "one", "c1"}});
  transcript.show({event::Sent{bob, 5, kNow, "c1"}});
  transcript.show({event::Sending{bob, "two", "c2"}});
  event::Message old = from_bob(4, "zero");
  old.from = {1};
  old.to = {2};
  transcript.show({event::History{bob, {old}, ""}});
  ASSERT_NE(messages.last(bob, true), nullptr);
  EXPECT_EQ(messages.last(bob, true)->text, "two") << "what was read again is older";
  event::Refused refused{"chat", bob, 22, "not_allowed", "not accepted", {}};
  refused.cid = "c2";
  transcript.show({refused});
  EXPECT_EQ(messages.last(bob, true)->text, "two");
  EXPECT_EQ(messages.last(bob, true)->progress, Progress::kFailed);
  transcript.show({event::Sending{bob, "three", "c3"}});
  transcript.show({event::Sent{bob, 6, kNow, "c3"}});
  EXPECT_EQ(messages.last(bob, true)->text, "three");
  old.seq = 3;
  transcript.show({event::History{bob, {old}, ""}});
  EXPECT_EQ(messages.last(bob, true)->text, "three");
}

TEST_F(TranscriptTest, ARefusalConcernsItsOwnMessage) {
  const Target bob{{2}, {}};
  transcript.show({event::Sending{bob, "one", "c1"}});
  transcript.show({event::Sending{bob, "two", "c2"}});
  event::Refused refused{"chat", bob, 22, "not_allowed", "not accepted", {}};
  refused.cid = "c2";
  transcript.show({refused});
  EXPECT_EQ(transcript.messages().of_cid("c1")->progress, Progress::kSending);
  EXPECT_EQ(transcript.messages().of_cid("c2")->progress, Progress::kFailed);
}

TEST_F(TranscriptTest, AnotherAccountHasNoMessagesYet) {
  const Target bob{{2}, {}};
  transcript.show({from_bob(1, "one")});
  transcript.silence(bob, true);
  event::LoggedIn again;
  again.id = {1};
  transcript.show({again});
  EXPECT_NE(transcript.messages().numbered(1), nullptr) << "the same account";
  again.id = {3};
  transcript.show({again});
  EXPECT_EQ(transcript.messages().numbered(1), nullptr);
  EXPECT_FALSE(transcript.has_shown(bob));
  const auto out = transcript.show({from_bob(1, "one")});
  EXPECT_TRUE(out.back().alerts);
  EXPECT_EQ(out.back().text, "14:22 [2] bob: one\n") << "1 is still on the screen";
}

TEST_F(TranscriptTest, NumbersBeginAgainAndTheNewestIsMeant) {
  const int most = static_cast<int>(ShownMessages::kMax);
  for (int seq = 1; seq <= most + 1; ++seq) transcript.show({from_bob(seq, "x")});
  EXPECT_EQ(transcript.messages().numbered(1)->seq, most + 1);
  EXPECT_EQ(transcript.messages().numbered(2)->seq, 2);
}

TEST_F(TranscriptTest, NamesHaveTheirOwnColours) {
  Transcript colored({.color = true, .changes_in_place = true}, names, clock);
  event::Message carol = from_bob(1, "x");
  carol.from = {3};
  carol.name = "carol";
  const std::string bobs = colored.show({from_bob(1, "x")})[0].text;
  EXPECT_THAT(bobs, HasSubstr("\x1b[34mbob\x1b[0m"));
  EXPECT_THAT(colored.show({carol})[0].text, HasSubstr("\x1b[35mcarol\x1b[0m"));
  EXPECT_THAT(line(from_bob(9, "x")), Not(HasSubstr("\x1b")));
}

TEST_F(TranscriptTest, FriendsWhoReturnWithTheUserAreNotAnnounced) {
  const auto login = [](const char* bob_is, bool again) {
    event::LoggedIn out;
    out.id = {1};
    out.again = again;
    out.friends = {{{2}, "bob", bob_is}, {{3}, "carol", "offline"}};
    return out;
  };
  const auto online = [this](UserId who) { return line(event::Presence{who, "x", "online"}); };
  transcript.show({login("online", false)});
  transcript.show({login("offline", true)});
  EXPECT_EQ(online({2}), "");
  EXPECT_EQ(online({3}), "x (3) is online.\n") << "was offline before";
  EXPECT_EQ(line(event::Presence{{2}, "x", "offline"}), "x (2) is offline.\n");
  EXPECT_EQ(online({2}), "x (2) is online.\n") << "has left meanwhile";
  transcript.show({login("offline", true)});
  clock.advance(30'000);
  EXPECT_EQ(online({2}), "x (2) is online.\n") << "too late to be the same outage";
}

TEST_F(TranscriptTest, HistoryNamesItsConversationOnce) {
  EXPECT_FALSE(transcript.has_shown({{2}, {}}));
  event::History history{.target = {{2}, {}}, .messages = {from_bob(1, "one")}, .cursor = ""};
  EXPECT_THAT(shown(history), ElementsAre("Earlier with bob:\n", "14:22 [1] bob: one\n"));
  EXPECT_TRUE(transcript.has_shown({{2}, {}}));
  history.target = {{}, {7}};
  history.messages = {in_tea(1, "two")};
  EXPECT_THAT(shown(history), ElementsAre("Earlier in Tea:\n", "14:22 [2] bob: two\n"));
  EXPECT_EQ(line(in_tea(2, "three")), "14:22 [3] bob in Tea: three\n");
  EXPECT_THAT(shown(event::History{.target = {{2}, {}}, .messages = {}, .cursor = ""}),
              ElementsAre("No messages yet.\n"));
}

}  // namespace
}  // namespace chat::client
