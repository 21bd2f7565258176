// One of several servers dies or stops, or Redis does.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "chat/base/thread.h"
#include "integration/server_fixture.h"
#include "integration/wire/stranger.h"
#include "support/figure.h"
#include "support/processes/cluster.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

// P7 and P8 of PROMISES.md, after a server's crash.
constexpr milliseconds kSwept{15'000};

milliseconds since(Clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - then);
}

class ClusterFault : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>();
  }
  User user_on(std::size_t node, const std::string& name, const Json& more = Json::object()) {
    return new_user(cluster->port(node), name, Wire::kText, more);
  }
  User log_in_on(std::size_t node, const Account& account, const Json& more = Json::object()) {
    return log_in(cluster->port(node), account, Wire::kText, more);
  }
  // The push of `sender`'s message number `seq`, within `patience`.
  static void expect_message(User& to, const User& sender, std::int64_t seq,
                             milliseconds patience) {
    const auto began = Clock::now();
    Json push;
    EXPECT_TRUE(wait_until(
        [&] {
          to.client.take_in(milliseconds{50});
          if (to.client.waiting() == 0) return false;
          push = to.client.receive();
          return push.value("msgid", 0) == 6 && push.value("seq", 0) == seq;
        },
        patience))
        << "waited " << (Clock::now() - began).count() / 1'000'000 << " ms";
    EXPECT_EQ(push.value("id", 0), sender.id());
  }
  // The moment from which the friend `of` is told to be in this state.
  static void expect_presence(User& watcher, std::int64_t of, const std::string& state,
                              milliseconds patience) {
    EXPECT_TRUE(wait_until(
        [&] {
          watcher.client.take_in(milliseconds{50});
          while (watcher.client.waiting() > 0) {
            const Json push = watcher.client.receive();
            if (push.value("msgid", 0) == 200 && push.value("id", 0) == of &&
                push.value("state", "") == state) {
              return true;
            }
          }
          return false;
        },
        patience))
        << of << " " << state;
  }

  std::unique_ptr<Cluster> cluster;
};

