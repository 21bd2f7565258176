#include "chat/cluster/node_lease.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "chat/base/thread.h"
#include "chat/storage/node_model.h"
#include "support/deadline.h"
#include "support/fake_clock.h"
#include "support/storage/faulty_database.h"
#include "support/storage/storage_fixture.h"

namespace chat::cluster {
namespace {

using std::chrono::seconds;
using storage::NodeModel;
using storage::UserModel;

class LeaseNotes final : public NodeListener {
 public:
  void on_nodes_changed() override { ++changes; }
  void on_users_freed(std::vector<UserId> users) override {
    freed += static_cast<int>(users.size());
  }
  void on_nodes_seen(const std::vector<storage::NodeRow>& living) override {
    seen = static_cast<int>(living.size());
  }
  void on_node_ended(const storage::Node& node) override { ended = node.id.value; }
  void on_lease_lost() override { lost = true; }

  std::atomic<int> changes{0};
  std::atomic<int> freed{0};
  std::atomic<int> seen{-1};
  std::atomic<int> ended{0};
  std::atomic<bool> lost{false};
};

// Alice is logged in on a node whose lease is not renewed.
class NodeLeaseTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    dead_ = storage::begin_node(*connection_, "dead").value();
    ASSERT_TRUE(UserModel(*connection_).claim(alice_, dead_, false).value());
    lease_.emplace(faulty_, clock_);
    me_ = lease_->begin({.name = "me"}).value();
    lease_->start(notes_);
    await_first_look();
  }
  void TearDown() override { lease_.reset(); }

  // A look at the rows is detected by its effect: it finds a new node. The first one finds nothing
  // new.
  void add_node() {
    const auto node = storage::begin_node(*connection_, "new " + std::to_string(++last_new_));
    ASSERT_TRUE(node);
    ASSERT_TRUE(storage::NodeModel(*connection_).end(*node));  // it must not be swept
  }
  void await_first_look() {
    ASSERT_TRUE(test::wait_until([&] {
      add_node();
      return notes_.changes > 0;
    }));
  }
  // `count` looks, spaced by the lease's clock.
  void let_look(int times, seconds apart) {
    for (int i = 0; i < times; ++i) {
      clock_.advance(apart);
      const int before = notes_.changes;
      add_node();
      ASSERT_TRUE(test::wait_until([&] { return notes_.changes > before; }));
    }
  }

  storage::FaultyDatabase faulty_{database_};
  test::FakeClock clock_;
  LeaseNotes notes_;
  UserId alice_;
  storage::Node dead_;
  storage::Node me_;
  std::optional<NodeLease> lease_;
  int last_new_ = 0;
};

TEST_F(NodeLeaseTest, SweepsANodeWhoseRowDoesNotChange) {
  let_look(3, seconds(2));
  EXPECT_EQ(notes_.freed, 0);
  let_look(3, seconds(2));
  EXPECT_TRUE(test::wait_until([&] { return notes_.freed == 1; }));
  EXPECT_FALSE((*UserModel(*connection_).find(alice_))->online);
  EXPECT_FALSE(notes_.lost);
}

class LostSweepTest : public NodeLeaseTest,
                      public ::testing::WithParamInterface<storage::FaultyDatabase::Loss> {};
INSTANTIATE_TEST_SUITE_P(BothWays, LostSweepTest,
                         ::testing::Values(storage::FaultyDatabase::Loss::kAfterTheEffect,
                                           storage::FaultyDatabase::Loss::kBeforeTheEffect));

TEST_P(LostSweepTest, SweepWithALostAnswerIsReported) {
  faulty_.lose(GetParam());
  let_look(6, seconds(2));
  EXPECT_TRUE(test::wait_until([&] { return notes_.freed == 1; }));
  EXPECT_EQ(faulty_.losses_left, 0);
  EXPECT_FALSE((*UserModel(*connection_).find(alice_))->online);
}

// While it did not look (during a database outage, or while suspended) rows may have changed.
TEST_F(NodeLeaseTest, BreakInWatchingRestartsTheWatch) {
  let_look(1, seconds(2));
  let_look(1, seconds(60));
  let_look(3, seconds(2));
  EXPECT_EQ(notes_.freed, 0);
  EXPECT_TRUE((*UserModel(*connection_).find(alice_))->online);
}

