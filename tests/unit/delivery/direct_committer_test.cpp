#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "delivery/journal/batch.h"
#include "delivery/journal/journal.h"
#include "fake_stores.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

using protocol::Errno;

constexpr UserId kCarol{3};

DirectEntry direct_entry(const std::string& cid, const std::string& body = "text", UserId to = kBob,
                         SessionEpoch epoch = 1) {
  DirectEntry made;
  made.message.recipient = to;
  made.message.sender = kAlice;
  made.message.cid = cid;
  made.message.body = body;
  made.sender_epoch = epoch;
  return made;
}

class DirectCommitterTest : public testing::Test {
 protected:
  std::vector<DirectEntry> commit(std::vector<DirectEntry> entries) {
    committer_.commit(entries);
    return entries;
  }
  DirectEntry commit_one(DirectEntry one) { return commit({std::move(one)}).front(); }

  static std::vector<Seq> seqs(const std::vector<DirectEntry>& entries) {
    std::vector<Seq> all;
    for (const auto& item : entries) all.push_back(item.refusal ? -1 : item.message.seq);
    return all;
  }
  // The stored bodies of a stream; checks that its seqs have no gaps or repeats.
  std::vector<std::string> stored(UserId to = kBob) {
    std::vector<std::string> bodies;
    Seq expected = 0;
    for (const auto& row : store_.streams[{to, kAlice}]) {
      EXPECT_EQ(row.seq, ++expected);
      bodies.push_back(row.body);
    }
    return bodies;
  }

  FakeDirectStore store_;
  test::FakeClock clock_;
  ContactNews contact_news_;
  DirectCommitter committer_{store_, contact_news_, clock_};
};

using Bodies = std::vector<std::string>;

// The refusal may end the session, and then nothing of it may be stored.
TEST_F(DirectCommitterTest, RefusalOfWhatMayBeOnItsWayWaitsUntilThatCannotArrive) {
  store_.outcomes.assign(kAttemptsMax, {.error = ErrorCode::kOutcomeUnknown});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(commit_one(direct_entry("a", "1")).refusal);
  EXPECT_GE(std::chrono::steady_clock::now() - began, UserLooks::kHolds);
}

// It is retried later, and meanwhile the batch ends, after which bob's block may be acknowledged.
TEST_F(DirectCommitterTest, BatchEndsAfterWhatIsPutOffCannotArriveAnyMore) {
  store_.outcomes = {{.error = ErrorCode::kOutcomeUnknown}};
  store_.locked = {{kBob, kAlice}};
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(commit_one(direct_entry("a", "1")).lock_in_way);
  EXPECT_GE(std::chrono::steady_clock::now() - began, UserLooks::kHolds);
}

TEST_F(DirectCommitterTest, RepeatToADeletedAccountIsAcknowledgedAndNothingElse) {
  commit({direct_entry("a", "1")});
  auto again = direct_entry("a", "1");
  again.only_repeats = true;
  EXPECT_EQ(commit_one(again).message.seq, 1);
  auto other = direct_entry("b", "2");
  other.only_repeats = true;
  const auto refused = commit_one(other).refusal;
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errno::kNotFound);
  EXPECT_EQ(stored(), Bodies{"1"});
}

// bob blocks alice while her message is on its way.
TEST_F(DirectCommitterTest, WhatMayBeStoredIsNotRefusedForGood) {
  commit({direct_entry("a", "1")});
  store_.outcomes = {{.error = ErrorCode::kOutcomeUnknown}};
  store_.on_append = [this](storage::DirectRows) {
    store_.contact_revs[kBob] = 1;
    store_.rights[{kBob, kAlice}] = storage::ChatRight::kNo;
    clock_.advance(UserLooks::kMaxAge);
  };
  const auto entry = commit_one(direct_entry("b", "2"));
  ASSERT_TRUE(entry.refusal);
  EXPECT_EQ(entry.refusal->code, Errno::kUnavailable);
  auto row = entry.message;  // it arrives
  row.seq = 2;
  store_.put(row);
  EXPECT_EQ(seqs(commit({direct_entry("b", "2")})), std::vector<Seq>{2});
}

