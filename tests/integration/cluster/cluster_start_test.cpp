// Which servers may share a database, and how a starting server detects others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/unique_fd.h"
#include "integration/server_fixture.h"
#include "support/processes/cluster.h"
#include "support/processes/free_port.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

constexpr int kExitCannotStart = 1;
// A start that waits for a lease takes longer than this.
constexpr milliseconds kLease{10'000};
// A refused start first watches the other server's row change.
constexpr milliseconds kRefusalPatience{20'000};

class ClusterStart : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
  }

  // A server without a bus on the database of `storage`.
  std::vector<std::string> lone_command(const TestStorage& storage) const {
    return chatserver_command(dir_.path(), storage.settings());
  }
  // One more server of a cluster, under a given name.
  std::vector<std::string> node_command(Cluster& cluster, const std::string& name,
                                        const Settings& more = {}) const {
    Settings settings = cluster.storage().settings();
    settings.insert(settings.end(), more.begin(), more.end());
    settings.push_back("server.node=" + name);
    settings.push_back("bus.engine=redis");
    settings.push_back("redis.socket=" + cluster.redis().socket());
    return chatserver_command(dir_.path(), settings);
  }
  static RunResult refused(const std::vector<std::string>& command) {
    RunResult result = run_to_end(command, kRefusalPatience);
    EXPECT_EQ(result.exit_code, kExitCannotStart) << result.errors;
    EXPECT_THAT(result.output, Not(HasSubstr("ready")));
    return result;
  }
  static bool is_connectable(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const base::UniqueFd caller(::socket(AF_INET, SOCK_STREAM, 0));
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(caller.get(), generic, sizeof(address)) == 0;
  }
  static std::string process(const ServerProcess& server) {
    return "process " + std::to_string(server.pid()) + " on ";
  }
  // True if the server renews its lease, and so has not lost it.
  static bool renews(const TestStorage& storage, const std::string& name) {
    const std::string sql = "SELECT lease_until FROM node WHERE name = '" + name + "'";
    const std::int64_t before = storage.number(sql);
    return wait_until([&] { return storage.number(sql) > before; });
  }

  TempDir dir_;
};

TEST_F(ClusterStart, ServerWithoutABusIsRefusedOnAClustersDatabase) {
  Cluster cluster;
  User alice = new_user(cluster.port(0), "alice");
  User bob = new_user(cluster.port(1), "bob");
  const RunResult result = refused(lone_command(cluster.storage()));
  EXPECT_THAT(result.errors, HasSubstr("another server is using the database"));
  EXPECT_THAT(result.errors, HasSubstr(process(cluster.node(0))));
  EXPECT_TRUE(renews(cluster.storage(), "node-1"));
  EXPECT_TRUE(renews(cluster.storage(), "node-2"));
  alice.chat(bob.id(), "still here");
  EXPECT_EQ(bob.client.push(6).at("msg"), "still here");
  EXPECT_TRUE(cluster.node(0).running());
  EXPECT_TRUE(cluster.node(1).running());
}

TEST_F(ClusterStart, NodeIsRefusedOnTheDatabaseOfAServerWithoutABus) {
  Cluster cluster(0);
  ServerProcess lone(cluster.storage().settings());
  User alice = new_user(lone.port(), "alice");
  const RunResult result = refused(node_command(cluster, "node-1"));
  EXPECT_THAT(result.errors, HasSubstr("a server without a bus is using the database"));
  EXPECT_THAT(result.errors, HasSubstr(process(lone)));
  alice.chat(alice.id(), "still here");
  EXPECT_TRUE(lone.running());
}

// The exclusion does not depend on a connection to the database.
TEST_F(ClusterStart, SecondServerWithoutABusIsRefusedAfterADatabaseRestart) {
  TestStorage storage(dir_.path());
  ServerProcess lone(storage.settings());
  User alice = new_user(lone.port(), "alice");
  EXPECT_THAT(refused(lone_command(storage)).errors, HasSubstr(process(lone)));
  mariadb().kill9();
  mariadb().start();
  EXPECT_THAT(refused(lone_command(storage)).errors, HasSubstr(process(lone)));
  EXPECT_EQ(request_patiently(alice.client, chat_request(alice.account, alice.id(), "still here"))
                .at("errno"),
            0);
  EXPECT_TRUE(lone.running());
}

