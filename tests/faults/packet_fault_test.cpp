// Packets are lost, in one direction or both: between clients and their server, and between servers
// and Redis. Here the kernel drops them, so that its own time-outs apply too;
// network_fault_test.cpp holds data back between two live connections.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fault_fixture.h"
#include "support/processes/own_network.h"

namespace chat::test {
namespace {

// chatcheck waits 10 s for an answer.
constexpr milliseconds kShorterThanPatience{6'000};
constexpr milliseconds kLongerThanPatience{13'000};
constexpr milliseconds kSilencePromise{90'000};

struct Loss {
  bool to;
  bool from;
  milliseconds time;
};
constexpr Loss kOneWay{true, false, kShorterThanPatience};
constexpr Loss kOtherWay{false, true, kShorterThanPatience};
constexpr Loss kBothWays{true, true, kLongerThanPatience};

class PacketFault : public Faults {
 protected:
  void SetUp() override {
    if (const std::string why = OwnNetwork::missing(); !why.empty()) GTEST_SKIP() << why;
    Faults::SetUp();
    if (!IsSkipped()) network.emplace();
  }
  void lose(const Loss& loss, std::uint16_t port, RawClient& meanwhile) {
    if (loss.to) network->drop_to(port);
    if (loss.from) network->drop_from(port);
    stay_alive_for(loss.time, meanwhile);
  }
  // Drops all packets from and to it.
  void silence(const User& user) {
    network->drop_to(user.client.local_port());
    network->drop_from(user.client.local_port());
  }
  std::optional<OwnNetwork> network;
};

TEST_F(PacketFault, PacketLossBetweenClientsAndAServer) {
  start();
  start_traffic();
  for (const Loss& loss : {kOneWay, kOtherWay, kBothWays}) {
    ASSERT_TRUE(traffic->flows(100));
    lose(loss, cluster->port(0), witnesses[1].client);
    network->pass_all();
  }
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_GT(expect_promises().at("disconnections"), 0) << "it was over before anybody noticed";
}

TEST_F(PacketFault, PacketLossBetweenServersAndRedis) {
  const RedisServer redis({.tcp = true, .password = ""});
  const std::string port = std::to_string(redis.port());
  auto made = std::make_unique<Cluster>(0);
  for (int i = 0; i < 2; ++i) made->add_node({"redis.socket=", "redis.port=" + port});
  start(std::move(made));
  start_traffic();
  for (const Loss& loss : {kOneWay, kOtherWay, kBothWays}) {
    ASSERT_TRUE(traffic->flows(100));
    lose(loss, redis.port(), witnesses[0].client);
    EXPECT_TRUE(traffic->flows(100)) << "nobody needs Redis to store a message";
    network->pass_all();
  }
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
  cluster.reset();  // before its Redis
}

// With and without heartbeats, and with and without data in flight.
TEST_F(PacketFault, SilentClientsSoonCountAsOffline) {
  start();
  User watcher = new_user(cluster->port(1), "watcher");
  watcher.client.keep_presence();
  std::vector<User> silent;
  silent.push_back(new_user(cluster->port(0), "heartbeat", Wire::kText, {{"heartbeat", true}}));
  silent.push_back(new_user(cluster->port(0), "plain"));
  silent.push_back(new_user(cluster->port(0), "plain, written to"));
  for (const User& user : silent) {
    request_ok(watcher.client, add_friend_request(watcher.account, user.id()));
  }
  for (const User& user : silent) silence(user);
  const auto silenced = Clock::now();
  watcher.chat(silent.back().id(), "are you there?");
  std::vector<std::int64_t> offline;
  EXPECT_TRUE(wait_until(
      [&] {
        watcher.client.take_in(milliseconds{100});
        while (watcher.client.waiting() > 0) {
          const Json push = watcher.client.receive();
          if (push.value("msgid", 0) != 200 || push.value("state", "") != "offline") continue;
          offline.push_back(push.at("id"));
          const auto user = std::find_if(silent.begin(), silent.end(), [&](const User& each) {
            return each.id() == offline.back();
          });
          if (user == silent.end()) continue;
          figure(user->account.name + ": offline after", since(silenced));
        }
        return offline.size() >= silent.size();
      },
      kSilencePromise))
      << offline.size() << " of " << silent.size() << " are offline";
  expect_promises();
}

}  // namespace
}  // namespace chat::test
