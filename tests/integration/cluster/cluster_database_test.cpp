// Several servers, with faults of their database, or of one of them while it holds a lock.
#include <gtest/gtest.h>

#include <chrono>

#include "integration/server_fixture.h"
#include "support/processes/cluster.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

class ClusterDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
  }
};

// Longer than a lease: nobody may be logged out, or logged in twice afterwards.
TEST_F(ClusterDatabase, OutageLogsNobodyOut) {
  Cluster cluster;
  User alice = new_user(cluster.port(0), "alice");
  User bob = new_user(cluster.port(1), "bob");
  mariadb().kill9();
  const auto killed = Clock::now();
  while (Clock::now() - killed < milliseconds{13'000}) {
    for (User* user : {&alice, &bob}) {
      expect_alive(user->client);
      user->client.take_in(milliseconds{200});
    }
  }
  mariadb().start();
  EXPECT_EQ(request_patiently(alice.client, chat_request(alice.account, bob.id(), "still there?"))
                .at("errno"),
            0);
  EXPECT_EQ(bob.client.push(6).at("msg"), "still there?");
  // Nobody is swept while the others recover.
  const auto back = Clock::now();
  while (Clock::now() - back < milliseconds{12'000}) {
    RawClient second(cluster.port(1));
    EXPECT_EQ(request_patiently(second, login_request(alice.account)).at("errno"), 2);
    expect_alive(alice.client);
    alice.client.take_in(milliseconds{500});
  }
  EXPECT_FALSE(alice.client.ended());
  EXPECT_TRUE(cluster.node(0).running());
  EXPECT_TRUE(cluster.node(1).running());
}

TEST_F(ClusterDatabase, AServerStoppedWithALockedGroupLosesItsLease) {
  MysqlProxy proxy(mariadb().socket());
  Cluster cluster(1);
  ServerProcess& stopped = cluster.add_node({"mysql.socket=" + proxy.socket()});
  User alice = new_user(stopped.port(), "alice");
  User bob = new_user(cluster.port(0), "bob");
  const std::int64_t group = bob.create_group("locked");
  alice.join_group(group);
  alice.group_chat(group, "first", "c1");

  proxy.cut_next_commit(MysqlProxy::Cut::kHold);
  alice.client.send(group_chat_request(alice.account, group, "in the stopped server", "c2"));
  ASSERT_TRUE(wait_until([&] { return proxy.cuts() == 1; }));
  stopped.freeze();
  const auto began = Clock::now();
  const Json reply =
      request_patiently(bob.client, group_chat_request(bob.account, group, "goes on", "b1"));
  EXPECT_EQ(reply.at("errno"), 0) << reply;
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{3'000}));

  // Swept: its users log in elsewhere and resend unanswered messages.
  Account account = alice.account;
  ASSERT_TRUE(wait_until(
      [&] {
        RawClient client(cluster.port(0));
        return client.request(login_request(account)).at("errno") == 0;
      },
      milliseconds{15'000}));
  User again = log_in(cluster.port(0), account);
  const Json stored = again.group_chat(group, "in the stopped server", "c2");

  stopped.thaw();
  EXPECT_EQ(stopped.wait_exit(), kExitLeaseLost);
  const std::vector<Json> last_words = alice.client.receive_to_end();
  EXPECT_TRUE(std::any_of(last_words.begin(), last_words.end(),
                          [](const Json& word) { return word.value("msgid", 0) == 204; }));
  EXPECT_EQ(again.group_chat(group, "in the stopped server", "c2").at("seq"), stored.at("seq"));
  EXPECT_EQ(cluster.storage().number("SELECT count(*) FROM groupmessage WHERE kind IS NULL"), 3);
  expect_alive(again.client);
  stopped.start();
}

}  // namespace
}  // namespace chat::test
