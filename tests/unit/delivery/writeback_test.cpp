#include "delivery/cursors/writeback.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "support/deadline.h"
#include "support/storage/faulty_database.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

using test::wait_until;

using storage::FaultyDatabase;

// Records the reports.
class ReleaseListener final : public WritebackListener {
 public:
  void on_cursors_written(std::span<const storage::CursorMove> moves) override {
    cursors += static_cast<int>(moves.size());
  }
  void on_released(std::span<const UserId> users) override {
    released += static_cast<int>(users.size());
  }
  void on_gone_late(UserId, SessionEpoch) override { ++gone_late; }
  std::atomic<int> cursors = 0;
  std::atomic<int> released = 0;
  std::atomic<int> gone_late = 0;
};

class WritebackTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    group_ = add_group("group", alice_);
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = 1; seq <= 10; ++seq) {
      rows.push_back({alice_, bob_, seq, "c" + std::to_string(seq), 1, "text"});
    }
    ASSERT_TRUE(send(rows));
    run("INSERT INTO node (name, epoch) VALUES ('here', 1)");
    const auto claimed = storage::UserModel(*connection_).claim(alice_, {NodeId{1}, 1}, false);
    ASSERT_TRUE(claimed && *claimed);
    epoch_ = **claimed;
  }
  storage::CursorMove direct(Seq seq) const { return {alice_, bob_, {}, seq}; }
  storage::CursorMove in_group(Seq seq) const { return {alice_, {}, group_, seq}; }
  Seq delivered() { return number("SELECT delivered_seq FROM directcursor"); }
  bool online() {
    return number("SELECT count(*) FROM user WHERE name = 'alice' AND state = 'online'") == 1;
  }

  // The result passed to `then`: whether the newest session was released.
  bool release(UserId user, SessionEpoch epoch) {
    std::promise<bool> told;
    writeback_.release(user, epoch, [&told](bool newest) { told.set_value(newest); });
    return told.get_future().get();
  }

  FaultyDatabase faulty_{database_};
  storage::Pool pool_{faulty_, {}, base::system_clock()};
  Writeback writeback_{pool_};
  UserId alice_;
  UserId bob_;
  GroupId group_;
  SessionEpoch epoch_ = 0;
};

TEST_F(WritebackTest, CoalescesAndKeepsTheHighestPosition) {
  for (Seq seq = 1; seq <= 7; ++seq) writeback_.add({direct(seq)});
  writeback_.add({direct(3), in_group(5)});
  writeback_.start();
  ASSERT_TRUE(wait_until([this] { return delivered() == 7; }));
  EXPECT_EQ(number("SELECT delivered_seq FROM groupuser"), 5);
  EXPECT_EQ(faulty_.commits, 1);
  writeback_.stop();
  EXPECT_EQ(faulty_.commits, 1);
}

TEST_F(WritebackTest, StopWritesTheRest) {
  writeback_.start();
  writeback_.add({direct(4)});
  writeback_.stop();
  EXPECT_EQ(delivered(), 4);
}

TEST_F(WritebackTest, ReleaseWritesCursorsAndStateInOneTransaction) {
  writeback_.add({direct(4)});
  writeback_.start();
  EXPECT_TRUE(release(alice_, epoch_));
  EXPECT_EQ(delivered(), 4);
  EXPECT_FALSE(online());
  EXPECT_EQ(faulty_.commits, 1);
}

TEST_F(WritebackTest, ReleasesOfABurstShareOneTransaction) {
  const auto bob_claimed = storage::UserModel(*connection_).claim(bob_, {NodeId{1}, 1}, false);
  ASSERT_TRUE(bob_claimed && *bob_claimed);
  std::atomic<int> told{0};
  const auto tell = [&told](bool newest) { told += newest ? 1 : 10; };
  writeback_.add({direct(4), {bob_, {}, group_, 3}});
  writeback_.release(alice_, epoch_, tell);
  writeback_.release(bob_, **bob_claimed, tell);
  writeback_.release(bob_, **bob_claimed - 1, tell);
  writeback_.start();
  EXPECT_TRUE(wait_until([&told] { return told == 12; }));
  EXPECT_EQ(number("SELECT count(*) FROM user WHERE state = 'online'"), 0);
  EXPECT_EQ(delivered(), 4);
  EXPECT_EQ(faulty_.commits, 1);
}

TEST_F(WritebackTest, ReleaseDoesNotWaitForOthersCursors) {
  writeback_.start();
  writeback_.add({{bob_, {}, group_, 3}});
  EXPECT_TRUE(release(alice_, epoch_));
  writeback_.stop();
  EXPECT_EQ(faulty_.commits, 2);
}

