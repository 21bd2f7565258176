// Replies and mentions in the journal.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "delivery/journal/journal.h"
#include "delivery/journal/repetition.h"
#include "support/fake_clock.h"
#include "unit/delivery/fake_stores.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

using protocol::Errno;
using Codes = std::vector<Errno>;

template <typename EntryType>
Codes codes(const std::vector<EntryType>& entries) {
  Codes all;
  for (const auto& item : entries) all.push_back(item.refusal ? item.refusal->code : Errno::kOk);
  return all;
}

GroupEntry in_group(const std::string& cid, Marks marks = {}, const std::string& extra = "") {
  GroupEntry made;
  made.message.group = kGroup;
  made.message.sender = kAlice;
  made.message.cid = cid;
  made.message.body = "text";
  made.message.extra = extra;
  if (!extra.empty()) made.marks = std::make_shared<const Marks>(std::move(marks));
  return made;
}

GroupEntry reply(const std::string& cid, Seq to) {
  Marks marks;
  marks.reply = {.group = kGroup, .recipient = {}, .sender = {}, .seq = to};
  return in_group(cid, std::move(marks), "{\"reply\":" + std::to_string(to) + "}");
}
GroupEntry mention(const std::string& cid, std::vector<UserId> at) {
  Marks marks;
  marks.at = std::move(at);
  return in_group(cid, std::move(marks), "{\"at\":[0]}");
}
GroupEntry mention_all(const std::string& cid, std::vector<UserId> at = {}) {
  Marks marks;
  marks.at = std::move(at);
  marks.at_all = true;
  return in_group(cid, std::move(marks), "{\"at_all\":true}");
}

class GroupMarksTest : public testing::Test {
 protected:
  GroupMarksTest() {
    store_.groups[kGroup].members = {kAlice, kBob};
    store_.groups[kGroup].rights[kAlice].role = storage::GroupRole::kAdmin;
  }
  std::vector<GroupEntry> commit(std::vector<GroupEntry> entries) {
    committer_.commit(entries);
    return entries;
  }
  // As user and seq.
  std::vector<std::pair<std::int32_t, Seq>> mentions() {
    std::vector<std::pair<std::int32_t, Seq>> all;
    for (const auto& row : store_.groups[kGroup].mentions)
      all.emplace_back(row.user.value, row.seq);
    return all;
  }
  using Mentions = std::vector<std::pair<std::int32_t, Seq>>;

  FakeGroupStore store_;
  test::FakeClock clock_;
  GroupCommitter committer_{store_, clock_};
};

TEST_F(GroupMarksTest, OrdinaryMessagesCostNoStatementMore) {
  commit({in_group("a"), in_group("b")});
  EXPECT_EQ(store_.mark_looks, 0);
}

TEST_F(GroupMarksTest, ReplyNeedsAMessageThatItsSenderMayRead) {
  commit({in_group("a"), in_group("b")});
  store_.groups[kGroup].rows.push_back(
      {kGroup, 3, kAlice, "event", 1, "alice muted bob", "notice", "{}", {}, 2});
  EXPECT_EQ(codes(commit({reply("c", 2), reply("d", 99), reply("e", 3)})),
            (Codes{Errno::kOk, Errno::kNotFound, Errno::kNotFound}));
  store_.groups[kGroup].rights[kAlice].joined_seq = 2;
  EXPECT_EQ(codes(commit({reply("f", 2), reply("g", 4)})), (Codes{Errno::kNotFound, Errno::kOk}));
}

TEST_F(GroupMarksTest, ReplyMayBeToAMessageBeforeItInTheSameBatch) {
  EXPECT_EQ(codes(commit({reply("a", 2), in_group("b"), reply("c", 1), reply("d", 2)})),
            (Codes{Errno::kNotFound, Errno::kOk, Errno::kOk, Errno::kOk}));
}

