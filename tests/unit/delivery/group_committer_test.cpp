#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "delivery/journal/journal.h"
#include "fake_stores.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

using protocol::Errno;

constexpr UserId kStranger{9};
constexpr GroupId kNowhere{77};

GroupEntry entry(const std::string& cid, const std::string& body = "text", GroupId group = kGroup,
                 UserId sender = kAlice) {
  GroupEntry made;
  made.message.group = group;
  made.message.sender = sender;
  made.message.cid = cid;
  made.message.body = body;
  return made;
}

class GroupCommitterTest : public testing::Test {
 protected:
  GroupCommitterTest() {
    store_.groups[kGroup].members = {kAlice, kBob};
    store_.groups[kOther].members = {kAlice};
  }
  std::vector<GroupEntry> commit(std::vector<GroupEntry> entries) {
    committer_.commit(entries);
    return entries;
  }
  static std::vector<Seq> seqs(const std::vector<GroupEntry>& entries) {
    std::vector<Seq> all;
    for (const auto& item : entries) all.push_back(item.refusal ? -1 : item.message.seq);
    return all;
  }
  std::vector<std::string> stored(GroupId group = kGroup) {
    std::vector<std::string> bodies;
    Seq expected = 0;
    for (const auto& row : store_.groups[group].rows) {
      EXPECT_EQ(row.seq, ++expected);
      bodies.push_back(row.body);
    }
    return bodies;
  }

  FakeGroupStore store_;
  test::FakeClock clock_;
  GroupCommitter committer_{store_, clock_};
};

using Bodies = std::vector<std::string>;

TEST_F(GroupCommitterTest, RefusalOfWhatMayBeOnItsWayWaitsUntilThatCannotArrive) {
  store_.commits.assign(kAttemptsMax, {.error = ErrorCode::kOutcomeUnknown});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(commit({entry("a", "1")}).front().refusal);
  EXPECT_GE(std::chrono::steady_clock::now() - began, UserLooks::kHolds);
}

TEST_F(GroupCommitterTest, CommitsWhileWhatWasReadOfTheWritersHolds) {
  commit({entry("a", "1")});
  EXPECT_EQ(store_.commit_by, clock_.boot_now() + UserLooks::kHolds);
  store_.commits = {{.error = ErrorCode::kTimeout}};
  EXPECT_EQ(seqs(commit({entry("b", "2")})), std::vector<Seq>{2});
}

TEST_F(GroupCommitterTest, BatchThatStoresNothingIsNeverTooLate) {
  commit({entry("a", "1")});
  EXPECT_EQ(seqs(commit({entry("a", "1")})), std::vector<Seq>{1});
  EXPECT_EQ(store_.commit_by, base::SteadyTime::max());
}

TEST_F(GroupCommitterTest, RepetitionsAreLookedUpTogether) {
  std::vector<GroupEntry> entries;
  for (int i = 0; i < 100; ++i) entries.push_back(entry("c" + std::to_string(i), "1"));
  commit(entries);
  store_.finds = 0;
  for (GroupEntry& repeated : entries) repeated.message.seq = 0;
  EXPECT_EQ(seqs(commit(entries)).back(), 100);
  EXPECT_EQ(store_.finds, 1);
}

// Other statements may have taken long, with a distant database.
TEST_F(GroupCommitterTest, WritersAreReadAgainBeforeALateCommit) {
  store_.on_insert = [this] { clock_.advance(UserLooks::kHolds / 2); };
  commit({entry("a", "1")});
  EXPECT_EQ(store_.commit_by, clock_.boot_now() + UserLooks::kHolds);
  store_.on_insert = [this] {
    clock_.advance(UserLooks::kHolds / 2);
    store_.newest[kAlice] = 2;
  };
  const auto late = commit({entry("b", "2"), entry("c", "3", kGroup, kBob)});
  EXPECT_EQ(late[0].newer_epoch, 2);
  EXPECT_FALSE(late[1].refusal) << "the others have nothing to do with it";
  EXPECT_EQ(stored(), (Bodies{"1", "3"}));
}

// A distant database takes a round trip for every hundred members.
TEST_F(GroupCommitterTest, OnlySendersAreReadAgainBeforeALateCommit) {
  auto mentions = std::make_shared<Marks>();
  mentions->at = {kBob};
  auto first = entry("a", "1");
  first.marks = mentions;
  store_.on_insert = [this] { clock_.advance(UserLooks::kHolds / 2); };
  commit({first, entry("b", "2")});
  EXPECT_EQ(store_.writer_looks, (std::vector<std::size_t>{2, 1}));
}

