#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "chat/session/session.h"
#include "support/deadline.h"
#include "support/session_rig.h"

// When a session stops reading its client's input. read_policy_test.cpp tests the decision; these
// tests show that the session reports each reason, and reads on once it has passed.
namespace chat::session {
namespace {

using test::SessionRig;
using test::wait_until;

const std::string kRequest = "{\"msgid\":21}\n";

class Reading : public ::testing::Test {
 protected:
  Reading() {
    rig.handler.on_request = [](Session& session, const protocol::Request&) {
      session.reply("{}");
    };
  }
  ~Reading() override { let_workers_go(); }

  // The one worker does nothing until let_workers_go().
  void hold_workers() {
    held_ = std::make_unique<std::promise<void>>();
    CHAT_CHECK(rig.workers().try_post([held = held_->get_future().share()] { held.wait(); }));
  }
  void let_workers_go() {
    if (auto held = std::move(held_)) held->set_value();
  }
  // Waits until the loop has nothing left to do.
  void let_loop_pass() {
    for (int round = 0; round < 20; ++round) rig.in_loop([] {});
  }
  std::size_t unread() {
    return rig.in_loop([&] { return rig.unread_by(*pair.session); });
  }
  bool leaves_unread_what_comes() {
    let_loop_pass();
    pair.peer->send(kRequest);
    let_loop_pass();
    return unread() >= kRequest.size();
  }
  bool reads_on() {
    return wait_until([&] { return unread() == 0; });
  }
  std::size_t unsent() {
    return rig.in_loop([&] { return socket().queued_total() - socket().written_total(); });
  }
  void peer_reads_until_at_most(std::size_t bytes) {
    while (unsent() > bytes) {
      ASSERT_TRUE(pair.peer->skip(1024));
      let_loop_pass();
    }
  }
  SocketSide& socket() { return pair.session->socket(); }

  SessionRig rig{1, 1, {.bytes_per_second = 100'000}};
  SessionRig::Pair pair = rig.connect();

 private:
  std::unique_ptr<std::promise<void>> held_;
};

TEST_F(Reading, ContinuesWithoutAReasonToPause) {
  EXPECT_FALSE(leaves_unread_what_comes());
}

TEST_F(Reading, EndsAfterATooLongFrame) {
  hold_workers();
  pair.peer->send("{\"x\":\"" + std::string(8000, 'x'));
  EXPECT_TRUE(leaves_unread_what_comes());
}

TEST_F(Reading, EndsWhenTheServerStops) {
  hold_workers();
  rig.in_loop([&] { static_cast<net::ConnectionHandler&>(socket()).on_stopping(); });
  EXPECT_TRUE(leaves_unread_what_comes());
}

TEST_F(Reading, PausesUntilADebtIsPaid) {
  rig.in_loop([&] { socket().logged_in(false); });
  rig.in_loop([&] { socket().charge(250'000); });  // half a second more than a burst
  EXPECT_TRUE(leaves_unread_what_comes());
  EXPECT_TRUE(reads_on());
  EXPECT_FALSE(rig.in_loop([&] { return socket().in_debt(); }));
}

TEST_F(Reading, PausesUntilOutputFallsToTheLowMark) {
  rig.in_loop([&] { socket().send(std::string(1024 * 1024, 'x')); });
  EXPECT_TRUE(leaves_unread_what_comes());
  peer_reads_until_at_most(kOutputHighBytes);
  ASSERT_GT(unsent(), kOutputLowBytes);
  EXPECT_GT(unread(), 0U);
  peer_reads_until_at_most(kOutputLowBytes);
  EXPECT_TRUE(reads_on());
}

TEST_F(Reading, PausesUntilALongQueueIsShort) {
  rig.in_loop([&] { socket().logged_in(false); });
  hold_workers();
  std::string many;
  for (std::size_t i = 0; i < 2 * Strand::kQueueHigh; ++i) many += kRequest;
  pair.peer->send(many);
  EXPECT_TRUE(leaves_unread_what_comes());
  let_workers_go();
  EXPECT_TRUE(reads_on());
}

// The client waits for its answers and has no input left to read.
TEST_F(Reading, EndsForAClientThatHungUpButStillGetsItsAnswers) {
  hold_workers();
  pair.peer->send(kRequest);
  pair.peer->finish();
  ASSERT_TRUE(wait_until([&] { return pair.session->ending(); }));
  std::promise<void> probed;
  pair.session->probe([&] { probed.set_value(); });
  probed.get_future().wait();
  let_workers_go();
  EXPECT_EQ(pair.peer->line(), "{}");
  EXPECT_TRUE(pair.peer->at_end());
}

}  // namespace
}  // namespace chat::session
