// Servers whose database account may only read and write rows.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "integration/server_fixture.h"
#include "support/processes/cluster.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kServiceRights = "GRANT SELECT, INSERT, UPDATE, DELETE ON ";

// A database with two accounts: `database` is also the name of the one that has all rights on it.
class ServiceAccount : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>(0);
    database = cluster->storage().database();
    account = database + "_service";
    mariadb().query("CREATE USER " + account + "@localhost IDENTIFIED BY '" +
                    MariadbServer::password() + "'");
    mariadb().query(kServiceRights + database + ".* TO " + account + "@localhost");
  }

  Settings as(const std::string& user) const {
    Settings settings = cluster->storage().settings();
    settings.push_back("mysql.user=" + user);
    settings.push_back("log.file=");
    return settings;
  }
  RunResult start(const std::string& user, bool migrate = false) {
    auto command = chatserver_command(dir.path(), as(user));
    if (migrate) command.emplace_back("--migrate");
    return run_to_end(command);
  }
  // Run by the service account itself.
  RunResult query(const std::string& sql) const {
    return run_to_end({"/usr/bin/mariadb", "--no-defaults", "--user=" + account,
                       std::string("--password=") + MariadbServer::password(),
                       "--socket=" + mariadb().socket(), "--database=" + database,
                       "--execute=" + sql});
  }
  ServerProcess& add_node() { return cluster->add_node({"mysql.user=" + account}); }

  void expect_sent_to_migrate() {
    const RunResult refused = start(account);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.errors, HasSubstr("chatserver --migrate"));
    EXPECT_THAT(refused.output, ::testing::Not(HasSubstr("ready ")));
  }

  TempDir dir;
  std::unique_ptr<Cluster> cluster;
  std::string database;
  std::string account;
};

TEST_F(ServiceAccount, IsToldToMigrateFirst) {
  expect_sent_to_migrate();
  EXPECT_EQ(start(account, true).exit_code, 1) << "it may not do that either";
  EXPECT_EQ(cluster->storage().number(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"),
            0);

  const RunResult migrated = start(database, true);
  EXPECT_EQ(migrated.exit_code, 0) << migrated.errors;
  cluster->storage().execute(
      "DELETE FROM schema_version ORDER BY version DESC LIMIT 1");  // as if the server were newer
  expect_sent_to_migrate();
  EXPECT_EQ(start(database, true).exit_code, 0);
  EXPECT_EQ(add_node().running(), true);
}

TEST_F(ServiceAccount, SufficesForAWholeConversation) {
  ASSERT_EQ(start(database, true).exit_code, 0);
  const std::uint16_t port = add_node().port();
  const std::uint16_t other = add_node().port();

  User alice = new_user(port, "alice");
  User bob = new_user(other, "bob");
  request_ok(alice.client, add_friend_request(alice.account, bob.id()));
  alice.chat(bob.id(), "good morning");
  EXPECT_EQ(bob.client.push(6).at("msg"), "good morning");
  const std::int64_t group = alice.create_group("everybody");
  bob.join_group(group);
  bob.group_chat(group, "to all of you");
  EXPECT_EQ(alice.client.push(10).at("msg"), "to all of you");
  bob.log_out();
  alice.chat(bob.id(), "while you were away");
  EXPECT_EQ(alice.client.request({{"msgid", 25}, {"with", bob.id()}}).at("errno"), 0);
  bob = log_in(port, bob.account);
  EXPECT_EQ(collect_messages(bob, 1).front().at("msg"), "while you were away");

  // The second server frees what the first one held when it died.
  const User held = new_user(port, "held by the first");
  cluster->node(0).kill9();
  RawClient client(other);
  EXPECT_EQ(client.request(login_request(held.account)).at("errno"), 2);
  EXPECT_TRUE(
      wait_until([&] { return client.request(login_request(held.account)).at("errno") == 0; },
                 milliseconds{20'000}));
  const std::string log = cluster->node(1).log();
  EXPECT_THAT(log, HasSubstr("event=node_swept"));
  EXPECT_THAT(log, ::testing::Not(HasSubstr("denied")));
}

// Through the same account one can kill its connections, as a sweep does.
TEST_F(ServiceAccount, MayKillItsConnectionsButChangeNoTable) {
  ASSERT_EQ(start(database, true).exit_code, 0);
  add_node();
  const std::string of_the_server = mariadb().query(
      "SELECT id FROM information_schema.processlist WHERE user = '" + account + "' LIMIT 1");
  const RunResult killed = query("KILL CONNECTION " + of_the_server);
  EXPECT_EQ(killed.exit_code, 0) << killed.errors;
  for (const char* sql : {"CREATE TABLE more (id INT)", "ALTER TABLE user ADD COLUMN more INT",
                          "DROP TABLE user", "DROP VIEW offlinemessage", "TRUNCATE TABLE user",
                          "CREATE INDEX more ON user (state)", "SELECT * FROM mysql.user"}) {
    const RunResult refused = query(sql);
    EXPECT_EQ(refused.exit_code, 1) << sql;
    EXPECT_THAT(refused.errors, HasSubstr("denied")) << sql;
  }
}

TEST_F(ServiceAccount, HasTheDocumentedRights) {
  const std::string manual =
      read_file(std::filesystem::path(std::getenv("CHAT_SOURCE_ROOT")) / "conf/README.md");
  EXPECT_THAT(manual, HasSubstr("\n" + std::string(kServiceRights) + "chat.* TO chat@localhost;"));
  EXPECT_THAT(manual, HasSubstr("\nGRANT ALL ON chat.* TO chat_admin@localhost;"));
}

}  // namespace
}  // namespace chat::test