TEST_F(GroupCommitterTest, StoresABatchInOneTransactionGroupsAscending) {
  EXPECT_EQ(seqs(commit({entry("a", "1"), entry("b", "2", kOther), entry("c", "3", kGroup, kBob)})),
            (std::vector<Seq>{1, 1, 2}));
  EXPECT_EQ(store_.begins, 1);
  EXPECT_EQ(store_.locks, (std::vector<GroupId>{kOther, kGroup}));
  EXPECT_EQ(store_.inserts, std::vector<std::size_t>{3});
  EXPECT_EQ(store_.finds, 0) << "the database finds repetitions";
  EXPECT_EQ(store_.heads[kGroup], 2);
  EXPECT_EQ(store_.heads[kOther], 1);
  EXPECT_EQ(stored(), (Bodies{"1", "3"}));
}

TEST_F(GroupCommitterTest, StrangersAndMissingGroupsGetTheSameRefusal) {
  const auto settled =
      commit({entry("a", "1", kNowhere), entry("b", "2", kGroup, kStranger), entry("c", "3")});
  ASSERT_TRUE(settled[0].refusal);
  ASSERT_TRUE(settled[1].refusal);
  EXPECT_EQ(settled[0].refusal->code, Errno::kNotFound);
  EXPECT_EQ(settled[1].refusal->code, Errno::kNotFound);
  EXPECT_EQ(settled[0].refusal->message, settled[1].refusal->message);
  EXPECT_FALSE(settled[2].refusal);
  EXPECT_EQ(stored(), Bodies{"3"});
}

TEST_F(GroupCommitterTest, LockedGroupLeavesTheBatchAndItsNeighboursAreStored) {
  store_.locked.insert(kOther);
  const auto settled =
      commit({entry("a", "1", kOther), entry("b", "2"), entry("c", "3", kOther), entry("d", "4")});
  for (const std::size_t i : {0U, 2U}) {
    EXPECT_TRUE(settled[i].lock_in_way);
    EXPECT_FALSE(settled[i].refusal);
  }
  EXPECT_FALSE(settled[1].lock_in_way);
  EXPECT_EQ(store_.begins, 1);
  EXPECT_EQ(stored(), (Bodies{"2", "4"}));
}

// The database may be distant: halving would take a whole transaction for each part.
TEST_F(GroupCommitterTest, GroupsWhoseRowsAreLockedAreAskedForInsteadOfHalving) {
  commit({entry("a", "1"), entry("a", "1", kOther)});
  store_.locked_rows.insert(kOther);
  store_.begins = 0;
  const auto settled = commit({entry("x", "x", kOther), entry("b", "2"), entry("y", "y", kOther)});
  EXPECT_TRUE(settled[0].lock_in_way);
  EXPECT_EQ(settled[1].message.seq, 2);
  EXPECT_TRUE(settled[2].lock_in_way);
  EXPECT_EQ(store_.begins, 2);
}

TEST_F(GroupCommitterTest, RepetitionBesideALockedGroupIsFoundAtOnce) {
  commit({entry("a", "1")});
  store_.locked.insert(kOther);
  store_.begins = 0;
  const auto settled = commit({entry("x", "x", kOther), entry("a", "1"), entry("b", "2")});
  EXPECT_TRUE(settled[0].lock_in_way);
  EXPECT_EQ(settled[1].message.seq, 1);
  EXPECT_EQ(settled[2].message.seq, 2);
  EXPECT_EQ(store_.begins, 2);
}

class GroupFailureOfAKind : public GroupCommitterTest,
                            public testing::WithParamInterface<ErrorCode> {};

TEST_P(GroupFailureOfAKind, LeavesNoGapAndUsesNoSeqTwice) {
  commit({entry("a", "1")});
  store_.commits = {{GetParam(), false}, {GetParam(), false}};
  EXPECT_EQ(seqs(commit({entry("b", "2"), entry("c", "3")})), (std::vector<Seq>{2, 3}));
  EXPECT_EQ(store_.rollbacks, 2);
  EXPECT_EQ(stored(), (Bodies{"1", "2", "3"}));
}

