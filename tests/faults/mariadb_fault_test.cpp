// The database dies, hangs, or drops its clients under traffic. Nobody is logged out, and
// acknowledged messages are kept.
#include <signal.h>
#include <unistd.h>

#include "fault_fixture.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

class MariadbFault : public Faults {
 protected:
  void expect_nobody_was_cut_off() {
    ASSERT_TRUE(traffic->flows(100));
    EXPECT_EQ(expect_promises().at("disconnections"), 0);
  }
};

TEST_F(MariadbFault, KilledThreeTimes) {
  start();
  start_traffic();
  for (int kill = 0; kill < 3; ++kill) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    mariadb().kill9();
    expect_alive(witnesses[0].client);
    mariadb().start();
  }
  expect_nobody_was_cut_off();
}

TEST_F(MariadbFault, StoppedForTenSeconds) {
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  mariadb().freeze();
  stay_alive_for(milliseconds{10'000}, witnesses[0].client);
  mariadb().thaw();
  expect_nobody_was_cut_off();
}

// Messages accepted but not yet stored are lost with the server, and those sent to the database
// with the database (one that was only stopped still reads them): none of them may have been
// acknowledged.
TEST_F(MariadbFault, ServersAreKilledWhileMariadbIsStopped) {
  start();
  start_traffic();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(traffic->flows(random(50, 150)));
    mariadb().freeze();
    stay_alive_for(milliseconds{500}, witnesses[0].client);
    for (std::size_t i : {0U, 1U}) cluster->node(i).kill9();
    if (round == 1) {
      mariadb().thaw();
    } else {
      mariadb().kill9();
      mariadb().start();
    }
    for (std::size_t i : {1U, 0U}) cluster->node(i).start();
    witnesses[0] = log_in_soon(cluster->port(0), witnesses[0].account);
  }
  ASSERT_TRUE(traffic->flows(300));
  EXPECT_GT(expect_promises().at("disconnections"), 0);
}

TEST_F(MariadbFault, EveryConnectionResetFiveTimes) {
  MysqlProxy proxy(mariadb().socket());
  start(std::make_unique<Cluster>(2, Settings{"mysql.socket=" + proxy.socket()}));
  start_traffic();
  for (int reset = 0; reset < 5; ++reset) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    proxy.network().reset_all();
  }
  expect_nobody_was_cut_off();
  cluster.reset();  // before its way to the database
}

TEST_F(MariadbFault, EveryConnectionKilledTenTimes) {
  start();
  start_traffic();
  for (int round = 0; round < 10; ++round) {
    mariadb().query("KILL USER " + cluster->storage().database() + "@localhost");
    if (round % 3 == 0) {
      ASSERT_TRUE(traffic->flows(random(1, 50)));
    }
  }
  expect_nobody_was_cut_off();
}

TEST_F(MariadbFault, IdleConnectionsAreClosedAfterTwoSeconds) {
  mariadb().query("SET GLOBAL wait_timeout = 2");
  start();
  start_traffic({cluster->port(0)}, {.pairs = 2, .groups = 1, .group_size = 3, .per_second = 5});
  ASSERT_TRUE(traffic->flows(5));
  stay_alive_for(milliseconds{6'000}, witnesses[1].client);
  // The other server's pool was idle for longer.
  User& idle = witnesses[1];
  for (int round = 1; round <= 3; ++round) {
    EXPECT_EQ(idle.chat(idle.id(), std::to_string(round), "w" + std::to_string(round)).at("seq"),
              round);
    stay_alive_for(milliseconds{2'500}, idle.client);
  }
  ASSERT_TRUE(traffic->flows(5));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
  mariadb().query("SET GLOBAL wait_timeout = DEFAULT");
}

// A foreign session locks two group members in the opposite order of the servers: whichever victim
// the database picks, all cursors arrive and all messages are stored once. (The lanes that store
// messages wait for no row, so they cannot deadlock.) Both members are on one server, which writes
// their cursors in one transaction.
TEST_F(MariadbFault, ForcedDeadlocksLoseNothing) {
  constexpr int kWanted = 3;
  const auto deadlocks = []() -> std::int64_t {
    const std::string row = mariadb().query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
    return std::stoll(row.substr(row.find('\t') + 1));
  };
  start();
  start_traffic(ports(), {.pairs = 5, .groups = 2, .group_size = 10, .per_second = 200});
  const std::string& database = cluster->storage().database();
  const auto update_of_member = [&](const std::string& order) {
    return "UPDATE groupuser SET read_seq = read_seq WHERE " +
           mariadb().query(
               "SELECT CONCAT('groupid = ', m.groupid, ' AND userid = ', m.userid)"
               " FROM groupuser m JOIN user u ON u.id = m.userid"
               " WHERE u.node_id = (SELECT MIN(id) FROM node)"
               " ORDER BY m.groupid " +
                   order + ", m.userid " + order + " LIMIT 1",
               database) +
           ";";
  };
  const std::string last_first = "BEGIN; " + update_of_member("DESC") + " DO SLEEP(0.1); " +
                                 update_of_member("ASC") + " COMMIT";
  const std::int64_t before = deadlocks();
  EXPECT_TRUE(wait_until(
      [&] {
        try {
          mariadb().query(last_first, database);
        } catch (const std::runtime_error& victim) {
          EXPECT_NE(std::string(victim.what()).find("1213"), std::string::npos) << victim.what();
        }
        return deadlocks() >= before + kWanted;
      },
      milliseconds{60'000}))
      << deadlocks() - before << " deadlocks";
  expect_nobody_was_cut_off();
}

// Delays each fsync of the database by a quarter of a second.
TEST_F(MariadbFault, SlowDiskDelaysButLosesNothing) {
  constexpr const char* kStrace = "/usr/bin/strace";
  if (::access(kStrace, X_OK) != 0) GTEST_SKIP() << kStrace << " is not here: install strace";
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(50));
  TempDir dir;
  ChildProcess strace({kStrace, "-f", "-e", "trace=fsync,fdatasync", "-e",
                       "inject=fsync,fdatasync:delay_enter=250000", "-o", "/dev/null", "-p",
                       std::to_string(mariadb().pid())},
                      dir.file("said"));
  const auto said = [&] { return read_file(dir.file("said")); };
  ASSERT_TRUE(wait_until(
      [&] { return !strace.running() || said().find("attached") != std::string::npos; }));
  if (!strace.running()) GTEST_SKIP() << "strace may not: " << said();
  EXPECT_TRUE(traffic->flows(300)) << "a batch grows while the one before it is committed";
  stay_alive_for(milliseconds{3'000}, witnesses[0].client);
  strace.send_signal(SIGTERM);
  strace.wait_exit(Deadline{});
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  EXPECT_EQ(report.at("disconnections"), 0);
  EXPECT_GT(report.at("ack_ms").at("p99"), 250) << "the disk was not slow";
}

}  // namespace
}  // namespace chat::test