TEST_F(ClusterFault, UsersOfAKilledServerLogInElsewhere) {
  User by_token = user_on(0, "by token");
  User by_takeover = user_on(0, "by takeover");
  User patient = user_on(0, "patient");
  User watcher = user_on(1, "watcher");
  watcher.client.keep_presence();
  request_ok(watcher.client, add_friend_request(watcher.account, patient.id()));
  const Json token = by_token.welcome.at("token");
  cluster->node(0).kill9();
  const auto killed = Clock::now();

  RawClient other(cluster->port(1));
  const Json by_token_reply = other.request({{"msgid", 1}, {"token", token}});
  EXPECT_EQ(by_token_reply.at("errno"), 0) << by_token_reply;
  log_in_on(1, by_takeover.account, {{"takeover", true}});
  EXPECT_LT(Clock::now() - killed, scaled(milliseconds{3'000}));

  expect_presence(watcher, patient.id(), "offline", kSwept);
  EXPECT_TRUE(wait_until(
      [&] {
        RawClient client(cluster->port(1));
        return client.request(login_request(patient.account)).at("errno") == 0;
      },
      kSwept));
  figure("free for others after", since(killed));
  EXPECT_LT(Clock::now() - killed, scaled(kSwept));
}

TEST_F(ClusterFault, AServerRestartedUnderItsNameLocksNobodyOut) {
  const Account alice = user_on(0, "alice").account;
  User bob = user_on(0, "bob");
  cluster->node(0).kill9();
  cluster->node(0).start();
  log_in_on(0, alice);
  log_in_on(1, bob.account);
}

TEST_F(ClusterFault, LockedUserOfAKilledServerDelaysNobodyElse) {
  User stuck = user_on(0, "stuck");
  User neighbour = user_on(0, "neighbour");
  User watcher = user_on(1, "watcher");
  watcher.client.keep_presence();
  request_ok(watcher.client, add_friend_request(watcher.account, stuck.id()));
  request_ok(watcher.client, add_friend_request(watcher.account, neighbour.id()));
  Stranger stranger(cluster->storage(), "BEGIN; SELECT * FROM user WHERE id = " +
                                            std::to_string(stuck.id()) + " FOR UPDATE");
  cluster->node(0).kill9();
  expect_presence(watcher, neighbour.id(), "offline", kSwept);
  log_in_on(1, neighbour.account);
  stranger.release();
  expect_presence(watcher, stuck.id(), "offline", milliseconds{5'000});
  log_in_on(1, stuck.account);
}

TEST_F(ClusterFault, ServerOfALockedUserCanBeRestarted) {
  User stuck = user_on(0, "stuck");
  User neighbour = user_on(0, "neighbour");
  const auto online = [&](const User& user) {
    return cluster->storage().number("SELECT COUNT(*) FROM user WHERE state = 'online' AND id = " +
                                     std::to_string(user.id()));
  };
  Stranger stranger(cluster->storage(), "BEGIN; SELECT * FROM user WHERE id = " +
                                            std::to_string(stuck.id()) + " FOR UPDATE");
  cluster->node(0).kill9();
  cluster->node(0).start();
  EXPECT_EQ(online(neighbour), 0);
  EXPECT_EQ(online(stuck), 1);
  log_in_on(0, neighbour.account);
  stranger.release();
  EXPECT_TRUE(wait_until([&] { return online(stuck) == 0; }));
  log_in_on(1, stuck.account);
}

// Before its lease has expired and other nodes free its users.
TEST_F(ClusterFault, FriendsSeeUsersOfARestartedServerOffline) {
  User alice = user_on(0, "alice");
  User watcher = user_on(1, "watcher");
  watcher.client.keep_presence();
  request_ok(watcher.client, add_friend_request(watcher.account, alice.id()));
  cluster->node(0).kill9();
  cluster->node(0).start();
  expect_presence(watcher, alice.id(), "offline", kPatience);
}

// Publishing is refused, so that only the server's death makes the other one read the tables.
TEST_F(ClusterFault, MessagesNotPublishedByAKilledServerArrive) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  alice.chat(bob.id(), "heard");
  expect_message(bob, alice, 1, kPatience);
  cluster->redis().command({"ACL", "SETUSER", "default", "-publish"});
  alice.chat(bob.id(), "unheard");
  cluster->node(0).kill9();
  cluster->redis().command({"ACL", "SETUSER", "default", "+publish"});
  expect_message(bob, alice, 2, kSwept);
}

// Sends and receives between the nodes until stopped; every message must arrive exactly once, in
// order.
class CrossTraffic {
 public:
  CrossTraffic(Cluster& cluster, std::string name)
      : sender_(new_user(cluster.port(0), name + " from", Wire::kText, {{"ack", true}})),
        reader_(new_user(cluster.port(1), name + " to", Wire::kText, {{"ack", true}})) {
    sending_ = base::Thread("sender", [this] { send(); });
  }
  ~CrossTraffic() { stop_ = true; }
  std::int64_t acknowledged() const { return acknowledged_; }
  // Stops, and expects that everything has arrived.
  void finish() {
    stop_ = true;
    sending_.join();
    std::int64_t next = 1;
    while (next <= acknowledged_) {
      const Json push = reader_.client.push(6);
      const std::int64_t seq = push.at("seq");
      if (seq < next) continue;  // a repeat, which a client drops
      ASSERT_EQ(seq, next) << push;
      ASSERT_EQ(push.at("msg"), std::to_string(next));
      ++next;
    }
  }

 private:
  void send() {
    for (std::int64_t number = 1; !stop_; ++number) {
      const Json reply = request_patiently(
          sender_.client, chat_request(sender_.account, reader_.id(), std::to_string(number),
                                       "c" + std::to_string(number)));
      EXPECT_EQ(reply.at("errno"), 0) << reply;
      EXPECT_EQ(reply.value("seq", 0), number) << reply;
      acknowledged_ = number;
    }
  }

  User sender_;
  User reader_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> acknowledged_ = 0;
  base::Thread sending_;
};

TEST_F(ClusterFault, RedisKilledUnderTrafficLosesNothing) {
  CrossTraffic traffic(*cluster, "alice");
  ASSERT_TRUE(wait_until([&] { return traffic.acknowledged() > 50; }));
  cluster->redis().kill9();
  const std::int64_t before = traffic.acknowledged();
  ASSERT_TRUE(wait_until([&] { return traffic.acknowledged() > before + 100; }));
  cluster->redis().start();
  const std::int64_t after = traffic.acknowledged();
  ASSERT_TRUE(wait_until([&] { return traffic.acknowledged() > after + 100; }));
  traffic.finish();

  // Soon fast again.
  User carol = user_on(0, "carol");
  User dave = user_on(1, "dave");
  std::int64_t seq = 0;
  EXPECT_TRUE(wait_until(
      [&] {
        const auto sent = Clock::now();
        carol.chat(dave.id(), "fast?");
        while (dave.client.push(6).at("seq") != seq + 1) {
        }
        ++seq;
        return Clock::now() - sent < scaled(milliseconds{200});
      },
      kPatience));
}

TEST_F(ClusterFault, WithoutRedisMessagesCrossWithinTenSeconds) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  User carol = user_on(1, "carol");
  cluster->redis().kill9();
  const auto sent = Clock::now();
  alice.chat(bob.id(), "slowly");
  carol.chat(bob.id(), "at once");
  Json push = bob.client.push(6);
  // A pass over the tables may just have been due.
  const bool crossed = push.at("msg") == "slowly";
  if (crossed) push = bob.client.push(6);
  EXPECT_EQ(push.at("msg"), "at once");
  log_in_on(0, register_account(cluster->port(0), "dave"));
  if (!crossed) expect_message(bob, alice, 1, milliseconds{10'000});
  figure("crossed after", since(sent));
}

TEST_F(ClusterFault, WithoutRedisATakeoverEndsTheOlderSessionWithinTenSeconds) {
  User older = user_on(0, "alice");
  cluster->redis().kill9();
  User newer = log_in_on(1, older.account, {{"takeover", true}});
  const auto taken = Clock::now();
  const Json bye = older.client.push(204);
  EXPECT_EQ(bye.at("reason"), "taken_over");
  EXPECT_EQ(bye.at("reconnect_after_ms"), -1);
  figure("closed after", since(taken));
  EXPECT_LT(Clock::now() - taken, scaled(milliseconds{10'000}));
  expect_alive(newer.client);
}

TEST_F(ClusterFault, StoppedRedisDelaysNobody) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  User carol = user_on(1, "carol");
  const Account dave = register_account(cluster->port(0), "dave");
  cluster->redis().freeze();
  const auto frozen = Clock::now();
  int rounds = 0;
  milliseconds slowest{0};
  while (Clock::now() - frozen < milliseconds{6'000}) {
    const auto began = Clock::now();
    alice.chat(bob.id(), std::to_string(++rounds));
    carol.chat(carol.id(), "same server");
    expect_alive(alice.client);
    expect_alive(bob.client);
    slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(Clock::now() - began));
    EXPECT_EQ(carol.client.push(6).at("msg"), "same server");
  }
  figure("slowest round of requests", slowest);
  EXPECT_LT(slowest, scaled(milliseconds{500}));
  User user = log_in_on(0, dave);
  cluster->redis().thaw();
  for (int i = 1; i <= rounds; ++i) EXPECT_EQ(bob.client.push(6).at("seq"), i);
}

}  // namespace
}  // namespace chat::test