TEST_P(GroupFailureOfAKind, ThatLastsRefusesAndTheNextMessageTakesTheSeq) {
  store_.commits.assign(2 * kAttemptsMax, {GetParam(), false});
  EXPECT_EQ(seqs(commit({entry("a", "1")})), std::vector<Seq>{-1});
  store_.commits.clear();
  EXPECT_EQ(seqs(commit({entry("b", "2")})), std::vector<Seq>{1});
  EXPECT_EQ(stored(), Bodies{"2"});
}

// `busy` is tested separately: the entries wait in the side queue.
INSTANTIATE_TEST_SUITE_P(Kinds, GroupFailureOfAKind,
                         testing::Values(ErrorCode::kConflict, ErrorCode::kTimeout,
                                         ErrorCode::kUnavailable, ErrorCode::kOutcomeUnknown),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST_F(GroupCommitterTest, LostAnswerIsSettledByCids) {
  store_.commits = {{ErrorCode::kOutcomeUnknown, true}};
  EXPECT_EQ(seqs(commit({entry("a", "1"), entry("b", "2")})), (std::vector<Seq>{1, 2}));
  EXPECT_EQ(stored(), (Bodies{"1", "2"}));
}

TEST_F(GroupCommitterTest, FailedBeginIsRetried) {
  store_.begin_error = ErrorCode::kUnavailable;
  EXPECT_EQ(seqs(commit({entry("a", "1")})), std::vector<Seq>{1});
}

// Otherwise one client that goes on repeating would slow down everybody.
TEST_F(GroupCommitterTest, OnlyTheFirstRepetitionMakesABatchCareful) {
  commit({entry("a", "1")});
  commit({entry("a", "1"), entry("b", "2", kGroup, kBob)});
  EXPECT_EQ(store_.rollbacks, 1);
  store_.finds = 0;
  EXPECT_EQ(seqs(commit({entry("a", "1"), entry("c", "3", kGroup, kBob)})),
            (std::vector<Seq>{1, 3}));
  EXPECT_EQ(store_.rollbacks, 1);
  EXPECT_EQ(store_.finds, 1);
}

TEST_F(GroupCommitterTest, RepeatIsRecognisedForEver) {
  const auto first = commit({entry("a", "1"), entry("a", "1"), entry("a", "1", kGroup, kBob)});
  EXPECT_EQ(seqs(first), (std::vector<Seq>{1, 1, 2}));
  for (int i = 0; i < 200; ++i) commit({entry("cid" + std::to_string(i))});
  clock_.advance(std::chrono::hours(1));
  const auto again = commit({entry("a", "1")});
  EXPECT_EQ(again[0].message.seq, 1);
  EXPECT_EQ(again[0].message.sent_at, first[0].message.sent_at);
  EXPECT_EQ(stored().size(), 202U);
}

TEST_F(GroupCommitterTest, SameCidWithAnotherTextIsAConflict) {
  const auto settled = commit({entry("a", "1"), entry("a", "other"), entry("b", "2")});
  ASSERT_TRUE(settled[1].refusal);
  EXPECT_EQ(settled[1].refusal->code, Errno::kConflict);
  EXPECT_EQ(stored(), (Bodies{"1", "2"}));
  EXPECT_EQ(seqs(commit({entry("a", "other")})), std::vector<Seq>{-1});
}

// What the text was before is not known any more.
TEST_F(GroupCommitterTest, RepeatOfAChangedMessageMayHaveAnyText) {
  commit({entry("a", "first text")});
  store_.groups[kGroup].rows[0].body = "";
  store_.groups[kGroup].rows[0].ref = 2;
  const auto settled = commit({entry("a", "first text"), entry("b", "next")});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{1, 2}));
  EXPECT_TRUE(settled[0].repeated);
  EXPECT_FALSE(settled[1].repeated);
}