TEST_F(DirectCommitterTest, RowsThatCameTooLateAreDecidedAnew) {
  commit({direct_entry("a", "1")});
  EXPECT_EQ(store_.append_by, clock_.boot_now() + UserLooks::kHolds);
  store_.outcomes = {{.error = ErrorCode::kTimeout}};
  store_.newest[kAlice] = 2;  // not known yet
  const auto late = commit_one(direct_entry("b", "2"));
  EXPECT_EQ(late.newer_epoch, 2);
  EXPECT_EQ(stored(), Bodies{"1"});
}

TEST_F(DirectCommitterTest, StoresABatchWithOneAppendAndReadsAStreamOnce) {
  EXPECT_EQ(seqs(commit(
                {direct_entry("a", "1"), direct_entry("b", "2"), direct_entry("c", "3", kCarol)})),
            (std::vector<Seq>{1, 2, 1}));
  EXPECT_EQ(store_.appends, std::vector<std::size_t>{3});
  EXPECT_EQ(store_.looks, 1);
  EXPECT_EQ(seqs(commit({direct_entry("d", "4")})), std::vector<Seq>{3});
  EXPECT_EQ(store_.looks, 1);
  EXPECT_EQ(store_.tail_reads, 0);
  EXPECT_EQ(stored(), (Bodies{"1", "2", "4"}));
}

// Of the uncached streams only those with messages are read.
TEST_F(DirectCommitterTest, LooksUpAllStreamsOfABatchAtOnce) {
  store_.put({kBob, kAlice, 1, "old", 0, "before"});
  std::vector<DirectEntry> entries;
  entries.push_back(direct_entry("old", "before"));
  entries.push_back(direct_entry("new", "after"));
  for (int i = 100; i < 200; ++i) entries.push_back(direct_entry("c", "text", UserId{i}));
  const auto settled = commit(std::move(entries));
  EXPECT_EQ(settled[0].message.seq, 1);
  EXPECT_EQ(settled[1].message.seq, 2);
  for (std::size_t i = 2; i < settled.size(); ++i) EXPECT_EQ(settled[i].message.seq, 1);
  EXPECT_EQ(store_.looks, 1);
  EXPECT_EQ(store_.tail_reads, 1);
  EXPECT_EQ(stored(), (Bodies{"before", "after"}));
}

TEST_F(DirectCommitterTest, LooksUpAStreamAgainForANewLogin) {
  commit({direct_entry("a", "1"), direct_entry("a", "1", kCarol)});
  // Another node has written meanwhile.
  store_.put({kBob, kAlice, 2, "b", 0, "2"});
  store_.newest[kAlice] = 3;
  const auto settled = commit({direct_entry("c", "3", kBob, 3), direct_entry("c", "3", kCarol, 3)});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{3, 2}));
}

TEST_F(DirectCommitterTest, AppendsRowsInKeyOrder) {
  store_.on_append = [](auto rows) {
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), storage::in_key_order));
  };
  commit({direct_entry("a", "1", kCarol), direct_entry("b", "2", kBob),
          direct_entry("c", "3", kCarol)});
  EXPECT_EQ(stored(kCarol), (Bodies{"1", "3"}));
}

class FailureOfAKind : public DirectCommitterTest, public testing::WithParamInterface<ErrorCode> {};

TEST_P(FailureOfAKind, LeavesNoGapAndUsesNoSeqTwice) {
  commit({direct_entry("a", "1")});
  store_.outcomes = {{GetParam(), false}, {GetParam(), false}};
  EXPECT_EQ(seqs(commit({direct_entry("b", "2"), direct_entry("c", "3")})),
            (std::vector<Seq>{2, 3}));
  EXPECT_EQ(seqs(commit({direct_entry("d", "4")})), std::vector<Seq>{4});
  EXPECT_EQ(stored(), (Bodies{"1", "2", "3", "4"}));
}

TEST_P(FailureOfAKind, ThatLastsRefusesAndTheNextMessageTakesTheSeq) {
  commit({direct_entry("a", "1")});
  store_.outcomes.assign(5, {GetParam(), false});
  const auto refused = commit_one(direct_entry("b", "2"));
  ASSERT_TRUE(refused.refusal);
  EXPECT_NE(refused.refusal->code, Errno::kOk);
  store_.outcomes.clear();
  EXPECT_EQ(seqs(commit({direct_entry("c", "3")})), std::vector<Seq>{2});
  EXPECT_EQ(stored(), (Bodies{"1", "3"}));
}