TEST_F(ClusterStart, OneOfSimultaneousStartsWithoutABusSucceeds) {
  constexpr std::size_t kServers = 3;
  TestStorage storage(dir_.path());
  { ServerProcess first(storage.settings()); }  // creates the tables
  std::vector<std::unique_ptr<TempDir>> dirs;
  std::vector<std::unique_ptr<ChildProcess>> servers;
  for (std::size_t i = 0; i < kServers; ++i) {
    dirs.push_back(std::make_unique<TempDir>());
    servers.push_back(std::make_unique<ChildProcess>(
        chatserver_command(dirs.back()->path(), storage.settings()), dirs.back()->file("stderr")));
  }
  std::size_t ready = 0;
  for (std::size_t i = 0; i < kServers; ++i) {
    const auto line = servers[i]->read_line(Deadline(kRefusalPatience));
    if (line && line->starts_with("ready ")) {
      ++ready;
      continue;
    }
    EXPECT_EQ(servers[i]->wait_exit(Deadline()), kExitCannotStart);
    EXPECT_THAT(read_file(dirs[i]->file("stderr")), HasSubstr("another server is using"));
  }
  EXPECT_EQ(ready, 1U);
}

TEST_F(ClusterStart, SecondServerOfANameIsRefusedAndHarmsNobody) {
  Cluster cluster(1);
  User alice = new_user(cluster.port(0), "alice");
  const RunResult result = refused(node_command(cluster, "node-1"));
  EXPECT_THAT(result.errors, HasSubstr("another server uses the name of this one: node node-1"));
  EXPECT_THAT(result.errors, HasSubstr(process(cluster.node(0))));
  EXPECT_THAT(result.errors, HasSubstr("127.0.0.1:" + std::to_string(cluster.port(0))));
  EXPECT_TRUE(renews(cluster.storage(), "node-1"));
  EXPECT_TRUE(cluster.node(0).running());
  alice.chat(alice.id(), "still here");
}

// Its process was on this machine and is gone, so its lease need not be waited for.
TEST_F(ClusterStart, CheckNamesTheServersThatUseTheDatabase) {
  Cluster cluster(1);
  const auto checked = [](std::vector<std::string> command) {
    command.emplace_back("--check");
    RunResult result = run_to_end(command);
    EXPECT_EQ(result.exit_code, 0);
    return result;
  };
  const std::string server = "a server named \"node-1\" uses the database";
  const RunResult same = checked(node_command(cluster, "node-1"));
  EXPECT_THAT(same.errors, HasSubstr(server + ", which is this server's name: while it runs"));
  const RunResult lone = checked(lone_command(cluster.storage()));
  EXPECT_THAT(lone.errors, HasSubstr(server + ", and one of the two has no bus: while it runs"));
  const RunResult other = checked(node_command(cluster, "other"));
  EXPECT_THAT(other.output, HasSubstr(server + ", too\n"));
  EXPECT_THAT(other.errors, Not(HasSubstr("node-1")));
}

TEST_F(ClusterStart, KilledServerRestartsAtOnce) {
  Cluster cluster(1);
  const auto killed = Clock::now();
  cluster.node(0).kill9();
  cluster.node(0).start();
  EXPECT_LT(Clock::now() - killed, kLease / 2);
  ServerProcess lone;
  const auto killed_lone = Clock::now();
  lone.kill9();
  lone.start();
  EXPECT_LT(Clock::now() - killed_lone, kLease / 2);
}

TEST_F(ClusterStart, StartWaitsForALeaseOfAnotherMachine) {
  Cluster cluster(1);
  cluster.node(0).kill9();
  cluster.storage().execute("UPDATE node SET holder = 'host=elsewhere pid=1 listen=10.0.0.1:6000'");
  const auto began = Clock::now();
  const std::uint16_t port = free_port();
  ChildProcess again(
      node_command(cluster, "node-1", {"server.listen=127.0.0.1:" + std::to_string(port)}),
      dir_.file("stderr"));
  // The time in which a balancer must find another server.
  ASSERT_TRUE(wait_until([&] {
    return read_file(dir_.file("stderr")).find("waiting for up to") != std::string::npos;
  }));
  EXPECT_FALSE(is_connectable(port));
  const auto line = again.read_line(Deadline(kRefusalPatience));
  const std::string errors = read_file(dir_.file("stderr"));
  ASSERT_TRUE(line && line->starts_with("ready ")) << errors;
  EXPECT_GE(Clock::now() - began, kLease);
  EXPECT_THAT(errors, HasSubstr("process 1 on elsewhere, listening on 10.0.0.1:6000"));
  EXPECT_TRUE(is_connectable(port));
}

