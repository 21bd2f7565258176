// Redis dies or hangs under traffic: it carries only hints, so nothing may be missed.
#include <algorithm>
#include <vector>

#include "fault_fixture.h"
#include "support/proxies/fault_proxy.h"

namespace chat::test {
namespace {

class RedisFault : public Faults {};

TEST_F(RedisFault, RedisIsKilledAndStaysAway) {
  start();
  start_traffic();
  for (int kill = 0; kill < 3; ++kill) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    cluster->redis().kill9();
    EXPECT_TRUE(traffic->flows(random(50, 300))) << "nobody needs Redis to store a message";
    cluster->redis().start();
  }
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

TEST_F(RedisFault, RedisIsStoppedForTenSeconds) {
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  cluster->redis().freeze();
  const std::int64_t before = traffic->acknowledged();
  stay_alive_for(milliseconds{10'000}, witnesses[0].client);
  EXPECT_GT(traffic->acknowledged(), before + 500) << "of about 1500 that were sent";
  cluster->redis().thaw();
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

// One server is cut off from Redis while the other publishes. No later message of the same stream
// reveals the loss, so the reconnected server must read the tables.
TEST_F(RedisFault, ReconnectedServerDeliversMissedMessages) {
  constexpr int kRounds = 5;
  auto made = std::make_unique<Cluster>(1);
  FaultProxy network(made->redis().socket());
  made->add_node({"redis.socket=" + network.socket()});
  start(std::move(made));
  start_traffic();
  std::vector<User> people;
  for (int i = 0; i < 10; ++i) {
    people.push_back(new_user(cluster->port(1), "reader " + std::to_string(i)));
  }
  milliseconds slowest{0};
  for (int round = 1; round <= kRounds; ++round) {
    ASSERT_TRUE(traffic->flows(20));
    network.blackhole(FaultProxy::Way::kToServer, true);
    network.reset_all();
    for (const User& reader : people) {
      EXPECT_EQ(witnesses[0].chat(reader.id(), "round " + std::to_string(round)).at("seq"), round);
    }
    network.blackhole(FaultProxy::Way::kToServer, false);
    const auto lifted = Clock::now();
    for (User& reader : people) ASSERT_EQ(reader.client.push(6).at("seq"), round);
    slowest = std::max(slowest, since(lifted));
  }
  figure("missed messages came after", slowest);
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
  cluster.reset();  // before its way to Redis
}

}  // namespace
}  // namespace chat::test