// `busy` is tested separately: the entries wait in the side queue.
INSTANTIATE_TEST_SUITE_P(Kinds, FailureOfAKind,
                         testing::Values(ErrorCode::kConflict, ErrorCode::kTimeout,
                                         ErrorCode::kUnavailable, ErrorCode::kOutcomeUnknown),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST_F(DirectCommitterTest, LostAnswerIsSettledByCids) {
  store_.outcomes = {{ErrorCode::kOutcomeUnknown, true}};
  EXPECT_EQ(seqs(commit({direct_entry("a", "1"), direct_entry("b", "2")})),
            (std::vector<Seq>{1, 2}));
  EXPECT_EQ(seqs(commit({direct_entry("c", "3")})), std::vector<Seq>{3});
  EXPECT_EQ(stored(), (Bodies{"1", "2", "3"}));
}

TEST_F(DirectCommitterTest, LostAnswerBeforeAnOutageIsSettledByTheRetry) {
  store_.outcomes = {{ErrorCode::kOutcomeUnknown, true}};
  store_.on_append = [this](auto) { store_.tail_error = ErrorCode::kUnavailable; };
  commit_one(direct_entry("a", "1"));
  store_.on_append = nullptr;
  store_.tail_error.reset();
  const auto again = commit_one(direct_entry("a", "1"));
  EXPECT_FALSE(again.refusal);
  EXPECT_EQ(again.message.seq, 1);
  EXPECT_EQ(stored(), Bodies{"1"});
}

TEST_F(DirectCommitterTest, RepeatsGetTheFirstSeqAndTime) {
  const auto first =
      commit({direct_entry("a", "1"), direct_entry("a", "1"), direct_entry("b", "2")});
  EXPECT_EQ(seqs(first), (std::vector<Seq>{1, 1, 2}));
  clock_.advance(std::chrono::seconds(5));
  const auto again = commit_one(direct_entry("a", "1"));
  EXPECT_EQ(again.message.seq, 1);
  EXPECT_EQ(again.message.sent_at, first[0].message.sent_at);
  EXPECT_EQ(stored(), (Bodies{"1", "2"}));
}

TEST_F(DirectCommitterTest, CidsAreScopedToTheStream) {
  EXPECT_EQ(seqs(commit({direct_entry("a", "1"), direct_entry("a", "1", kCarol)})),
            (std::vector<Seq>{1, 1}));
  EXPECT_EQ(stored(kBob), Bodies{"1"});
  EXPECT_EQ(stored(kCarol), Bodies{"1"});
}

TEST_F(DirectCommitterTest, CidIsForgottenAfterTheWindow) {
  store_.is_shared = false;
  for (int login = 1; login <= 2; ++login) {
    commit({direct_entry("first" + std::to_string(login), "x", kBob, login)});
    for (int i = 1; i < 64; ++i) {
      commit({direct_entry(std::to_string(login) + "-" + std::to_string(i), "x", kBob, login)});
    }
    const Seq head = 65 * (login - 1) + 64;
    const auto last_in_window =
        commit_one(direct_entry("first" + std::to_string(login), "x", kBob, login));
    EXPECT_EQ(last_in_window.message.seq, head - 63);
    commit({direct_entry("one-more" + std::to_string(login), "x", kBob, login)});
    // A new login reads the last cids from the table, so the same cids are known.
    const auto known =
        commit_one(direct_entry(std::to_string(login) + "-1", "x", kBob, login + 10));
    EXPECT_EQ(known.message.seq, head - 62);
    // Back to this login's cache for the next round.
    if (login == 2) {
      const auto gone = commit_one(direct_entry("first2", "x", kBob, login));
      EXPECT_EQ(gone.message.seq, head + 2);
    }
  }
}

TEST_F(DirectCommitterTest, CidIsRecognisedInALongStream) {
  const std::string head = "cid ";
  for (Seq seq = 1; seq <= 500; ++seq) {
    commit_one(direct_entry(head + std::to_string(seq)));
    const Seq earlier = std::max<Seq>(1, seq - 63);
    ASSERT_EQ(commit_one(direct_entry(head + std::to_string(earlier))).message.seq, earlier) << seq;
  }
}

TEST_F(DirectCommitterTest, SameCidWithAnotherTextIsAConflict) {
  const auto both =
      commit({direct_entry("a", "1"), direct_entry("a", "other"), direct_entry("b", "2")});
  ASSERT_TRUE(both[1].refusal);
  EXPECT_EQ(both[1].refusal->code, Errno::kConflict);
  EXPECT_EQ(stored(), (Bodies{"1", "2"}));
  EXPECT_TRUE(commit_one(direct_entry("a", "other")).refusal);
}

// What the text was before is not known any more.
TEST_F(DirectCommitterTest, RepeatOfAChangedMessageMayHaveAnyText) {
  storage::DirectMessage changed{kBob, kAlice, 1, "a", 0, "edited"};
  changed.ref = 2;
  storage::DirectMessage event{kBob, kAlice, 2, "~event", 0, "edited"};
  event.kind = "edit";
  store_.put(changed);
  store_.put(event);
  const auto settled = commit({direct_entry("a", "first text"), direct_entry("~event", "edited"),
                               direct_entry("b", "next")});
  EXPECT_EQ(settled[0].message.seq, 1);
  EXPECT_TRUE(settled[0].repeated);
  ASSERT_TRUE(settled[1].refusal) << "an event is no message of the client's";
  EXPECT_EQ(settled[1].refusal->code, Errno::kConflict);
  EXPECT_EQ(settled[2].message.seq, 3);
  EXPECT_FALSE(settled[2].repeated);
}

// The stream was cached before somebody else changed the message.
TEST_F(DirectCommitterTest, BeforeACidIsAConflictItsMessageIsReadAgain) {
  commit_one(direct_entry("a", "1"));
  commit_one(direct_entry("b", "2"));
  storage::DirectMessage& changed = store_.streams[{kBob, kAlice}][0];
  changed.body = "edited";
  changed.ref = 3;
  storage::DirectMessage event{kBob, kAlice, 3, "~event", 0, "edited"};
  event.kind = "edit";
  store_.put(event);
  const int reads = store_.tail_reads;
  const auto again = commit_one(direct_entry("a", "edited"));
  EXPECT_FALSE(again.refusal);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.message.seq, 1);
  EXPECT_EQ(store_.tail_reads, reads + 1);
  const auto conflict = commit_one(direct_entry("b", "other"));
  ASSERT_TRUE(conflict.refusal);
  EXPECT_EQ(conflict.refusal->code, Errno::kConflict);
  EXPECT_EQ(commit_one(direct_entry("c", "3")).message.seq, 4);
}

