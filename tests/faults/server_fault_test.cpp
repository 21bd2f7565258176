// Chat servers die, stop and are restarted under traffic.

#include "fault_fixture.h"
#include "support/processes/nginx_server.h"

namespace chat::test {
namespace {

constexpr int kMoreThanAStreamKnows = 100;

class ServerFault : public Faults {
 protected:
  void SetUp() override {
    Faults::SetUp();
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
  }
  // Traffic through nginx, which detects dead servers.
  void start_behind_nginx() {
    start();
    nginx = std::make_unique<NginxServer>(cluster->proxy_ports());
    start_traffic({nginx->port()});
  }

  std::unique_ptr<NginxServer> nginx;
};

TEST_F(ServerFault, ServersAreKilledTenTimesBehindNginx) {
  constexpr int kKills = 10;
  start_behind_nginx();
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_TRUE(traffic->flows(random(20, 150))) << "before kill " << kill;
    ServerProcess& victim = cluster->node(static_cast<std::size_t>(random(0, 1)));
    victim.kill9();
    // Sometimes it returns unnoticed, sometimes the other one serves alone.
    if (random(0, 1) == 1) {
      ASSERT_TRUE(traffic->flows(50)) << "after kill " << kill;
    }
    victim.start();
  }
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  EXPECT_GT(report.at("disconnections"), 0);
}

TEST_F(ServerFault, BothServersAreKilledAtOnce) {
  start();
  start_traffic();
  for (int kill = 0; kill < 2; ++kill) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    for (std::size_t i : {0U, 1U}) cluster->node(i).kill9();
    for (std::size_t i : {1U, 0U}) cluster->node(i).start();
  }
  ASSERT_TRUE(traffic->flows(100));
  expect_promises();
}

TEST_F(ServerFault, ServerIsKilledWhileClientsDoNotResend) {
  CheckedTraffic::Load load;
  load.resend = false;
  start();
  start_traffic(ports(), load);
  for (const std::size_t i : {0U, 1U, 0U}) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    cluster->node(i).kill9();
    cluster->node(i).start();
  }
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  figure("without an ack",
         report.at("sent").get<std::int64_t>() - report.at("acked").get<std::int64_t>());
  EXPECT_GT(report.at("disconnections"), 0);
}

TEST_F(ServerFault, ServerStoppedForTwentySecondsLosesItsUsersAndExits) {
  constexpr milliseconds kStopped{20'000};
  start_behind_nginx();
  ASSERT_TRUE(traffic->flows(100));
  ServerProcess& stopped = cluster->node(1);
  User& old_session = witnesses[1];
  stopped.freeze();
  // Stays in the socket until the server continues, with unknown outcome.
  const auto chat = [&](const std::string& cid) {
    return chat_request(old_session.account, witnesses[0].id(), "text of " + cid, cid);
  };
  old_session.client.send(chat("c1"));
  const auto halted = Clock::now();

  // Its users are free after a while, or at once by a takeover.
  User impatient = log_in(cluster->port(0), old_session.account, Wire::kText, {{"takeover", true}});
  // Resent by the new session, followed by so many messages that the stream no longer remembers the
  // cid.
  for (int i = 1; i <= kMoreThanAStreamKnows; ++i) {
    EXPECT_EQ(request_ok(impatient.client, chat("c" + std::to_string(i))).at("seq"), i);
  }
  EXPECT_TRUE(wait_until(
      [&] {
        return cluster->storage().number(
                   "SELECT count(*) FROM user WHERE state = 'online' AND"
                   " node_id = (SELECT id FROM node WHERE name = 'node-2')"
                   " AND node_epoch = (SELECT epoch FROM node WHERE name ="
                   " 'node-2')") == 0;
      },
      kLoginPromise));
  figure("its users are free after", since(halted));
  EXPECT_LT(since(halted), scaled(kLoginPromise));
  stay_alive_for(kStopped - since(halted), witnesses[0].client);

  stopped.thaw();
  const auto went_on = Clock::now();
  EXPECT_EQ(stopped.wait_exit(), kExitLeaseLost) << "it goes on without its lease";
  figure("it ended after", since(went_on));
  bool told = false;
  for (const Json& word : old_session.client.receive_to_end()) {
    told = told || word.value("msgid", 0) == 204;
    EXPECT_FALSE(word.value("msgid", 0) == 106 && word.value("errno", 0) == 0)
        << "stored without a lease: " << word;
  }
  EXPECT_TRUE(told) << "its session was closed without a BYE";
  expect_alive(impatient.client);
  impatient.client.close();
  stopped.start();
  ASSERT_TRUE(traffic->flows(100));
  expect_promises();
}

TEST_F(ServerFault, ServersAreRestartedOneAfterTheOther) {
  start_behind_nginx();
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i : {0U, 1U}) {
      ASSERT_TRUE(traffic->flows(100));
      cluster->node(i).terminate();
      cluster->node(i).start();
    }
  }
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  EXPECT_GT(report.at("disconnections"), 0);
}

}  // namespace
}  // namespace chat::test
