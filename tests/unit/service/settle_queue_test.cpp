#include "service/dispatch/settle_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "support/session_rig.h"
#include "support/storage/faulty_database.h"
#include "support/storage/storage_fixture.h"

namespace chat::service {
namespace {

using test::wait_until;

class SettleQueueTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    pair_ = rig_.connect();
  }
  void TearDown() override {
    queue_.stop();
    rig_.stop();
  }
  // Fails `errors` times.
  SettleQueue::Look look(int errors, std::atomic<int>& acted) {
    return [&acted,
            left = errors](storage::Connection& connection) mutable -> Result<SettleQueue::Act> {
      EXPECT_TRUE(connection.in_transaction());
      if (left-- > 0) return fail(ErrorCode::kBusy, "locked");
      return [&acted] { ++acted; };
    };
  }

  test::SessionRig rig_;
  test::SessionRig::Pair pair_;
  storage::FaultyDatabase faulty_{database_};
  storage::Pool pool_{faulty_, {}, base::system_clock()};
  SettleQueue queue_{pool_};
};

TEST_F(SettleQueueTest, ChecksUntilTheOutcomeIsKnownAndActsOnce) {
  std::atomic<int> locked = 0;
  std::atomic<int> free = 0;
  queue_.start();
  queue_.add(*pair_.session, "locked", look(3, locked));
  queue_.add(*pair_.session, "free", look(0, free));
  EXPECT_TRUE(wait_until([&] { return locked == 1; }));
  queue_.stop();
  EXPECT_EQ(locked, 1);
  EXPECT_EQ(free, 1);
}

TEST_F(SettleQueueTest, WaitsForTheDatabase) {
  std::atomic<int> acted = 0;
  faulty_.unreachable = true;
  queue_.start();
  queue_.add(*pair_.session, "first", look(0, acted));
  queue_.add(*pair_.session, "second", look(0, acted));
  EXPECT_FALSE(wait_until([&] { return acted > 0; }, 2 * SettleQueue::kPause));
  faulty_.unreachable = false;
  EXPECT_TRUE(wait_until([&] { return acted == 2; }));
}

TEST_F(SettleQueueTest, CheckIsRepeatedIfItsCommitFails) {
  std::atomic<int> acted = 0;
  faulty_.lose(storage::FaultyDatabase::Loss::kAfterTheEffect, 2);
  queue_.start();
  queue_.add(*pair_.session, "write", look(0, acted));
  EXPECT_TRUE(wait_until([&] { return acted == 1; }));
  EXPECT_EQ(faulty_.losses_left, 0);
}

TEST_F(SettleQueueTest, ThrowingCheckDoesNotStopTheOthers) {
  std::atomic<int> acted = 0;
  std::atomic<int> thrown = 0;
  queue_.start();
  queue_.add(*pair_.session, "throws", [&](storage::Connection&) -> Result<SettleQueue::Act> {
    if (++thrown < 3) throw std::runtime_error("no memory");
    return SettleQueue::Act();
  });
  queue_.add(*pair_.session, "fine", look(0, acted));
  EXPECT_TRUE(wait_until([&] { return acted == 1 && thrown == 3; }));
}

TEST_F(SettleQueueTest, SessionEndsWhenTooManyWait) {
  std::atomic<int> acted = 0;
  for (std::size_t i = 0; i < SettleQueue::kWaitingMax; ++i) {
    queue_.add(*pair_.session, "write", look(0, acted));
  }
  EXPECT_FALSE(pair_.session->ending());
  queue_.add(*pair_.session, "one more", look(0, acted));
  const auto line = pair_.peer->line();
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("\"reason\":\"unavailable\""), std::string::npos) << *line;
}

}  // namespace
}  // namespace chat::service