TEST_F(DirectCommitterTest, ChangedMessageIsReadAgainBeforeOthersOfItsStreamArePlanned) {
  commit_one(direct_entry("a", "1"));
  storage::DirectMessage& changed = store_.streams[{kBob, kAlice}][0];
  changed.body = "edited";
  changed.ref = 2;
  storage::DirectMessage event{kBob, kAlice, 2, "~event", 0, "edited"};
  event.kind = "edit";
  store_.put(event);
  const auto settled = commit({direct_entry("b", "2"), direct_entry("a", "edited")});
  EXPECT_EQ(settled[0].message.seq, 3);
  EXPECT_FALSE(settled[1].refusal);
  EXPECT_TRUE(settled[1].repeated);
  EXPECT_EQ(settled[1].message.seq, 1);
}

// An event row took the next seq: the cached head is behind.
TEST_F(DirectCommitterTest, EventRowOfAnotherWriterIsFoundByTheConflict) {
  commit_one(direct_entry("a", "1"));
  storage::DirectMessage event{kBob, kAlice, 2, "~event", 0, "alice recalled a message"};
  event.kind = "recall";
  store_.put(event);
  EXPECT_EQ(commit_one(direct_entry("b", "2")).message.seq, 3);
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
  EXPECT_EQ(stored(), (Bodies{"1", "alice recalled a message", "2"}));
}