TEST_F(WritebackTest, FailedReleaseIsRetried) {
  writeback_.start();
  faulty_.failing = true;
  writeback_.add({direct(4)});
  EXPECT_TRUE(release(alice_, epoch_));
  EXPECT_EQ(delivered(), 0);
  EXPECT_TRUE(online());
  writeback_.add({direct(6)});
  ASSERT_TRUE(wait_until([this] { return faulty_.failures >= 3; }));
  EXPECT_TRUE(online());
  faulty_.failing = false;
  EXPECT_TRUE(wait_until([this] { return !online(); }));
  EXPECT_EQ(delivered(), 6);
  writeback_.stop();
}

TEST_F(WritebackTest, StopEndsDuringAnOutage) {
  writeback_.start();
  faulty_.failing = true;
  EXPECT_TRUE(release(alice_, epoch_));
  writeback_.stop();
  EXPECT_TRUE(online());
}

TEST_F(WritebackTest, LateReleaseKeepsANewerSession) {
  writeback_.start();
  faulty_.failing = true;
  EXPECT_TRUE(release(alice_, epoch_));
  ASSERT_TRUE(storage::UserModel(*connection_).claim(alice_, {NodeId{1}, 1}, false));
  faulty_.failing = false;
  writeback_.stop();
  EXPECT_TRUE(online());
  EXPECT_EQ(faulty_.commits, 1);
}

TEST_F(WritebackTest, ReportsANewerSession) {
  ASSERT_TRUE(storage::UserModel(*connection_).claim(alice_, {NodeId{1}, 1}, false));
  writeback_.start();
  EXPECT_FALSE(release(alice_, epoch_));
  EXPECT_TRUE(online());
}

TEST_F(WritebackTest, ReleaseWithALostAnswerIsReportedOnceKnown) {
  for (const auto loss :
       {FaultyDatabase::Loss::kAfterTheEffect, FaultyDatabase::Loss::kBeforeTheEffect}) {
    Writeback writeback(pool_);
    ReleaseListener listener;
    const auto claimed = storage::UserModel(*connection_).claim(alice_, {NodeId{1}, 1}, false);
    ASSERT_TRUE(claimed && *claimed);
    faulty_.lose(loss);
    writeback.start(&listener);
    writeback.add({direct(4)});
    std::promise<bool> told;
    writeback.release(alice_, **claimed, [&told](bool newest) { told.set_value(newest); });
    EXPECT_TRUE(told.get_future().get());
    EXPECT_FALSE(online());
    EXPECT_TRUE(wait_until([&] { return listener.released == 1 && listener.cursors == 1; }));
    EXPECT_EQ(faulty_.losses_left, 0);
    writeback.stop();
  }
}

// Longer than the release is waited for.
TEST_F(WritebackTest, ReleaseWithOnlyLostAnswersIsReportedInTheEnd) {
  ReleaseListener listener;
  faulty_.lose(FaultyDatabase::Loss::kAfterTheEffect, 10);
  writeback_.start(&listener);
  EXPECT_TRUE(release(alice_, epoch_));
  EXPECT_TRUE(wait_until([&] { return listener.released == 1; }));
  EXPECT_FALSE(online());
  writeback_.stop();
}

TEST_F(WritebackTest, LostReleaseOfAnOlderSessionKeepsTheNewer) {
  ASSERT_TRUE(storage::UserModel(*connection_).claim(alice_, {NodeId{1}, 1}, false));
  ReleaseListener listener;
  faulty_.lose(FaultyDatabase::Loss::kAfterTheEffect);
  writeback_.start(&listener);
  EXPECT_FALSE(release(alice_, epoch_));
  EXPECT_TRUE(online());
  writeback_.stop();
  EXPECT_EQ(listener.released, 0);
}

TEST_F(WritebackTest, CursorsSurviveAnOutage) {
  writeback_.start();
  faulty_.failing = true;
  writeback_.add({direct(4)});
  ASSERT_TRUE(wait_until([this] { return faulty_.failures >= 1; }));
  writeback_.add({direct(2)});
  faulty_.failing = false;
  EXPECT_TRUE(wait_until([this] { return delivered() == 4; }));
  writeback_.stop();
}

TEST_F(WritebackTest, ReleasesFromManyThreadsAllArrive) {
  writeback_.start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      for (Seq seq = 1; seq <= 10; ++seq) writeback_.add({direct(seq)});
      if (i == 7) writeback_.release(alice_, epoch_, [](bool) {});
    });
  }
  for (auto& thread : threads) thread.join();
  writeback_.stop();
  EXPECT_EQ(delivered(), 10);
  EXPECT_FALSE(online());
}

}  // namespace
}  // namespace chat::delivery
