// A cluster behind nginx: servers start, stop and die under traffic.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster_fixture.h"
#include "cluster_traffic.h"
#include "support/processes/nginx_server.h"

namespace chat::test {
namespace {

constexpr int kPairs = 10;
constexpr milliseconds kBackPromise{5'000};

class BehindNginx : public WithCluster {
 protected:
  explicit BehindNginx(std::size_t nodes = 2) : WithCluster(nodes) {}
  void SetUp() override {
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
    WithCluster::SetUp();
    if (cluster) nginx = std::make_unique<NginxServer>(cluster->proxy_ports());
  }
  User user_through_nginx(const std::string& name, const Json& more = Json::object()) {
    return log_in(nginx->port(), account(name), Wire::kText, more);
  }
  static std::string node_name(std::size_t index) { return "node-" + std::to_string(index + 1); }
  // Expects that repeated connections reach this node soon.
  bool gets_new_connections(std::size_t node) {
    static int last = 0;
    const Account probe = account("probe " + std::to_string(++last));
    return wait_until([&] {
      try {
        RawClient client(nginx->port());
        const Json welcome = client.request(login_request(probe, taking_over()));
        return welcome.value("node", "") == node_name(node);
      } catch (const ConnectionEnded&) {
        return false;  // no server for a moment
      }
    });
  }
  static void tell(const Traffic& traffic) {
    std::cout << traffic.sent() << " messages, " << traffic.repeats() << " repeats, "
              << traffic.returns() << " reconnections, the longest in "
              << traffic.longest_absence().count() << " ms\n";
  }

  std::unique_ptr<NginxServer> nginx;
};

TEST_F(BehindNginx, ClientsAreSpreadOverNodesAndChat) {
  std::vector<User> users;
  std::set<std::string> nodes;
  for (int i = 0; i < 6; ++i) {
    users.push_back(user_through_nginx("user " + std::to_string(i)));
    nodes.insert(users.back().welcome.at("node").get<std::string>());
  }
  EXPECT_EQ(nodes, (std::set<std::string>{"node-1", "node-2"}));
  const std::int64_t group = users[0].create_group("all");
  for (std::size_t i = 1; i < users.size(); ++i) users[i].join_group(group);
  for (User& from : users) {
    from.group_chat(group, "to all");
    for (User& to : users) {
      from.chat(to.id(), "to " + to.account.name);
      EXPECT_EQ(to.client.push(6).at("msg"), "to " + to.account.name);
      if (&to != &from) {
        EXPECT_EQ(to.client.push(10).at("id"), from.id());
      }
    }
  }
}

TEST_F(BehindNginx, LogNamesTheClientsAddress) {
  for (int i = 0; i < 4; ++i) {
    User user = user_through_nginx("user " + std::to_string(i));
    const std::size_t node = user.welcome.at("node") == "node-1" ? 0 : 1;
    const std::string line = "event=login user=" + std::to_string(user.id()) +
                             " peer=127.0.0.1:" + std::to_string(user.client.local_port()) + "\n";
    EXPECT_TRUE(wait_until([&] {
      return cluster->node(node).log().find(line) != std::string::npos;
    })) << line;
  }
}

TEST_F(BehindNginx, NewServerGetsItsShareWithoutDisturbance) {
  Traffic traffic(port(0), nginx->port(), kPairs);
  ASSERT_TRUE(traffic.flows());
  cluster->add_node();
  nginx->reload(cluster->proxy_ports());
  EXPECT_TRUE(gets_new_connections(2));
  User there = log_in_on(2, account("there"));
  User here = log_in_on(0, account("here"));
  here.chat(there.id(), "welcome");
  EXPECT_EQ(there.client.push(6).at("msg"), "welcome");
  there.chat(here.id(), "thanks");
  EXPECT_EQ(here.client.push(6).at("msg"), "thanks");
  ASSERT_TRUE(traffic.flows());
  traffic.stop();
  tell(traffic);
  EXPECT_EQ(traffic.returns(), 0);
  EXPECT_EQ(traffic.repeats(), 0);
}

class ThreeBehindNginx : public BehindNginx {
 protected:
  ThreeBehindNginx() : BehindNginx(3) {}
};

TEST_F(ThreeBehindNginx, RollingRestartLosesAndDuplicatesNothing) {
  Traffic traffic(port(0), nginx->port(), kPairs);
  ASSERT_TRUE(traffic.flows());
  for (std::size_t node = 0; node < cluster->size(); ++node) {
    SCOPED_TRACE(node_name(node));
    cluster->node(node).terminate();
    EXPECT_TRUE(traffic.flows());
    cluster->node(node).start();
    EXPECT_TRUE(gets_new_connections(node));
  }
  ASSERT_TRUE(traffic.flows());
  traffic.stop();
  tell(traffic);
  EXPECT_GE(traffic.returns(), 2 * kPairs);  // all users were on one of them
  EXPECT_LT(traffic.longest_absence(), scaled(kBackPromise));
}

TEST_F(ThreeBehindNginx, ClientsOfAKilledServerReturnWithinFiveSeconds) {
  Traffic traffic(port(0), nginx->port(), kPairs);
  ASSERT_TRUE(traffic.flows());
  cluster->node(1).kill9();
  ASSERT_TRUE(traffic.flows());
  cluster->node(1).start();
  traffic.stop();
  tell(traffic);
  EXPECT_GT(traffic.returns(), 0);
  EXPECT_LT(traffic.longest_absence(), scaled(kBackPromise));
}

}  // namespace
}  // namespace chat::test