TEST_F(DirectCommitterTest, BadRowFailsOnlyItself) {
  std::vector<DirectEntry> entries;
  Bodies expected;
  for (int i = 0; i < 100; ++i) {
    const bool bad = i == 37 || i == 38 || i == 99;
    const std::string body = bad ? "bad" : std::to_string(i);
    entries.push_back(direct_entry("cid" + std::to_string(i), body));
    if (!bad) expected.push_back(body);
  }
  const auto settled = commit(std::move(entries));
  Seq expected_seq = 0;
  for (const auto& item : settled) {
    EXPECT_EQ(item.refusal.has_value(), item.message.body == "bad");
    if (item.refusal) {
      EXPECT_EQ(item.refusal->code, Errno::kInternal);
    } else {
      EXPECT_EQ(item.message.seq, ++expected_seq);
    }
  }
  EXPECT_EQ(stored(), expected);
}

TEST_F(DirectCommitterTest, EntriesRefusedBeforehandStayRefused) {
  auto refused = direct_entry("b", "2");
  refused.refusal = protocol::Refusal{Errno::kRateLimited, "slow down", {}};
  const auto settled = commit({direct_entry("a", "1"), refused, direct_entry("c", "3")});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{1, -1, 2}));
  EXPECT_EQ(settled[1].refusal->code, Errno::kRateLimited);
  EXPECT_EQ(stored(), (Bodies{"1", "3"}));
}

// Later messages must not be stored before earlier ones, which the sender will resend.
TEST_F(DirectCommitterTest, OutageWhileHalvingRefusesTheRest) {
  int appends = 0;
  const auto outcome = [&appends](ErrorCode code) {
    ++appends;
    return Result<void>(fail(code, "on purpose"));
  };
  std::vector<DirectEntry> made{direct_entry("a"), direct_entry("b"), direct_entry("c"),
                                direct_entry("d")};
  const auto attempt = [&](std::span<DirectEntry* const> part) {
    return outcome(part.size() == 4 ? ErrorCode::kInternal : ErrorCode::kUnavailable);
  };
  const auto key_of = &DirectCommitter::key_of;
  Settlement<DirectEntry, decltype(key_of), decltype(attempt)> settlement(key_of, attempt);
  EXPECT_FALSE(settlement.settle_all(made));
  EXPECT_EQ(appends, 1 + kAttemptsMax) << "the second half is not even tried";
  for (const auto& one : made) {
    ASSERT_TRUE(one.refusal);
    EXPECT_EQ(one.refusal->code, Errno::kUnavailable);
  }
}

// A lock is reported at once and concerns one stream: no other entry waits for it.
TEST_F(DirectCommitterTest, LockedStreamLeavesTheBatchAndItsNeighboursAreStored) {
  store_.locked.insert({kCarol, kAlice});
  std::vector<DirectEntry> entries;
  for (int i = 0; i < 20; ++i) {
    entries.push_back(
        direct_entry("c" + std::to_string(i), std::to_string(i), i % 5 == 2 ? kCarol : kBob));
  }
  const auto settled = commit(std::move(entries));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(settled[static_cast<std::size_t>(i)].lock_in_way, i % 5 == 2) << i;
    EXPECT_FALSE(settled[static_cast<std::size_t>(i)].refusal) << i;
  }
  EXPECT_EQ(stored().size(), 16U);
  EXPECT_EQ(stored(kCarol).size(), 0U);
}

// alice's messages to each of `count` users.
std::vector<DirectEntry> to_each(int count, const std::string& cid) {
  std::vector<DirectEntry> entries;
  for (int i = 0; i < count; ++i) entries.push_back(direct_entry(cid, cid, UserId{100 + i}));
  return entries;
}

// The database may be distant: halving would take a round trip for each part.
TEST_F(DirectCommitterTest, LockedStreamsAreAskedForAndTheirNeighboursStoredAtOnce) {
  commit(to_each(60, "a"));
  for (int i = 10; i < 40; ++i) store_.locked.insert({UserId{100 + i}, kAlice});
  store_.appends.clear();
  const auto settled = commit(to_each(60, "b"));
  for (int i = 0; i < 60; ++i) {
    const auto& entry = settled[static_cast<std::size_t>(i)];
    EXPECT_EQ(entry.lock_in_way, i >= 10 && i < 40) << i;
    EXPECT_FALSE(entry.refusal);
  }
  EXPECT_EQ(store_.appends, (std::vector<std::size_t>{60, 30}));
  EXPECT_EQ(store_.lock_looks, 1);
  EXPECT_EQ(store_.tail_reads, 0) << "nothing of the refused batch was stored";
}