TEST_F(GroupCommitterTest, MutedMembersAndDismissedGroupsStoreNothing) {
  using storage::GroupRole;
  const UnixMillis now = clock_.unix_millis();
  store_.groups[kGroup].rights[kBob].muted_until = now + 1000;
  EXPECT_EQ(seqs(commit({entry("a", "1", kGroup, kBob), entry("b", "2")})),
            (std::vector<Seq>{-1, 1}));
  store_.groups[kGroup].rights[kBob].muted_until = now;
  EXPECT_EQ(seqs(commit({entry("c", "3", kGroup, kBob)})), (std::vector<Seq>{2}));

  store_.groups[kGroup].muted_until = now + 1000;
  store_.groups[kGroup].rights[kAlice].role = GroupRole::kAdmin;
  EXPECT_EQ(seqs(commit({entry("d", "4", kGroup, kBob), entry("e", "5")})),
            (std::vector<Seq>{-1, 3}));

  store_.groups[kGroup].dismissed = true;
  const auto settled = commit({entry("f", "6")});
  ASSERT_TRUE(settled[0].refusal);
  EXPECT_EQ(settled[0].refusal->code, Errno::kNotAllowed);
}

TEST_F(GroupCommitterTest, StoredMessageIsAcknowledgedWhateverItsSendersRights) {
  commit({entry("a", "1", kGroup, kBob)});
  store_.groups[kGroup].rights[kBob].muted_until = clock_.unix_millis() + 1000;
  EXPECT_EQ(seqs(commit({entry("a", "1", kGroup, kBob)})), (std::vector<Seq>{1}));
  store_.groups[kGroup].members.erase(kBob);
  EXPECT_EQ(seqs(commit({entry("a", "1", kGroup, kBob)})), (std::vector<Seq>{1}));
}

TEST_F(GroupCommitterTest, CountsTextsAndNotEventRows) {
  commit({entry("a", "1")});
  store_.groups[kGroup].rows.push_back(
      {kGroup, 2, kAlice, "event", 1, "alice muted bob", "notice", "{}", {}, 1});
  commit({entry("b", "2")});
  EXPECT_EQ(store_.groups[kGroup].rows.back().seq, 3);
  EXPECT_EQ(store_.groups[kGroup].rows.back().n, 2);
  const auto settled = commit({entry("event", "alice muted bob")});
  ASSERT_TRUE(settled[0].refusal);
  EXPECT_EQ(settled[0].refusal->code, Errno::kConflict) << "a cid of an event is no message's";
}

TEST_F(GroupCommitterTest, MessageOfAnOlderSessionIsNotStored) {
  store_.newest[kAlice] = 2;
  auto newer = entry("b", "newer", kGroup);
  newer.sender_epoch = 2;
  auto older = entry("a", "older", kGroup);
  older.sender_epoch = 1;
  const auto entries = commit({older, newer});
  ASSERT_TRUE(entries[0].refusal);
  EXPECT_EQ(entries[0].refusal->code, Errno::kUnavailable);
  EXPECT_EQ(entries[0].newer_epoch, 2);
  EXPECT_EQ(seqs(entries), (std::vector<Seq>{-1, 1}));
  EXPECT_EQ(stored(), std::vector<std::string>{"newer"});
}

// The database has lost rows.
TEST_F(GroupCommitterTest, MessageOfALostSessionIsNotStored) {
  store_.newest[kAlice] = 1;
  auto lost = entry("a", "lost", kGroup);
  lost.sender_epoch = 2;
  const auto entries = commit({lost});
  ASSERT_TRUE(entries[0].refusal);
  EXPECT_EQ(entries[0].refusal->code, Errno::kUnavailable);
  EXPECT_EQ(entries[0].newer_epoch, 0);
  EXPECT_EQ(stored(), Bodies{});
}

TEST_F(GroupCommitterTest, BadRowFailsOnlyItself) {
  std::vector<GroupEntry> entries;
  for (int i = 0; i < 20; ++i) {
    entries.push_back(
        entry("cid" + std::to_string(i), i == 7 ? "bad" : "fine", i % 2 == 0 ? kGroup : kOther));
  }
  const auto settled = commit(std::move(entries));
  for (std::size_t i = 0; i < settled.size(); ++i) {
    EXPECT_EQ(settled[i].refusal.has_value(), i == 7) << i;
  }
  EXPECT_EQ(stored(kGroup).size(), 10U);
  EXPECT_EQ(stored(kOther).size(), 9U);
}

TEST_F(GroupCommitterTest, TimesNeverDecreaseInAGroup) {
  const UnixMillis future = clock_.unix_millis() + 60'000;
  store_.groups[kGroup].rows.push_back({kGroup, 1, kBob, "x", future, "from another node"});
  EXPECT_EQ(commit({entry("a")})[0].message.sent_at, future);
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(commit({entry("b")})[0].message.sent_at, clock_.unix_millis());
}

}  // namespace
}  // namespace chat::delivery