TEST_F(GroupMarksTest, MentionsAreStoredWithTheirMessages) {
  EXPECT_EQ(codes(commit({in_group("a"), mention("b", {kBob, kAlice}), mention("c", {kAlice})})),
            (Codes{Errno::kOk, Errno::kOk, Errno::kOk}));
  EXPECT_EQ(mentions(), (Mentions{{kBob.value, 2}})) << "oneself counts nothing";
}

TEST_F(GroupMarksTest, StrangersCannotBeMentioned) {
  const auto settled = commit({mention("a", {kBob, UserId{9}}), in_group("b")});
  ASSERT_EQ(codes(settled), (Codes{Errno::kNotFound, Errno::kOk}));
  EXPECT_EQ(settled[0].refusal->message, "at: user 9 is not in this group");
  EXPECT_EQ(mentions(), Mentions{});
}

TEST_F(GroupMarksTest, EverybodyIsOneMention) {
  commit({mention_all("a", {kBob})});
  EXPECT_EQ(mentions(), (Mentions{{0, 1}}));
}

TEST_F(GroupMarksTest, NormalMembersCannotMentionEverybody) {
  store_.groups[kGroup].rights[kAlice].role = storage::GroupRole::kNormal;
  EXPECT_EQ(codes(commit({mention_all("a")})), Codes{Errno::kNotAllowed});
}