TEST_F(DirectCommitterTest, LockOnTheTableIsEverybodys) {
  commit(to_each(4, "a"));
  store_.outcomes.assign(kAttemptsMax, {ErrorCode::kBusy, false});
  store_.on_append = [this](auto) { store_.lock_error = ErrorCode::kTimeout; };
  for (const auto& entry : commit(to_each(4, "b"))) {
    EXPECT_FALSE(entry.lock_in_way);
    ASSERT_TRUE(entry.refusal);
    EXPECT_EQ(entry.refusal->code, Errno::kBusy);
  }
  EXPECT_EQ(store_.appends.size(), 1U + kAttemptsMax) << "not halved";
}

TEST_F(DirectCommitterTest, OfStreamsInDoubtOnlyWhatCameIsReadAndAllTogether) {
  for (const std::string cid : {"a", "b", "c"}) commit(to_each(40, cid));
  store_.outcomes = {{ErrorCode::kOutcomeUnknown, true}};
  for (const auto& entry : commit(to_each(40, "d"))) EXPECT_EQ(entry.message.seq, 4);
  EXPECT_EQ(store_.tail_reads, 1);
  EXPECT_EQ(store_.tails_read, std::vector<Seq>(40, 3));
  ++store_.connection;
  for (const auto& entry : commit(to_each(40, "e"))) EXPECT_EQ(entry.message.seq, 5);
  EXPECT_EQ(store_.tail_reads, 2);
  EXPECT_EQ(store_.tails_read.back(), 4);
  EXPECT_EQ(commit(to_each(40, "a")).back().message.seq, 1);
}

// Another server stores under the same seq what this one never saw.
TEST_F(DirectCommitterTest, StreamWhoseHeadWasLostIsReadAsAWhole) {
  commit({direct_entry("a", "1")});
  commit({direct_entry("b", "2")});
  store_.streams[{kBob, kAlice}].pop_back();
  store_.put({kBob, kAlice, 2, "other", 0, "from elsewhere"});
  ++store_.connection;
  EXPECT_EQ(seqs(commit({direct_entry("b", "2")})), std::vector<Seq>{3});
  EXPECT_EQ(store_.tails_read, (std::vector<Seq>{0, 2, 0}));
  EXPECT_EQ(stored(), (Bodies{"1", "from elsewhere", "2"}));
}

TEST_F(DirectCommitterTest, RefusedBatchLeavesTheWindowOfCidsWhole) {
  for (int i = 0; i < 127; ++i) commit_one(direct_entry(std::to_string(i)));
  std::vector<DirectEntry> entries;
  for (int i = 127; i < 187; ++i) entries.push_back(direct_entry(std::to_string(i)));
  store_.outcomes.assign(kAttemptsMax, {ErrorCode::kTimeout, false});
  commit(std::move(entries));
  EXPECT_EQ(commit_one(direct_entry("63")).message.seq, 64);
  EXPECT_EQ(commit_one(direct_entry("last")).message.seq, 128);
}

TEST_F(DirectCommitterTest, DeadlockIsNotTakenForALockedStream) {
  store_.outcomes = {{ErrorCode::kBusy, false}};
  const auto settled = commit({direct_entry("a", "1"), direct_entry("b", "2", kCarol)});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{1, 1}));
  EXPECT_FALSE(settled[0].lock_in_way);
  EXPECT_EQ(store_.appends, (std::vector<std::size_t>{2, 2}));
}

TEST_F(DirectCommitterTest, NewLoginReadsTheStreamAgain) {
  commit({direct_entry("a", "1")});
  store_.put({kBob, kAlice, 2, "elsewhere", clock_.unix_millis(), "2"});
  store_.newest[kAlice] = 2;
  const auto settled =
      commit({direct_entry("elsewhere", "2", kBob, 2), direct_entry("c", "3", kBob, 2)});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{2, 3}));
  EXPECT_EQ(stored(), (Bodies{"1", "2", "3"}));
}