TEST_F(ClusterStart, ServerStoppedForLessThanItsLeaseKeepsItsName) {
  Cluster cluster(1);
  User alice = new_user(cluster.port(0), "alice");
  ServerProcess& older = cluster.node(0);
  ASSERT_TRUE(renews(cluster.storage(), "node-1"));
  older.freeze();
  const auto stopped = Clock::now();
  ChildProcess newcomer(node_command(cluster, "node-1"), dir_.file("stderr"));
  // Not scaled for sanitizers, because the lease is not either.
  wait_until([&] { return !newcomer.running() || Clock::now() - stopped > kLease * 6 / 10; });
  EXPECT_TRUE(newcomer.running()) << read_file(dir_.file("stderr"));
  older.thaw();
  EXPECT_EQ(newcomer.wait_exit(Deadline(kRefusalPatience)), kExitCannotStart);
  EXPECT_THAT(read_file(dir_.file("stderr")), HasSubstr(process(older)));
  alice.chat(alice.id(), "still here");
  EXPECT_TRUE(renews(cluster.storage(), "node-1"));
  EXPECT_TRUE(older.running());
}

TEST_F(ClusterStart, ServerStoppedForLongerThanItsLeaseLosesItsName) {
  Cluster cluster(1);
  ServerProcess& older = cluster.node(0);
  older.freeze();
  const auto stopped = Clock::now();
  ChildProcess newcomer(node_command(cluster, "node-1"), dir_.file("stderr"));
  const auto line = newcomer.read_line(Deadline(kLease * 2));
  ASSERT_TRUE(line && line->starts_with("ready ")) << read_file(dir_.file("stderr"));
  EXPECT_GE(Clock::now() - stopped, kLease);
  older.thaw();
  EXPECT_EQ(older.wait_exit(), kExitLeaseLost);
  EXPECT_TRUE(newcomer.running());
  newcomer.send_signal(SIGTERM);
  EXPECT_EQ(newcomer.wait_exit(Deadline()), 0);
  older.start();
}

TEST_F(ClusterStart, ReplacedServerWithoutABusStoresNothing) {
  TestStorage storage(dir_.path());
  ServerProcess older(storage.settings());
  User alice = new_user(older.port(), "alice");
  alice.chat(alice.id(), "before", "c1");
  older.freeze();
  alice.client.send(chat_request(alice.account, alice.id(), "while stopped", "c2"));
  TempDir dir;
  ChildProcess newcomer(chatserver_command(dir.path(), storage.settings()), dir.file("stderr"));
  const auto line = newcomer.read_line(Deadline(kLease * 2));
  ASSERT_TRUE(line && line->starts_with("ready ")) << read_file(dir.file("stderr"));
  older.thaw();
  EXPECT_EQ(older.wait_exit(), kExitLeaseLost);
  EXPECT_EQ(storage.number("SELECT count(*) FROM directmessage"), 1);
  EXPECT_TRUE(newcomer.running());
  newcomer.send_signal(SIGTERM);
  EXPECT_EQ(newcomer.wait_exit(Deadline()), 0);
  older.start();
}

TEST_F(ClusterStart, StartWithALostCommitAnswerSucceeds) {
  MysqlProxy proxy(mariadb().socket());
  Cluster cluster(1);
  for (const auto cut : {MysqlProxy::Cut::kAfterDelivery, MysqlProxy::Cut::kBeforeDelivery}) {
    const int cuts = proxy.cuts();
    proxy.cut_next_commit(cut);
    const auto began = Clock::now();
    ServerProcess& added = cluster.add_node({"mysql.socket=" + proxy.socket()});
    EXPECT_EQ(proxy.cuts(), cuts + 1);
    EXPECT_LT(Clock::now() - began, kLease / 2);
    User alice = new_user(added.port(), "user-" + std::to_string(cuts));
    alice.chat(alice.id(), "works");
  }
  EXPECT_EQ(cluster.storage().number("SELECT count(*) FROM node WHERE lease_until > 0"), 3);
}

}  // namespace
}  // namespace chat::test
