#include "chat/session/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "chat/session/session.h"
#include "support/deadline.h"
#include "support/session_rig.h"

namespace chat::session {
namespace {

using Reservation = Registry::Reservation;

constexpr UserId kAlice{1};
constexpr UserId kBob{2};

class RegistryTest : public testing::Test {
 protected:
  std::shared_ptr<Session> connect() {
    pairs_.push_back(rig_.connect());
    return pairs_.back().session;
  }
  Reservation reserve(const std::shared_ptr<Session>& session, bool takeover = false) {
    return registry_.reserve(kAlice, session, takeover, [this] { ++freed_; });
  }

  // Outlive the threads of the rig, which use them to the end.
  Registry registry_;
  std::atomic<int> freed_{0};
  test::SessionRig rig_;
  std::vector<test::SessionRig::Pair> pairs_;
};

TEST_F(RegistryTest, GrantsAFreeUser) {
  const auto session = connect();
  EXPECT_EQ(registry_.find(kAlice), nullptr);
  EXPECT_EQ(reserve(session), Reservation::kGranted);
  EXPECT_EQ(registry_.find(kAlice), session);
  EXPECT_EQ(registry_.find(kBob), nullptr);
  EXPECT_EQ(registry_.size(), 1U);
  ASSERT_EQ(registry_.all().size(), 1u);
  EXPECT_EQ(registry_.all().front().session, session);
}

TEST_F(RegistryTest, LiveHolderKeepsTheUser) {
  const auto holder = connect();
  const auto second = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  EXPECT_EQ(reserve(second), Reservation::kHeld);
  registry_.release(kAlice, *holder);
  EXPECT_EQ(freed_, 0);
  EXPECT_EQ(reserve(second), Reservation::kGranted);
}

TEST_F(RegistryTest, ReleaseByAnotherSessionDoesNothing) {
  const auto holder = connect();
  const auto other = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  registry_.release(kAlice, *other);
  registry_.release(kBob, *holder);
  EXPECT_EQ(registry_.find(kAlice), holder);
}

TEST_F(RegistryTest, LoginWaitsForAnEndingHolder) {
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  pairs_[0].peer->finish();
  ASSERT_TRUE(test::wait_until([&] { return holder->ending(); }));
  EXPECT_EQ(reserve(connect()), Reservation::kWait);
  EXPECT_EQ(reserve(connect()), Reservation::kWait);
  EXPECT_EQ(freed_, 0);
  registry_.release(kAlice, *holder);
  EXPECT_EQ(freed_, 2);
  registry_.release(kAlice, *holder);
  EXPECT_EQ(freed_, 2);
}

TEST_F(RegistryTest, TakeoverEvictsTheHolderAndWaits) {
  const auto holder = connect();
  // Called again when the rig stops, after this scope: nothing of it is captured by reference.
  rig_.handler.on_end = [this, evicted = holder.get()](Session& session) {
    if (&session == evicted) registry_.release(kAlice, session);
  };
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  EXPECT_EQ(reserve(connect(), true), Reservation::kWait);
  EXPECT_TRUE(test::wait_until([&] { return freed_ == 1; }));
  const auto bye = pairs_[0].peer->line();
  ASSERT_TRUE(bye);
  EXPECT_NE(bye->find("\"reason\":\"taken_over\",\"reconnect_after_ms\":-1"), std::string::npos)
      << *bye;
  EXPECT_TRUE(pairs_[0].peer->at_end());
  EXPECT_EQ(registry_.find(kAlice), nullptr);
}

// A login was refused while its claim was pending, and the client tries again on the same
// connection.
TEST_F(RegistryTest, LoginOnTheHoldersOwnSessionWaitsAndEvictsNobody) {
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  registry_.leaving(kAlice, *holder);
  EXPECT_EQ(reserve(holder, true), Reservation::kWait);
  EXPECT_FALSE(holder->ending());
  registry_.release(kAlice, *holder);
  EXPECT_EQ(freed_, 1);
}

// The session may be logged in as another user by then.
TEST_F(RegistryTest, TakeoverDoesNotEvictASessionGivingUpTheUser) {
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  registry_.leaving(kAlice, *holder);
  EXPECT_EQ(reserve(connect(), true), Reservation::kWait);
  EXPECT_FALSE(holder->ending());
  registry_.release(kAlice, *holder);
  EXPECT_EQ(freed_, 1);
}

TEST_F(RegistryTest, CallsWaitingLoginsOutsideItsLock) {
  const auto holder = connect();
  const auto next = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  Reservation second = Reservation::kHeld;
  ASSERT_EQ(registry_.reserve(kAlice, next, true,
                              [&] { second = reserve(next); }),  // would deadlock inside the lock
            Reservation::kWait);
  registry_.release(kAlice, *holder);
  EXPECT_EQ(second, Reservation::kGranted);
  EXPECT_EQ(registry_.find(kAlice), next);
}

TEST_F(RegistryTest, OneOfManyRacingLoginsIsGranted) {
  std::vector<std::shared_ptr<Session>> sessions;
  for (int i = 0; i < 8; ++i) sessions.push_back(connect());
  for (int round = 0; round < 200; ++round) {
    std::atomic<Session*> winner{nullptr};
    std::atomic<int> granted{0};
    std::vector<std::thread> threads;
    for (const auto& session : sessions) {
      threads.emplace_back([&, session] {
        if (reserve(session) != Reservation::kGranted) return;
        ++granted;
        winner = session.get();
      });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(granted, 1);
    registry_.release(kAlice, *winner);
  }
}

TEST_F(RegistryTest, IsSureOfAHolderFromItsClaimUntilItLeaves) {
  EXPECT_EQ(registry_.look_up(kAlice).session, nullptr);
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  EXPECT_EQ(registry_.look_up(kAlice).session, holder);
  EXPECT_FALSE(registry_.look_up(kAlice).sure);
  registry_.claimed(kAlice, *holder, 5);
  EXPECT_TRUE(registry_.look_up(kAlice).sure);
  registry_.leaving(kAlice, *connect());
  EXPECT_TRUE(registry_.look_up(kAlice).sure);
  registry_.leaving(kAlice, *holder);
  EXPECT_EQ(registry_.look_up(kAlice).session, holder);
  EXPECT_FALSE(registry_.look_up(kAlice).sure);
  EXPECT_EQ(reserve(connect()), Reservation::kWait);
}

TEST_F(RegistryTest, IsNotSureOfAHolderWhoseConnectionEnds) {
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  registry_.claimed(kAlice, *holder, 5);
  pairs_[0].peer->finish();
  EXPECT_TRUE(test::wait_until([&] { return !registry_.look_up(kAlice).sure; }));
}

TEST_F(RegistryTest, EvictsOnlyAnOlderClaim) {
  const auto holder = connect();
  ASSERT_EQ(reserve(holder), Reservation::kGranted);
  EXPECT_FALSE(registry_.evict_older(kAlice, 9)) << "not claimed yet";
  registry_.claimed(kAlice, *holder, 5);
  EXPECT_EQ(registry_.all().front().epoch, 5);
  EXPECT_EQ(registry_.holder_of(kAlice)->epoch, 5);
  EXPECT_FALSE(registry_.holder_of(kBob));
  EXPECT_FALSE(registry_.evict_older(kAlice, 5));
  EXPECT_FALSE(registry_.evict_older(kBob, 9));
  EXPECT_FALSE(holder->ending());
  EXPECT_TRUE(registry_.evict_older(kAlice, 6));
  EXPECT_TRUE(holder->ending());
}

}  // namespace
}  // namespace chat::session