// An asynchronous replica has taken over and lacks the newest rows: no seq may be skipped.
TEST_F(DirectCommitterTest, NewConnectionReadsTheStreamsAgain) {
  commit({direct_entry("a", "1"), direct_entry("b", "2"), direct_entry("c", "3", kCarol)});
  store_.streams[{kBob, kAlice}].pop_back();
  store_.streams[{kCarol, kAlice}].clear();
  store_.connection = 2;
  EXPECT_EQ(seqs(commit({direct_entry("d", "4"), direct_entry("e", "5", kCarol)})),
            (std::vector<Seq>{2, 1}));
  EXPECT_EQ(stored(), (Bodies{"1", "4"}));
  EXPECT_EQ(stored(kCarol), Bodies{"5"});
}

// The connection dies between reading the streams and the INSERT, and the next one leads to the
// replica.
TEST_F(DirectCommitterTest, NewConnectionWithinABatchReadsTheStreamsAgain) {
  commit({direct_entry("a", "1"), direct_entry("b", "2")});
  store_.outcomes = {{ErrorCode::kOutcomeUnknown, false}};
  store_.on_append = [this](storage::DirectRows) {
    if (store_.connection == 2) return;
    store_.connection = 2;
    store_.streams[{kBob, kAlice}].pop_back();
  };
  EXPECT_EQ(seqs(commit({direct_entry("c", "3")})), std::vector<Seq>{2});
  EXPECT_EQ(stored(), (Bodies{"1", "3"}));
}

TEST_F(DirectCommitterTest, TwoLoginsInOneBatchLeaveNoGap) {
  store_.is_shared = false;
  const auto settled = commit({direct_entry("a", "1", kBob, 1), direct_entry("b", "2", kBob, 2)});
  EXPECT_EQ(seqs(settled), (std::vector<Seq>{1, 2}));
  EXPECT_EQ(stored(), (Bodies{"1", "2"}));
  EXPECT_EQ(store_.appends.back(), 2U);
}

TEST_F(DirectCommitterTest, TimesNeverDecreaseInAStream) {
  const UnixMillis future = clock_.unix_millis() + 60'000;
  store_.put({kBob, kAlice, 1, "x", future, "from a clock that was ahead"});
  EXPECT_EQ(commit_one(direct_entry("a")).message.sent_at, future);
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(commit_one(direct_entry("b")).message.sent_at, future);
  clock_.advance(std::chrono::seconds(31));
  EXPECT_EQ(commit_one(direct_entry("c")).message.sent_at, clock_.unix_millis());
}

TEST_F(DirectCommitterTest, FailedReadOfAStreamIsRetried) {
  store_.tail_error = ErrorCode::kUnavailable;
  EXPECT_EQ(seqs(commit({direct_entry("a", "1"), direct_entry("b", "2", kCarol)})),
            (std::vector<Seq>{1, 1}));
  EXPECT_EQ(stored(), Bodies{"1"});
}

TEST(StreamCache, KeepsABoundedNumberOfStreams) {
  FakeDirectStore store;
  StreamCache cache(store);
  for (int i = 1; i <= static_cast<int>(StreamCache::kStreamsMax) + 10; ++i) {
    storage::DirectMessage message{UserId{i}, kAlice, 0, "a", 0, "x"};
    ASSERT_EQ(cache.plan(message, 1, 1000), StreamCache::Planned::kNew);
    cache.confirm();
    ASSERT_LE(cache.size(), StreamCache::kStreamsMax);
  }
  // The newest ones were kept.
  const int reads = store.tail_reads;
  storage::DirectMessage message{
      UserId{static_cast<int>(StreamCache::kStreamsMax) + 10}, kAlice, 0, "b", 0, "x"};
  ASSERT_EQ(cache.plan(message, 1, 1000), StreamCache::Planned::kNew);
  EXPECT_EQ(message.seq, 2);
  EXPECT_EQ(store.tail_reads, reads);
}

