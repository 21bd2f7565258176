// Who may write to whom, as the direct lane decides it.
#include "delivery/journal/contact_rules.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "delivery/journal/journal.h"
#include "fake_stores.h"
#include "support/fake_clock.h"
#include "unit/delivery/people.h"

namespace chat::delivery {
namespace {

using protocol::Errno;
using storage::ChatRight;

DirectEntry chat(const std::string& cid, UserId from = kAlice, UserId to = kBob) {
  DirectEntry made;
  made.message.recipient = to;
  made.message.sender = from;
  made.message.cid = cid;
  made.message.body = "text";
  made.sender_epoch = 1;
  return made;
}

class ContactRulesTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { store_.is_shared = GetParam(); }

  std::vector<DirectEntry> commit(std::vector<DirectEntry> entries) {
    EXPECT_TRUE(committer_.commit(entries));
    return entries;
  }
  DirectEntry commit_one(DirectEntry entry) { return commit({std::move(entry)}).front(); }
  std::size_t stored() { return store_.streams[{kBob, kAlice}].size(); }

  // Bob blocks Alice in the table, or ends that.
  void set_right(ChatRight right) {
    store_.rights[{kBob, kAlice}] = right;
    ++store_.contact_revs[kBob];
  }
  // This node, or another one, has changed Bob's row: the lane sees it in its next batch.
  void report() {
    const std::vector<UserId> changed{kBob};
    EXPECT_TRUE(contact_news_.changed(changed));
  }
  static void expect_refused(const DirectEntry& entry, const std::string& why) {
    ASSERT_TRUE(entry.refusal);
    EXPECT_EQ(entry.refusal->code, Errno::kNotAllowed);
    EXPECT_EQ(entry.refusal->message, why);
  }
  static constexpr const char* kNotAccepted = "this user does not accept messages from you";

  FakeDirectStore store_;
  test::FakeClock clock_;
  ContactNews contact_news_;
  DirectCommitter committer_{store_, contact_news_, clock_};
};
INSTANTIATE_TEST_SUITE_P(Stores, ContactRulesTest, testing::Bool(),
                         [](const auto& shared) { return shared.param ? "Shared" : "Unshared"; });

TEST_P(ContactRulesTest, RightsOfUnrestrictedUsersAreNotRead) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(commit_one(chat(std::to_string(i))).refusal);
    EXPECT_FALSE(commit_one(chat(std::to_string(i), kBob, kAlice)).refusal);
  }
  EXPECT_EQ(store_.right_looks, 0);
}

TEST_P(ContactRulesTest, MessageThatIsNotAcceptedIsNotStored) {
  set_right(ChatRight::kNo);
  expect_refused(commit_one(chat("a")), kNotAccepted);
  expect_refused(commit_one(chat("b")), kNotAccepted);
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(store_.right_looks, 1) << "read once while no revision changes";
}

TEST_P(ContactRulesTest, SenderIsToldOfItsOwnBlock) {
  set_right(ChatRight::kOwnBlock);
  expect_refused(commit_one(chat("a")), "you have blocked this user");
}

TEST_P(ContactRulesTest, ReportedChangeBindsTheNextBatch) {
  EXPECT_FALSE(commit_one(chat("a")).refusal);
  set_right(ChatRight::kNo);
  report();
  expect_refused(commit_one(chat("b")), kNotAccepted);
  set_right(ChatRight::kYes);
  report();
  const DirectEntry after = commit_one(chat("c"));
  EXPECT_FALSE(after.refusal);
  EXPECT_EQ(after.message.seq, 2) << "what was refused has used no seq";
  EXPECT_EQ(stored(), 2U);
}

