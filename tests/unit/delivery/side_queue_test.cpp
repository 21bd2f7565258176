#include "delivery/journal/side_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat/base/log.h"
#include "delivery/journal/journal.h"
#include "fake_stores.h"
#include "support/deadline.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

using protocol::Errno;
using test::wait_until;

GroupEntry group_entry_in(const std::string& cid, GroupId group = kGroup) {
  GroupEntry made;
  made.message.group = group;
  made.message.sender = kAlice;
  made.message.cid = cid;
  made.message.body = cid;
  return made;
}

class SideQueueTest : public testing::Test {
 protected:
  SideQueueTest() {
    store_.groups[kGroup].members = {kAlice};
    store_.groups[kOther].members = {kAlice};
  }
  // The cids of the settled entries.
  std::vector<std::string> commit(std::vector<GroupEntry> entries) {
    queue_.commit(entries);
    return cids_of(entries);
  }
  std::vector<std::string> cids_of(const std::vector<GroupEntry>& entries) {
    std::vector<std::string> cids;
    for (const GroupEntry& one : entries) {
      cids.push_back(one.refusal ? "refused " + one.message.cid : one.message.cid);
      if (one.refusal) refusals_.push_back(*one.refusal);
    }
    return cids;
  }
  // Like the lane, until an entry is settled.
  std::vector<std::string> come_back() {
    std::vector<std::string> cids;
    EXPECT_TRUE(wait_until([&] {
      const auto next = queue_.next_try();
      if (next && std::chrono::steady_clock::now() >= *next) cids = cids_of(queue_.retry());
      return !cids.empty();
    }));
    return cids;
  }

  FakeGroupStore store_;
  test::FakeClock clock_;
  SideQueue<GroupEntry, GroupCommitter> queue_{"test", GroupCommitter(store_, clock_)};
  std::vector<protocol::Refusal> refusals_;
};

using Cids = std::vector<std::string>;

TEST_F(SideQueueTest, WithoutLocksNothingIsHeld) {
  EXPECT_EQ(commit({group_entry_in("a"), group_entry_in("b", kOther)}), (Cids{"a", "b"}));
  EXPECT_FALSE(queue_.next_try());
}

TEST_F(SideQueueTest, LockedStreamWaitsAndKeepsItsOrder) {
  store_.locked.insert(kGroup);
  EXPECT_EQ(commit({group_entry_in("a"), group_entry_in("b", kOther)}), Cids{"b"});
  EXPECT_TRUE(queue_.next_try());
  EXPECT_EQ(commit({group_entry_in("c"), group_entry_in("d", kOther)}), Cids{"d"});
  store_.locked.clear();
  EXPECT_EQ(commit({group_entry_in("e")}), Cids{});
  EXPECT_EQ(come_back(), (Cids{"a", "c", "e"}));
  EXPECT_FALSE(queue_.next_try());
  EXPECT_EQ(commit({group_entry_in("f")}), Cids{"f"});
  Seq seq = 0;
  for (const auto& row : store_.groups[kGroup].rows) EXPECT_EQ(row.seq, ++seq);
  EXPECT_EQ(seq, 4);
}

TEST_F(SideQueueTest, LastingLockIsBusyAfterASecond) {
  store_.locked.insert(kGroup);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(commit({group_entry_in("a"), group_entry_in("b")}), Cids{});
  EXPECT_EQ(come_back(), (Cids{"refused a", "refused b"}));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, std::chrono::milliseconds(900));
  EXPECT_LT(took, test::scaled(std::chrono::milliseconds(1500)));
  for (const auto& refusal : refusals_) {
    EXPECT_EQ(refusal.code, Errno::kBusy);
    EXPECT_TRUE(refusal.retry_after);
  }
  // The stream is known to be locked, so others need not discover it again.
  EXPECT_EQ(commit({group_entry_in("c"), group_entry_in("d", kOther)}), Cids{"d"});
  store_.locked.clear();
  EXPECT_EQ(come_back(), Cids{"c"});
}

// Acks of chats to one target keep the order of the requests.
TEST_F(SideQueueTest, RefusedEntryIsAnsweredAfterWaitingOnes) {
  store_.locked.insert(kGroup);
  GroupEntry refused = group_entry_in("b");
  refused.refusal = protocol::Refusal{Errno::kRateLimited, "slow down", {}};
  std::vector<GroupEntry> batch;
  batch.push_back(group_entry_in("a"));
  batch.push_back(std::move(refused));
  batch.push_back(group_entry_in("c", kOther));
  EXPECT_EQ(commit(std::move(batch)), Cids{"c"});
  store_.locked.clear();
  EXPECT_EQ(come_back(), (Cids{"a", "refused b"}));
}

TEST_F(SideQueueTest, DatabaseFailureIsReportedToTheLane) {
  store_.commits.assign(kAttemptsMax, {ErrorCode::kUnavailable, false});
  EXPECT_EQ(commit({group_entry_in("a")}), Cids{"refused a"});
  EXPECT_TRUE(queue_.failed());
  std::vector<GroupEntry> queued{group_entry_in("b")};
  queue_.refuse(queued);
  ASSERT_TRUE(queued[0].refusal);
  EXPECT_EQ(queued[0].refusal->code, Errno::kUnavailable);
  EXPECT_EQ(commit({group_entry_in("c")}), Cids{"c"});
  EXPECT_FALSE(queue_.failed());
}

// After a failed batch, others are refused without an attempt.
TEST_F(SideQueueTest, RefusedEntriesDoNotEndAnOutage) {
  ASSERT_TRUE(log::configure(log::Level::kWarn, ""));
  store_.commits.assign(kAttemptsMax, {ErrorCode::kUnavailable, false});
  testing::internal::CaptureStderr();
  EXPECT_EQ(commit({group_entry_in("a")}), Cids{"refused a"});
  std::vector<GroupEntry> queued{group_entry_in("b")};
  queue_.refuse(queued);
  EXPECT_EQ(commit(std::move(queued)), Cids{"refused b"});
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::AllOf(testing::HasSubstr("event=journal_refuses lane=test"),
                             testing::Not(testing::HasSubstr("journal_stores_again"))));
  testing::internal::CaptureStderr();
  EXPECT_EQ(commit({group_entry_in("c")}), Cids{"c"});
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("event=journal_stores_again lane=test"));
}

}  // namespace
}  // namespace chat::delivery
