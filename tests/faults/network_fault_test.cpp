// Data is held back, in one direction or both: between clients and servers, and between servers and
// Redis.
#include "fault_fixture.h"
#include "support/proxies/fault_proxy.h"

namespace chat::test {
namespace {

using Way = FaultProxy::Way;

constexpr milliseconds kAway{4'000};

class NetworkFault : public Faults, public ::testing::WithParamInterface<std::vector<Way>> {
 protected:
  static void set(FaultProxy& network, bool on) {
    for (const Way way : GetParam()) network.blackhole(way, on);
  }
};
INSTANTIATE_TEST_SUITE_P(Blackhole, NetworkFault,
                         ::testing::Values(std::vector<Way>{Way::kToServer},
                                           std::vector<Way>{Way::kToClient},
                                           std::vector<Way>{Way::kToServer, Way::kToClient}));

TEST_P(NetworkFault, BlackholeBetweenClientsAndAServer) {
  start();
  FaultProxy network(cluster->port(0));
  start_traffic({network.port(), cluster->port(1)});
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(traffic->flows(100));
    set(network, true);
    stay_alive_for(kAway, witnesses[0].client);
    if (round == 1) network.reset_all();
    set(network, false);
  }
  ASSERT_TRUE(traffic->flows(100));
  expect_promises();
}

TEST_P(NetworkFault, BlackholeBetweenServersAndRedis) {
  auto made = std::make_unique<Cluster>(0);
  FaultProxy network(made->redis().socket());
  for (int i = 0; i < 2; ++i) made->add_node({"redis.socket=" + network.socket()});
  start(std::move(made));
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  set(network, true);
  stay_alive_for(2 * kAway, witnesses[0].client);
  EXPECT_TRUE(traffic->flows(100)) << "nobody needs Redis to store a message";
  set(network, false);
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
  cluster.reset();  // before its way to Redis
}

class BadLine : public Faults {};

TEST_F(BadLine, ClientsAreCutAtAnyByte) {
  start();
  FaultProxy network(cluster->port(0));
  network.set_latency(milliseconds{50});
  network.limit_slices(1);
  start_traffic({network.port()}, {.pairs = 10, .groups = 1, .group_size = 5, .per_second = 40});
  ASSERT_TRUE(traffic->flows(100));
  for (int cut = 0; cut < 20; ++cut) {
    const int cuts = network.cuts();
    network.cut_after(cut % 2 == 0 ? Way::kToServer : Way::kToClient, random(1, 300));
    ASSERT_TRUE(wait_until([&] { return network.cuts() > cuts; }));
  }
  ASSERT_TRUE(traffic->flows(50));
  EXPECT_GT(expect_promises().at("disconnections"), 0);
}

}  // namespace
}  // namespace chat::test