TEST_F(NodeLeaseTest, IsLostWhenTheEpochIsRaised) {
  EXPECT_TRUE(lease_->held());
  ASSERT_TRUE(storage::begin_node(*connection_, "me"));
  clock_.advance(NodeLease::kRenewInterval);
  EXPECT_TRUE(test::wait_until([&] { return notes_.lost.load(); }));
}

// Another node's report counts only if the table cannot be read.
TEST_F(NodeLeaseTest, HeldLeaseIgnoresAReportOfItsEnd) {
  lease_->note_ended();
  let_look(2, seconds(1));
  EXPECT_FALSE(notes_.lost);
  EXPECT_TRUE(lease_->held());
}

TEST_F(NodeLeaseTest, NotifiesANodeWhoseLifeItHasEnded) {
  let_look(6, seconds(2));
  EXPECT_TRUE(test::wait_until([&] { return notes_.freed == 1; }));
  let_look(1, seconds(1));
  EXPECT_TRUE(test::wait_until([&] { return notes_.ended == dead_.id.value; }));
}

TEST_F(NodeLeaseTest, NotifiesTheLifeThatConflictedWithItsStart) {
  LeaseNotes notes;
  std::atomic<bool> begun{false};
  test::FakeClock clock;
  NodeLease successor(database_, clock);
  base::Thread start("start", [&] {
    EXPECT_TRUE(successor.begin({.name = "dead"}).has_value());
    begun = true;
  });
  EXPECT_TRUE(test::wait_until([&] {
    clock.advance(std::chrono::milliseconds(50));  // a few steps between two looks at the row
    return begun.load();
  }));
  start.join();
  successor.start(notes);
  EXPECT_TRUE(test::wait_until([&] { return notes.ended == dead_.id.value; }));
}

TEST_F(NodeLeaseTest, IsNotHeldWhenItCouldNotBeRenewed) {
  EXPECT_TRUE(lease_->held());
  lease_->stop();
  EXPECT_TRUE(lease_->held());
  clock_.advance(NodeLease::kLease);
  EXPECT_FALSE(lease_->held());
}

// With a stopped clock, so that no renewal is due.
TEST_F(NodeLeaseTest, MuteIsWrittenAtOnce) {
  const auto mute = [this] { return number("SELECT mute FROM node WHERE name = 'me'"); };
  EXPECT_EQ(mute(), 0);
  lease_->set_mute(true);
  EXPECT_TRUE(test::wait_until([&] { return mute() == 1; }));
  lease_->set_mute(false);
  EXPECT_TRUE(test::wait_until([&] { return mute() == 0; }));
}

TEST_F(NodeLeaseTest, ReportsMuteLiveNodes) {
  EXPECT_FALSE(lease_->others_mute());
  NodeModel nodes(*connection_);
  ASSERT_TRUE(nodes.renew(dead_, NodeLease::kLease, true).value());
  EXPECT_TRUE(test::wait_until([&] { return lease_->others_mute(); }));
  ASSERT_TRUE(nodes.renew(dead_, NodeLease::kLease, false).value());
  EXPECT_TRUE(test::wait_until([&] { return !lease_->others_mute(); }));
  ASSERT_TRUE(nodes.renew(dead_, NodeLease::kLease, true).value());
  EXPECT_TRUE(test::wait_until([&] { return lease_->others_mute(); }));
  ASSERT_TRUE(nodes.end(dead_));
  EXPECT_TRUE(test::wait_until([&] { return !lease_->others_mute(); }));
}

TEST_F(NodeLeaseTest, ReportsLiveNodes) {
  const int all =
      static_cast<int>(number("SELECT COUNT(*) FROM node WHERE name <> 'me' AND lease_until <> 0"));
  EXPECT_TRUE(test::wait_until([&] { return notes_.seen == all; }));
  ASSERT_TRUE(NodeModel(*connection_).end(dead_));
  EXPECT_TRUE(test::wait_until([&] { return notes_.seen == all - 1; }));
}

TEST_F(NodeLeaseTest, EndsItsLifeInGoodOrder) {
  lease_->stop();
  EXPECT_EQ(number("SELECT lease_until FROM node WHERE name = 'me'"), 0);
  EXPECT_EQ(number("SELECT epoch FROM node WHERE name = 'me'"), me_.epoch + 1);
}

}  // namespace
}  // namespace chat::cluster
