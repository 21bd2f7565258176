// Each server's link to Redis is its own: one of them fails, or one direction of it, and users hear
// of everything within ten seconds all the same.
#include <algorithm>
#include <chrono>
#include <functional>

#include "cluster_fixture.h"
#include "support/figure.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kPromise{10'000};

class ClusterBus : public WithCluster {
 protected:
  ClusterBus() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  FaultProxy& redis_of(std::size_t node) { return cluster->links(node).redis; }

  // The node is cut off from Redis, and has noticed.
  void cut_off(std::size_t node) {
    const std::size_t logged = count_logged(node, "event=bus_down");
    redis_of(node).refuse(true);
    redis_of(node).reset_all();
    ASSERT_TRUE(wait_until([&] { return count_logged(node, "event=bus_down") > logged; }));
  }
  void connect_again(std::size_t node) { redis_of(node).refuse(false); }

  // What the node subscribed to does not reach it; it can still publish.
  void stall_subscriber(std::size_t node, bool on) {
    redis_of(node).only_those_that_sent("SUBSCRIBE");
    redis_of(node).blackhole(FaultProxy::Way::kToClient, on);
  }

  std::size_t count_logged(std::size_t node, const std::string& words) {
    const std::string log = cluster->node(node).log();
    std::size_t count = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
    return count;
  }

  // Waits for a frame that `wanted` accepts, and drops those before it.
  static bool await(User& user, const std::function<bool(const Json&)>& wanted,
                    milliseconds patience = kPromise) {
    return wait_until(
        [&] {
          if (user.client.waiting() == 0) user.client.take_in(milliseconds{10});
          while (user.client.waiting() > 0) {
            if (wanted(user.client.receive())) return true;
          }
          return false;
        },
        patience);
  }
  // All messages of the stream up to `seq`, in order and without a hole.
  static void expect_messages(User& to, const User& from, std::int64_t seq, Inbox& inbox) {
    const Stream stream{false, from.id()};
    const auto began = Clock::now();
    EXPECT_TRUE(await(to,
                      [&](const Json& frame) {
                        if (frame.value("msgid", 0) == 6) inbox.take(frame);
                        return inbox.last(stream) >= seq;
                      }))
        << "got up to " << inbox.last(stream) << " of " << seq;
    figure("messages after", std::chrono::duration_cast<milliseconds>(Clock::now() - began));
  }
  static void expect_messages(User& to, const User& from, std::int64_t seq) {
    Inbox inbox;
    inbox.take_offline(to.welcome);
    if (inbox.last({false, from.id()}) < seq) expect_messages(to, from, seq, inbox);
  }
  static void expect_taken_over(User& older) {
    EXPECT_TRUE(await(older, [](const Json& frame) {
      return frame.value("msgid", 0) == 204 && frame.value("reason", "") == "taken_over";
    })) << "the older session still lives";
  }
  User take_over_on(std::size_t node, const User& older) {
    User newer{older.account, RawClient(port(node)), {}};
    newer.welcome = request_ok(newer.client, token_login(older.welcome));
    return newer;
  }
};

TEST_F(ClusterBus, TakeoverOnANodeThatIsCutOffForAMomentLeavesOneSession) {
  User older = user_on(1, "bob");
  User alice = user_on(1, "alice");
  cut_off(0);
  User newer = take_over_on(0, older);
  alice.chat(newer.id(), "the first of its stream");
  connect_again(0);
  expect_taken_over(older);
  alice.chat(newer.id(), "after the older session");
  expect_messages(newer, alice, 2);
}

// No error, no time-out: only the word that the user was taken over comes late.
TEST_F(ClusterBus, MessageToTheOlderSessionDuringAShortStallReachesTheNewer) {
  User older = user_on(0, "bob");
  User alice = user_on(0, "alice");
  stall_subscriber(0, true);
  User newer = take_over_on(1, older);
  alice.chat(newer.id(), "to whom?");
  EXPECT_EQ(older.client.push(6).at("seq"), 1);
  stall_subscriber(0, false);
  expect_taken_over(older);
  expect_messages(newer, alice, 1);
}

// The older session's node hears of the takeover and can't report the end of that session.
TEST_F(ClusterBus, MessageToTheOlderSessionReachesTheNewerWithoutAReport) {
  User older = user_on(0, "bob");
  User alice = user_on(0, "alice");
  cut_off(0);
  User newer = take_over_on(1, older);
  alice.chat(newer.id(), "to whom?");
  EXPECT_EQ(older.client.push(6).at("seq"), 1);
  expect_taken_over(older);
  expect_messages(newer, alice, 1);
}

}  // namespace
}  // namespace chat::test