// Alice's session was taken over on another node, without a report.
TEST_F(DirectCommitterTest, MessageOfAnOlderSessionIsNotStored) {
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
  store_.newest[kAlice] = 2;
  clock_.advance(UserLooks::kMaxAge);
  const auto entries = commit({direct_entry("b", "2"), direct_entry("c", "3", kCarol, 2)});
  ASSERT_TRUE(entries[0].refusal);
  EXPECT_EQ(entries[0].refusal->code, Errno::kUnavailable);
  EXPECT_EQ(entries[0].newer_epoch, 2);
  EXPECT_FALSE(entries[1].refusal);
  EXPECT_EQ(stored(), Bodies{"1"});
  EXPECT_EQ(stored(kCarol), Bodies{"3"});
}

// The database has lost rows: the id may soon be reassigned.
TEST_F(DirectCommitterTest, MessageOfALostSessionIsNotStored) {
  store_.newest[kAlice] = 2;
  EXPECT_EQ(commit_one(direct_entry("a", "1", kBob, 2)).message.seq, 1);
  const auto expect_refused = [this](const std::string& cid) {
    clock_.advance(UserLooks::kMaxAge);
    const DirectEntry entry = commit_one(direct_entry(cid, "2", kBob, 2));
    ASSERT_TRUE(entry.refusal);
    EXPECT_EQ(entry.refusal->code, Errno::kUnavailable);
    EXPECT_EQ(entry.newer_epoch, 0);
  };
  store_.newest[kAlice] = 1;
  expect_refused("b");
  store_.lost.insert(kAlice);
  expect_refused("c");
  EXPECT_EQ(stored(), Bodies{"1"});
}

// The last lookup of the sender precedes its login.
TEST_F(DirectCommitterTest, MessageOfASessionNewerThanTheLookupIsStored) {
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
  store_.newest[kAlice] = 2;
  EXPECT_EQ(seqs(commit({direct_entry("b", "2", kBob, 2)})), std::vector<Seq>{2});
}

// Even after a recent lookup: the newer session's rows cause a conflict.
TEST_F(DirectCommitterTest, KeyConflictForcesASessionLookup) {
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
  store_.newest[kAlice] = 2;
  store_.put({kBob, kAlice, 2, "x", 0, "of the newer session"});
  const DirectEntry late = commit_one(direct_entry("b", "2"));
  ASSERT_TRUE(late.refusal);
  EXPECT_EQ(late.newer_epoch, 2);
  EXPECT_EQ(stored(), (Bodies{"1", "of the newer session"}));
}

TEST_F(DirectCommitterTest, ReadingAStreamForcesASessionLookup) {
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
  store_.newest[kAlice] = 2;
  EXPECT_TRUE(commit_one(direct_entry("b", "2", kCarol)).refusal);
  EXPECT_EQ(stored(kCarol), Bodies{});
}

TEST_F(DirectCommitterTest, FailedSessionLookupStoresNothing) {
  store_.epoch_error = ErrorCode::kInternal;
  EXPECT_TRUE(commit_one(direct_entry("a", "1")).refusal);
  EXPECT_EQ(stored(), Bodies{});
  EXPECT_EQ(commit_one(direct_entry("a", "1")).message.seq, 1);
}

TEST(StreamCache, ForgottenPlanIsNeitherInTheHeadNorInTheCids) {
  FakeDirectStore store;
  StreamCache cache(store);
  storage::DirectMessage message{kBob, kAlice, 0, "a", 0, "x"};
  ASSERT_EQ(cache.plan(message, 1, 1000), StreamCache::Planned::kNew);
  cache.forget();
  message.body = "another text";
  ASSERT_EQ(cache.plan(message, 1, 1000), StreamCache::Planned::kNew);
  EXPECT_EQ(message.seq, 1);
}

// A row written elsewhere that does not count, as an edit, has the n of the row before it.
TEST_F(DirectCommitterTest, EveryMessageCountsOneMoreThanTheHead) {
  const auto head = [this] { return store_.streams[{kBob, kAlice}].back(); };
  commit({direct_entry("a"), direct_entry("b")});
  EXPECT_EQ(head().n, 2);
  store_.put({.recipient = kBob, .sender = kAlice, .seq = 3, .cid = "e", .body = "edit", .n = 2});
  EXPECT_FALSE(commit_one(direct_entry("c")).refusal);
  EXPECT_EQ(head().seq, 4);
  EXPECT_EQ(head().n, 3);
  commit({direct_entry("d")});
  EXPECT_EQ(head().n, 4);
}

}  // namespace
}  // namespace chat::delivery