TEST_F(GroupMarksTest, EverybodyIsMentionedOnceAMinute) {
  EXPECT_EQ(codes(commit({mention_all("a"), mention_all("b")})),
            (Codes{Errno::kOk, Errno::kRateLimited}));
  clock_.advance(std::chrono::milliseconds(59'000));
  GroupCommitter of_another_node(store_, clock_);
  std::vector<GroupEntry> entries;
  entries.push_back(mention_all("b"));
  of_another_node.commit(entries);
  ASSERT_EQ(codes(entries), Codes{Errno::kRateLimited});
  EXPECT_EQ(entries[0].refusal->retry_after, std::chrono::milliseconds(1000));
  clock_.advance(std::chrono::milliseconds(1000));
  EXPECT_EQ(codes(commit({mention_all("b")})), Codes{Errno::kOk});
  EXPECT_EQ(mentions(), (Mentions{{0, 1}, {0, 2}}));
}

TEST_F(GroupMarksTest, RepeatedCidNeedsTheSameMarks) {
  commit({in_group("a")});
  commit({reply("b", 1), mention("c", {kBob})});
  const auto again = commit({reply("b", 1), mention("c", {kBob})});
  EXPECT_EQ(codes(again), (Codes{Errno::kOk, Errno::kOk}));
  EXPECT_EQ(again[1].message.seq, 3);
  EXPECT_EQ(mentions().size(), 1U);
  EXPECT_EQ(codes(commit({reply("a", 1), in_group("b"), reply("b", 2)})),
            (Codes{Errno::kConflict, Errno::kConflict, Errno::kConflict}));
}

TEST_F(GroupMarksTest, StoredMessageIsAcknowledgedThoughItsMarksNoLongerHold) {
  commit({mention("a", {kBob}), mention_all("b")});
  store_.groups[kGroup].members.erase(kBob);
  EXPECT_EQ(codes(commit({mention("a", {kBob}), mention_all("b")})),
            (Codes{Errno::kOk, Errno::kOk}));
}

DirectEntry to_bob(const std::string& cid, Seq reply_to = 0, UserId author = kBob) {
  DirectEntry made;
  made.message.recipient = kBob;
  made.message.sender = kAlice;
  made.message.cid = cid;
  made.message.body = "text";
  made.sender_epoch = 1;
  if (reply_to == 0) return made;
  Marks marks;
  marks.reply = {.group = {},
                 .recipient = author == kAlice ? kBob : kAlice,
                 .sender = author,
                 .seq = reply_to};
  made.message.extra = "{\"reply\":{\"id\":" + std::to_string(author.value) +
                       ",\"seq\":" + std::to_string(reply_to) + "}}";
  made.marks = std::make_shared<const Marks>(std::move(marks));
  return made;
}

class DirectMarksTest : public testing::Test {
 protected:
  DirectMarksTest() {
    storage::DirectMessage row;
    row.recipient = kAlice;
    row.sender = kBob;
    row.seq = 1;
    store_.put(row);
  }
  std::vector<DirectEntry> commit(std::vector<DirectEntry> entries) {
    committer_.commit(entries);
    return entries;
  }

  FakeDirectStore store_;
  test::FakeClock clock_;
  ContactNews contact_news_;
  DirectCommitter committer_{store_, contact_news_, clock_};
};

TEST_F(DirectMarksTest, OrdinaryMessagesCostNoStatementMore) {
  commit({to_bob("a"), to_bob("b")});
  EXPECT_EQ(store_.target_looks, 0);
}

TEST_F(DirectMarksTest, ReplyNeedsAMessageOfTheConversation) {
  commit({to_bob("a")});
  const auto settled =
      commit({to_bob("b", 1, kBob), to_bob("c", 2, kBob), to_bob("d", 1, kAlice), to_bob("e")});
  EXPECT_EQ(codes(settled), (Codes{Errno::kOk, Errno::kNotFound, Errno::kOk, Errno::kOk}));
  EXPECT_EQ(settled[3].message.seq, 4) << "a refused one takes no seq";
  EXPECT_EQ(store_.target_looks, 1) << "one statement for a batch";
}

TEST_F(DirectMarksTest, ReplyMayBeToAMessageBeforeItInTheSameBatch) {
  const auto settled = commit({to_bob("a", 2, kAlice), to_bob("b"), to_bob("c", 1, kAlice),
                               to_bob("d", 2, kAlice), to_bob("e", 2, kBob)});
  EXPECT_EQ(codes(settled),
            (Codes{Errno::kNotFound, Errno::kOk, Errno::kOk, Errno::kOk, Errno::kNotFound}));
  EXPECT_EQ(settled[3].message.seq, 3);
}

TEST_F(DirectMarksTest, RepeatedCidNeedsTheSameReplyWarmAndCold) {
  commit({to_bob("a", 1), to_bob("b")});
  for (const bool cold : {false, true}) {
    if (cold) ++store_.connection;  // everything cached is read again
    EXPECT_EQ(codes(commit({to_bob("a", 1), to_bob("a"), to_bob("b", 1)})),
              (Codes{Errno::kOk, Errno::kConflict, Errno::kConflict}))
        << cold;
  }
}

TEST_F(DirectMarksTest, StoredReplyIsAcknowledgedThoughItsTargetIsGone) {
  commit({to_bob("a", 1)});
  store_.streams[{kAlice, kBob}].clear();
  EXPECT_EQ(codes(commit({to_bob("a", 1), to_bob("b", 1)})), (Codes{Errno::kOk, Errno::kNotFound}));
}

TEST(Repetition, ComparesTextsAndMarksAndIgnoresOtherFields) {
  const auto same = [](const Content& one, const Content& other) {
    EXPECT_EQ(is_repetition(one, other), hash_of_content(one) == hash_of_content(other))
        << one.extra << " " << other.extra;
    return is_repetition(one, other);
  };
  EXPECT_TRUE(same({"a", ""}, {"a", ""}));
  EXPECT_FALSE(same({"a", ""}, {"b", ""}));
  EXPECT_FALSE(same({"a", ""}, {"a", R"({"reply":1})"}));
  EXPECT_FALSE(same({"a", R"({"reply":2})"}, {"a", R"({"reply":1})"}));
  EXPECT_FALSE(same({"a", R"({"at":[1,2]})"}, {"a", R"({"at":[2,1]})"}));
  EXPECT_FALSE(same({"a", R"({"at":[1]})"}, {"a", R"({"at":[1],"at_all":true})"}));
  EXPECT_TRUE(same({"a", R"({"rev":1,"at":[1],"reply":7})"}, {"a", R"({"reply":7,"at":[1]})"}));
  EXPECT_TRUE(same({"a", R"({"rev":1})"}, {"a", ""}));
}

}  // namespace
}  // namespace chat::delivery
