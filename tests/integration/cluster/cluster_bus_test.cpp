// One server's link to Redis fails, or one direction of it, and users still receive everything
// within ten seconds.
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

  // Cuts the node off from Redis, and waits until it has noticed.
  void cut_off(std::size_t node) {
    const std::size_t logged = count_logged(node, "event=bus_down");
    redis_of(node).refuse(true);
    redis_of(node).reset_all();
    ASSERT_TRUE(wait_until([&] { return count_logged(node, "event=bus_down") > logged; }));
  }
  void connect_again(std::size_t node) { redis_of(node).refuse(false); }

  // The node receives nothing, but can still publish.
  void stall_subscriber(std::size_t node, bool on) {
    redis_of(node).only_those_that_sent("SUBSCRIBE");
    redis_of(node).blackhole(FaultProxy::Way::kToClient, on);
  }

  // A new node makes the others read the tables once; that is over when this returns. Two users are
  // logged in on node 0.
  void add_node_and_settle() {
    cluster->add_node();
    ASSERT_TRUE(wait_until([&] { return count_logged(0, "event=resync sessions=2") > 0; }));
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
  // Expects all messages of the stream up to `seq`, in order without gaps.
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

TEST_F(ClusterBus, TakeoverDuringAShortCutLeavesOneSession) {
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

// No error and no time-out: only the takeover message is late.
TEST_F(ClusterBus, MessageToTheOlderSessionDuringAShortStallReachesTheNewer) {
  User older = user_on(0, "bob");
  User alice = user_on(0, "alice");
  add_node_and_settle();
  stall_subscriber(0, true);
  User newer = take_over_on(1, older);
  alice.chat(newer.id(), "to whom?");
  stall_subscriber(0, false);
  expect_taken_over(older);
  expect_messages(newer, alice, 1);
}

// The older session's node learns of the takeover but cannot report the end of that session.
TEST_F(ClusterBus, MessageToTheOlderSessionReachesTheNewerWithoutAReport) {
  User older = user_on(0, "bob");
  User alice = user_on(0, "alice");
  cut_off(0);
  User newer = take_over_on(1, older);
  alice.chat(newer.id(), "to whom?");
  expect_taken_over(older);
  expect_messages(newer, alice, 1);
}

// The report of the first session's end arrives last, and concerns an earlier takeover.
TEST_F(ClusterBus, ChainedTakeoversDuringAStallLoseNothing) {
  User first = user_on(0, "bob");
  User alice = user_on(0, "alice");
  add_node_and_settle();
  stall_subscriber(0, true);
  User second = take_over_on(1, first);
  User third = take_over_on(2, second);
  expect_taken_over(second);
  alice.chat(third.id(), "to whom?");
  stall_subscriber(0, false);
  expect_taken_over(first);
  expect_messages(third, alice, 1);
  expect_no_push(third);
}

// Redis accepts neither publisher nor subscriber of a node that must reconnect.
TEST_F(ClusterBus, NodeRefusedByRedisStillReachesTheOthers) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  cluster->redis().command({"CONFIG", "SET", "maxclients", "1"});
  redis_of(0).reset_all();
  for (int i = 1; i <= 2; ++i) {
    alice.chat(bob.id(), "from alice");
    bob.chat(alice.id(), "from bob");
  }
  expect_messages(bob, alice, 2);
  expect_messages(alice, bob, 2);
}

// Messages, receipts, presence, contacts and memberships cross in both directions within the
// promised time.
class CrossNodeDelivery : public ClusterBus {
 protected:
  void expect_crossing(std::size_t here, std::size_t there) {
    User alice = user_on(here, "alice", acking());
    User bob = user_on(there, "bob", acking());
    User carol = user_on(here, "carol");
    User dave = user_on(there, "dave");
    watch(alice, dave);
    watch(bob, carol);
    User erin = user_on(here, "erin");
    watch(bob, erin);
    const std::int64_t group = alice.create_group("tea");
    bob.join_group(group);
    alice.group_chat(group, "to all");
    alice.chat(bob.id(), "to bob");
    bob.chat(alice.id(), "to alice");
    expect_all(alice, {{6, "id", bob.id()}, {202, "groupid", group}});
    expect_all(carol, {{201, "id", bob.id()}});
    expect_all(dave, {{201, "id", alice.id()}});
    expect_all(bob, {{6, "id", alice.id()}, {10, "groupid", group}});

    alice.client.send(delivered_request(bob.id(), 1));
    bob.client.send(delivered_request(alice.id(), 1));
    bob.client.send(group_delivered_request(group, 2));
    carol.log_out();
    dave.log_out();
    request_ok(erin.client, {{"msgid", 27}, {"password", erin.account.password}});
    expect_all(alice, {{203, "id", bob.id()}, {203, "groupid", group}, {200, "id", dave.id()}});
    expect_all(bob, {{203, "id", alice.id()}, {200, "id", carol.id()}, {200, "id", erin.id()}});
  }

 private:
  // A push, by its msgid and one of its fields.
  struct Wanted {
    int msgid;
    const char* field;
    std::int64_t value;
  };
  static void expect_all(User& user, std::vector<Wanted> wanted) {
    const auto began = Clock::now();
    EXPECT_TRUE(await(user,
                      [&wanted](const Json& frame) {
                        std::erase_if(wanted, [&frame](const Wanted& push) {
                          return frame.value("msgid", 0) == push.msgid &&
                                 frame.value(push.field, 0) == push.value;
                        });
                        return wanted.empty();
                      }))
        << wanted.size() << " pushes are missing, the first is " << wanted.front().msgid;
    figure("crossed after", std::chrono::duration_cast<milliseconds>(Clock::now() - began));
  }
  static void watch(User& watcher, const User& of) {
    watcher.client.keep_presence();
    request_ok(watcher.client, add_friend_request(watcher.account, of.id()));
  }
};

TEST_F(CrossNodeDelivery, WorksWhileOneNodeIsCutOff) {
  cut_off(0);
  expect_crossing(0, 1);
}

TEST_F(CrossNodeDelivery, WorksWhileRedisRefusesToPublish) {
  cluster->redis().command({"ACL", "SETUSER", "default", "-publish"});
  expect_crossing(0, 1);
}

TEST_F(CrossNodeDelivery, WorksWhileASubscriberIsStalled) {
  stall_subscriber(0, true);
  expect_crossing(0, 1);
}

// Nothing fails: each node publishes and subscribes, but reaches nobody.
TEST_F(CrossNodeDelivery, WorksWhileNodesUseDifferentRedisServers) {
  RedisServer other;
  cluster->add_node({"redis.socket=" + other.socket()});
  expect_crossing(0, 2);
}

TEST_F(CrossNodeDelivery, WorksOverALinkThatIsResetRepeatedly) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  Inbox inbox;
  int sent = 0;
  for (int i = 0; i < 5; ++i) {
    for (int n = 0; n < 20; ++n) alice.chat(bob.id(), std::to_string(++sent));
    redis_of(i % 2 == 0 ? 0 : 1).reset_all();
    alice.chat(bob.id(), std::to_string(++sent));
    expect_messages(bob, alice, sent, inbox);
  }
}

// Redis channels span all its databases.
TEST_F(ClusterBus, TwoClustersOnOneRedisAreSeparate) {
  Cluster stranger(1, {"redis.socket=" + cluster->redis().socket(), "redis.db=1",
                       "limits.login_failures_per_minute=10"});
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  new_user(stranger.port(0), "carol");
  User dave = new_user(stranger.port(0), "dave");
  ASSERT_EQ(dave.id(), bob.id());
  alice.chat(bob.id(), "for bob");
  expect_messages(bob, alice, 1);
  expect_no_push(dave);

  RawClient guesser(stranger.port(0));
  expect_refused(guesser, login_request({dave.id(), "dave", "wrong password"}), errors::kFailed);
  std::string id = mariadb().query("SELECT id FROM cluster", stranger.storage().database());
  id.erase(id.find_last_not_of('\n') + 1);
  EXPECT_EQ(id.size(), 32U);
  const std::string keys = cluster->redis().command({"-n", "1", "KEYS", "*"});
  EXPECT_TRUE(keys.starts_with("chat:" + id + ":rate:")) << keys;
}

}  // namespace
}  // namespace chat::test
