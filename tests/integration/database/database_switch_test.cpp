// The database server takes no more writes, and its address leads to another one now or soon. The
// chat server finds that one by itself; requests refused meanwhile may be repeated.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/occurrences.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

// After a writable server can be reached.
constexpr milliseconds kBackWithin{5'000};

class DatabaseSwitch : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "an embedded database has no address";
    proxy = std::make_unique<MysqlProxy>(mariadb().socket());
    server = std::make_unique<ServerProcess>(Settings{"mysql.socket=" + proxy->socket()});
    alice = std::make_unique<User>(new_user(server->port(), "alice"));
    bob = register_account(server->port(), "bob");
    group = alice->create_group("here");
    alice->chat(bob.id, "1", "d1");
    alice->group_chat(group, "1", "g1");
  }
  void TearDown() override {
    if (on_mysql()) mariadb().query("SET GLOBAL read_only = 0, GLOBAL tx_read_only = 0");
  }
  std::vector<Json> requests(const std::string& number) const {
    return {chat_request(alice->account, bob.id, number, "d" + number),
            group_chat_request(alice->account, group, number, "g" + number),
            add_friend_request(alice->account, bob.id)};
  }
  void expect_refused_for_now(const std::string& number) {
    for (const Json& request : requests(number)) {
      const auto began = Clock::now();
      const Json reply = alice->client.request(request);
      EXPECT_LT(Clock::now() - began, scaled(milliseconds{2'000})) << request;
      EXPECT_THAT(reply.value("errno", 0), ::testing::AnyOf(31, 32)) << reply;
      EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
    }
  }
  void expect_back(const std::string& number) {
    const auto began = Clock::now();
    for (const Json& request : requests(number)) {
      const Json reply = request_patiently(alice->client, request);
      EXPECT_EQ(reply.value("errno", -1), 0) << reply;
    }
    EXPECT_LT(Clock::now() - began, scaled(kBackWithin));
  }
  void expect_told_once() const {
    EXPECT_TRUE(wait_until([&] {  // of the watch, which probes periodically
      return occurrences(server->log(), "event=database_back") == 1;
    })) << server->log();
    EXPECT_EQ(occurrences(server->log(), "event=database_lost"), 1);
  }

  std::unique_ptr<MysqlProxy> proxy;
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<User> alice;
  Account bob;
  std::int64_t group = 0;
};

TEST_F(DatabaseSwitch, ReadOnlyServerMeansUnavailableAndRecovers) {
  mariadb().query("SET GLOBAL read_only = 1");
  for (int round = 0; round < 3; ++round) expect_refused_for_now("2");
  EXPECT_TRUE(wait_until([&] { return occurrences(server->log(), "event=database_lost") == 1; }));
  mariadb().query("SET GLOBAL read_only = 0");
  expect_back("2");
  expect_told_once();
}

// A replica that lacks the last rows has taken over. Recipients of lost messages must get those
// that reuse their seqs.
TEST_F(DatabaseSwitch, LostRowsAreDetectedBeforeAnythingIsWritten) {
  User reader = log_in(server->port(), bob);
  MariadbServer replica;
  replica.copy_database(mariadb(), server->storage().database());
  for (const char* text : {"2", "3", "4"}) {
    alice->chat(bob.id, text, std::string("d") + text);
    EXPECT_EQ(reader.client.push(6).at("msg"), text);
  }
  EXPECT_EQ(occurrences(server->log(), "event=rows_lost"), 0);
  proxy->network().redirect(replica.socket());
  proxy->network().reset_all();
  EXPECT_TRUE(wait_until([&] { return occurrences(server->log(), "event=rows_lost") > 0; }));
  EXPECT_EQ(request_patiently(alice->client, chat_request(alice->account, bob.id, "new", "new"))
                .at("seq"),
            2);
  EXPECT_EQ(reader.client.push(6).at("msg"), "new");
}

// Likewise the state behind a session: the account, the login, the membership of a group.
TEST_F(DatabaseSwitch, LostSessionsEndAndLostGroupsAreLeft) {
  User reader = log_in(server->port(), bob);
  MariadbServer replica;
  replica.copy_database(mariadb(), server->storage().database());
  const std::int64_t lost_group = reader.create_group("lost");
  reader.join_group(group);
  User carol = new_user(server->port(), "carol");
  alice->log_out();
  alice = std::make_unique<User>(log_in(server->port(), alice->account));
  proxy->network().redirect(replica.socket());
  proxy->network().reset_all();
  for (User* lost : {&carol, alice.get()}) {
    const Json bye = lost->client.push(204);
    EXPECT_EQ(bye.at("reason"), "session_lost");
    EXPECT_GE(bye.at("reconnect_after_ms"), 0);
  }
  EXPECT_TRUE(wait_until([&] { return occurrences(server->log(), "event=groups_lost") == 1; }));
  // The ids are reassigned.
  User dave = new_user(server->port(), "dave");
  EXPECT_EQ(dave.id(), carol.id());
  EXPECT_EQ(dave.create_group("new"), lost_group);
  dave.group_chat(lost_group, "not for the reader");
  *alice = log_in(server->port(), alice->account);
  alice->group_chat(group, "not for the reader either");
  expect_no_push(reader);
}

// Connections that are open stay with the old server for as long as nobody closes them.
TEST_F(DatabaseSwitch, NewPrimaryAtTheSameAddressIsFollowed) {
  MariadbServer other;
  other.copy_database(mariadb(), server->storage().database());
  mariadb().query("SET GLOBAL read_only = 1");
  expect_refused_for_now("2");
  proxy->network().redirect(other.socket());
  expect_back("2");
  EXPECT_EQ(other.query("SELECT COUNT(*) FROM directmessage", server->storage().database()), "2");
  EXPECT_EQ(other.query("SELECT COUNT(*) FROM groupmessage", server->storage().database()), "2");
  expect_told_once();
}

// The new primary is available before the switch is noticed, so refusals are short. Read-only
// connections get no error from the old server, but must leave it too.
TEST_F(DatabaseSwitch, EarlyAddressChangeIsFollowed) {
  MariadbServer other;
  other.copy_database(mariadb(), server->storage().database());
  proxy->network().redirect(other.socket());
  mariadb().query("SET GLOBAL read_only = 1");
  other.query("UPDATE allgroup SET groupdesc = 'moved'", server->storage().database());
  EXPECT_TRUE(wait_until(
      [&] {
        const Json groups = request_patiently(alice->client, {{"msgid", 31}, {"kind", "groups"}});
        return groups.at("groups").at(0).at("groupdesc") == "moved";
      },
      kBackWithin));
  expect_back("2");
  EXPECT_EQ(other.query("SELECT COUNT(*) FROM directmessage", server->storage().database()), "2");
  expect_told_once();
}

// New sessions begin read-only, as when a switch is prepared (1792).
TEST_F(DatabaseSwitch, ReadOnlyConnectionsAreDropped) {
  mariadb().query("SET GLOBAL tx_read_only = 1");
  mariadb().query("KILL USER " + server->storage().database() + "@localhost");
  for (int round = 0; round < 2; ++round) expect_refused_for_now("2");
  mariadb().query("SET GLOBAL tx_read_only = 0");
  expect_back("2");
}

// Transient errors: the statement that causes them and the one that ends them.
struct Shortage {
  const char* name;
  const char* begins;
  const char* ends;
  bool reconnect;
};
class Shortages : public DatabaseSwitch, public ::testing::WithParamInterface<Shortage> {};
INSTANTIATE_TEST_SUITE_P(
    Kinds, Shortages,
    ::testing::Values(Shortage{"PreparedStatements", "SET GLOBAL max_prepared_stmt_count = 0",
                               "SET GLOBAL max_prepared_stmt_count = DEFAULT", true},
                      Shortage{
                          "MissingTables",
                          "RENAME TABLE {db}.directmessage TO {db}.d, {db}.groupmessage TO {db}.g,"
                          " {db}.friend TO {db}.f",
                          "RENAME TABLE {db}.d TO {db}.directmessage, {db}.g TO {db}.groupmessage,"
                          " {db}.f TO {db}.friend",
                          false},
                      Shortage{"Rights", "REVOKE ALL ON {db}.* FROM {db}@localhost",
                               "GRANT ALL ON {db}.* TO {db}@localhost", true}),
    [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Shortages, AreNeverInternal) {
  const auto run = [&](std::string sql) {
    const std::string& database = server->storage().database();
    for (auto at = sql.find("{db}"); at != std::string::npos; at = sql.find("{db}")) {
      sql.replace(at, 4, database);
    }
    mariadb().query(sql);
    if (GetParam().reconnect) mariadb().query("KILL USER " + database + "@localhost");
  };
  run(GetParam().begins);
  for (int round = 0; round < 2; ++round) expect_refused_for_now("2");
  run(GetParam().ends);
  expect_back("2");
  EXPECT_EQ(occurrences(server->log(), "event=refused_internal"), 0) << server->log();
}

}  // namespace
}  // namespace chat::test
