// How a batch is settled that the database is slow to refuse.
#include "delivery/journal/batch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <span>
#include <utility>
#include <vector>

#include "delivery/journal/journal.h"

namespace chat::delivery {
namespace {

using protocol::Errno;

// Attempts that fail like this, the first of them once the patience is over.
std::vector<GroupEntry> settle(std::vector<GroupEntry> entries, std::vector<ErrorCode> failures) {
  std::size_t attempts = 0;
  const auto attempt = [&](std::span<GroupEntry* const> /*part*/) -> Result<void> {
    if (attempts == 0) ::poll(nullptr, 0, static_cast<int>(kBatchPatience.count()) + 10);
    if (attempts == failures.size()) return {};
    return fail(failures[attempts++], "scripted");
  };
  (void)Settlement<GroupEntry, decltype(&GroupCommitter::key_of), decltype(attempt)>(
      &GroupCommitter::key_of, attempt)
      .settle_all(entries);
  EXPECT_EQ(attempts, failures.size());
  return entries;
}

GroupEntry one() {
  GroupEntry out;
  out.message.group = {1};
  return out;
}

TEST(LateBatch, AfterAConflictThereIsAnotherAttempt) {
  EXPECT_FALSE(settle({one()}, {ErrorCode::kConflict})[0].refusal);
}

TEST(LateBatch, ALastingConflictIsNotTakenForABadRow) {
  const auto settled = settle({one()}, {ErrorCode::kConflict, ErrorCode::kConflict});
  ASSERT_TRUE(settled[0].refusal);
  EXPECT_EQ(settled[0].refusal->code, Errno::kBusy);
}

// However slow the network is: the database need not be asked again about the streams in the way.
TEST(LateBatch, StreamsKnownToBeLockedAreSetApart) {
  GroupEntry other = one();
  other.message.group = {2};
  std::vector<GroupEntry> entries{one(), other};
  std::size_t attempts = 0;
  const auto attempt = [&](std::span<GroupEntry* const> part) -> Result<void> {
    ++attempts;
    if (attempts > 1) return {};
    ::poll(nullptr, 0, static_cast<int>(kBatchPatience.count()) + 10);
    part.front()->lock_in_way = true;
    return fail(ErrorCode::kBusy, "locked");
  };
  EXPECT_TRUE((Settlement<GroupEntry, decltype(&GroupCommitter::key_of), decltype(attempt)>(
                   &GroupCommitter::key_of, attempt)
                   .settle_all(entries)));
  EXPECT_EQ(attempts, 2u);
  EXPECT_TRUE(entries[0].lock_in_way);
  EXPECT_FALSE(entries[1].refusal);
  EXPECT_FALSE(entries[1].lock_in_way);
}

// It may be the lock of one stream, and all of them get their turn later.
TEST(LateBatch, WhatALockRefusesIsPutOff) {
  GroupEntry other = one();
  other.message.group = {2};
  for (const GroupEntry& entry : settle({one(), other}, {ErrorCode::kBusy})) {
    EXPECT_TRUE(entry.lock_in_way);
    EXPECT_FALSE(entry.refusal);
  }
}

// Its client must send the message again under the same cid, not under a new one.
TEST(LateBatch, WhatMayBeStoredIsNeverRefusedAsIfItWereNot) {
  GroupEntry entry = one();
  entry.in_doubt = true;
  const auto settled = settle({entry}, {ErrorCode::kTimeout});
  ASSERT_TRUE(settled[0].refusal);
  EXPECT_EQ(settled[0].refusal->code, Errno::kUnavailable);
  EXPECT_TRUE(settle({one()}, {ErrorCode::kOutcomeUnknown})[0].in_doubt);
}

}  // namespace
}  // namespace chat::delivery