TEST_P(ContactRulesTest, RefusedMessagesOfABatchLeaveNoGap) {
  EXPECT_FALSE(commit_one(chat("a")).refusal);
  set_right(ChatRight::kNo);
  report();
  const auto settled =
      commit({chat("b"), chat("c", kBob, kAlice), chat("d"), chat("e", kAlice, UserId{3})});
  expect_refused(settled[0], kNotAccepted);
  EXPECT_FALSE(settled[1].refusal);
  expect_refused(settled[2], kNotAccepted);
  EXPECT_FALSE(settled[3].refusal);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(ContactRulesTest, StoredCidIsAnsweredWithItsSeqAlthoughBlocked) {
  EXPECT_EQ(commit_one(chat("a")).message.seq, 1);
  set_right(ChatRight::kNo);
  report();
  const auto settled = commit({chat("a"), chat("b")});
  EXPECT_FALSE(settled[0].refusal);
  EXPECT_EQ(settled[0].message.seq, 1);
  expect_refused(settled[1], kNotAccepted);
}

TEST_P(ContactRulesTest, FailedReadOfARightStoresNothing) {
  set_right(ChatRight::kNo);
  store_.rights_error = ErrorCode::kInternal;
  ASSERT_TRUE(commit_one(chat("a")).refusal);
  EXPECT_EQ(stored(), 0U);
  expect_refused(commit_one(chat("a")), kNotAccepted);
}

TEST_P(ContactRulesTest, TooManyReportsCountAsAChangeOfAll) {
  EXPECT_FALSE(commit_one(chat("a")).refusal);
  set_right(ChatRight::kNo);
  const std::vector<UserId> others(ContactNews::kUsersMax + 1, UserId{3});
  EXPECT_TRUE(contact_news_.changed(others));
  expect_refused(commit_one(chat("b")), kNotAccepted);
}

// Another database server has taken over without the newest rows, and the revision was used again.
TEST_P(ContactRulesTest, NewConnectionReadsTheRightsAgain) {
  set_right(ChatRight::kNo);
  expect_refused(commit_one(chat("a")), kNotAccepted);
  store_.rights.clear();
  store_.connection = 2;
  EXPECT_FALSE(commit_one(chat("b")).refusal);
}

class SharedContactRulesTest : public ContactRulesTest {};
INSTANTIATE_TEST_SUITE_P(Stores, SharedContactRulesTest, testing::Values(true));

// Another node has stored the block, and nothing reports it here.
TEST_P(SharedContactRulesTest, ChangeOnAnotherNodeBindsWithinTheAgeOfALookup) {
  EXPECT_FALSE(commit_one(chat("a")).refusal);
  set_right(ChatRight::kNo);
  for (int i = 0; i < 4; ++i) {
    clock_.advance(UserLooks::kMaxAge / 4);
    commit_one(chat("b" + std::to_string(i)));
  }
  expect_refused(commit_one(chat("c")), kNotAccepted);
  EXPECT_LE(stored(), 4U);
}

// A change is acknowledged after its report, so no message may be stored after that.
TEST_P(ContactRulesTest, ReportWaitsForTheRunningBatch) {
  std::future<void> report_done;
  store_.on_append = [&](storage::DirectRows) {
    store_.on_append = nullptr;
    report_done = std::async(std::launch::async, [this] { report(); });
    EXPECT_EQ(report_done.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  };
  commit_one(chat("a"));
  ASSERT_TRUE(report_done.valid());
  report_done.get();
}

// Its messages may still be stored, so the change must not be acknowledged.
TEST(ContactNews, ChangeThatABatchOutlastsIsReported) {
  ContactNews news;
  const std::vector<UserId> changed{UserId{1}};
  EXPECT_TRUE(news.changed(changed, std::chrono::milliseconds{1}));
  (void)news.begin_batch();
  EXPECT_FALSE(news.changed(changed, std::chrono::milliseconds{1}));
  news.end_batch();
  EXPECT_TRUE(news.changed(changed, std::chrono::milliseconds{1}));
  EXPECT_EQ(news.begin_batch().users.size(), 2U) << "the next batch obeys nevertheless";
}

}  // namespace
}  // namespace chat::delivery
