// A database that may lose committed data: the server runs on it, with a warning.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kSetting = "innodb_flush_log_at_trx_commit";

// Warnings about the password in the arguments of the test's server, and about its new database.
std::string without_usual_warnings(std::string text) {
  for (const char* usual : {"chatserver: warning: --set mysql.password",
                            "chatserver: warning: created a new database: "}) {
    const auto begin = text.find(usual);
    if (begin != std::string::npos) text.erase(begin, text.find('\n', begin) + 1 - begin);
  }
  return text;
}

class Durability : public ::testing::Test {
 protected:
  // The output of a started server for its operator.
  static std::string said(const ServerProcess& server) {
    return without_usual_warnings(read_file(server.dir() / "stderr"));
  }
  RunResult check(const Settings& more = {}) const {
    Settings settings = storage.settings();
    settings.insert(settings.end(), more.begin(), more.end());
    auto command = chatserver_command(dir.path(), settings);
    command.emplace_back("--check");
    RunResult result = run_to_end(command);
    result.errors = without_usual_warnings(result.errors);
    return result;
  }

  TempDir dir;
  TestStorage storage{dir.path()};
};

TEST_F(Durability, SafeSettingsCauseNoWarning) {
  const ServerProcess server;
  EXPECT_THAT(said(server), IsEmpty());
  EXPECT_THAT(server.log(), Not(HasSubstr("not_durable")));
  const RunResult checked = check();
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_THAT(checked.errors, IsEmpty());
}

class WeakDatabase : public Durability {
 protected:
  void SetUp() override {
    if (!on_mysql()) GTEST_SKIP() << "an embedded database is refused when it is not durable";
  }
  void TearDown() override {
    if (on_mysql()) set(1);
  }
  static void set(int value) {
    mariadb().query("SET GLOBAL " + std::string(kSetting) + " = " + std::to_string(value));
  }
};

TEST_F(WeakDatabase, IsReportedInTheLogAndOnStderrBeforeReady) {
  set(2);
  const ServerProcess server;  // has read the ready line
  EXPECT_THAT(said(server), HasSubstr("innodb_flush_log_at_trx_commit is 2"));
  EXPECT_THAT(read_file(server.dir() / "server.log"),
              ::testing::ContainsRegex("level=error .*event=not_durable .*innodb_flush_log_at_trx_"
                                       "commit is 2"));
  RawClient client(server.port());
  expect_alive(client);
}

TEST_F(WeakDatabase, IsACommentInTheOutputOfCheck) {
  const RunResult well = check();
  set(0);
  const RunResult weak = check();
  EXPECT_EQ(weak.exit_code, 0);
  EXPECT_THAT(well.output, HasSubstr(" answers and keeps committed data\n"));
  EXPECT_THAT(well.errors, Not(HasSubstr("innodb_flush_log_at_trx_commit")));
  EXPECT_THAT(weak.output, HasSubstr("\n# innodb_flush_log_at_trx_commit is 0"));
  EXPECT_THAT(weak.errors, ::testing::StartsWith("# innodb_flush_log_at_trx_commit is 0"));
}

TEST_F(WeakDatabase, UnreachableDatabaseIsACommentInTheOutputOfCheck) {
  const RunResult away = check({"mysql.socket=/nonexistent/mysql.sock"});
  EXPECT_EQ(away.exit_code, 0);
  EXPECT_THAT(away.output, HasSubstr("[mysql]"));
  EXPECT_THAT(away.errors, ::testing::StartsWith("# mysql:"));
  EXPECT_THAT(away.errors, Not(HasSubstr(MariadbServer::password())));
}

}  // namespace
}  // namespace chat::test
