// Operation: SIGHUP, a start in another folder, a check before a start.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "integration/server_fixture.h"
#include "support/processes/free_port.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(HangUp, DoesNotEndAServerThatLogsToStderr) {
  ServerProcess server({"log.file="});
  ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(
      wait_until([&] { return server.log().find("event=hangup_ignored") != std::string::npos; }));
  RawClient client(server.port());
  expect_alive(client);
  server.terminate();
}

TEST(HangUp, IsNotBlockedByALogPipeWithoutAReader) {
  ServerProcess server;
  const fs::path name = server.dir() / "server.log";
  const fs::path old = server.dir() / "old.log";
  fs::rename(name, old);
  ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(wait_until(
      [&] { return read_file(old).find("event=log_not_reopened") != std::string::npos; }));
  RawClient client(server.port());
  expect_alive(client);
  fs::remove(name);
  server.terminate();
}

class NewDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    if (on_mysql()) GTEST_SKIP() << "a server makes no MySQL database";
  }
};

TEST_F(NewDatabase, IsNamedOnStderrAndInTheLogOnce) {
  ServerProcess server;
  const std::string file = fs::canonical(server.dir() / "chat.db").string();
  server.terminate();
  fs::remove(file);
  server.start();
  const std::string said = read_file(server.dir() / "stderr");
  EXPECT_THAT(said, HasSubstr("created a new database: " + file));
  EXPECT_THAT(read_file(server.dir() / "server.log"),
              HasSubstr("event=database_made path=\"" + file));
  server.terminate();
  server.start();
  EXPECT_EQ(read_file(server.dir() / "stderr"), said);
}

TEST_F(NewDatabase, IsNamedByMigrateToo) {
  const TempDir dir;
  auto command = chatserver_command(dir.path());
  command.emplace_back("--migrate");
  EXPECT_THAT(run_to_end(command).errors, HasSubstr("created a new database: "));
  EXPECT_THAT(run_to_end(command).errors, IsEmpty());
}

class Preflight : public ::testing::Test {
 protected:
  RunResult check(const Settings& settings = {}) const {
    auto command = chatserver_command(dir.path(), settings);
    command.emplace_back("--check");
    return run_to_end(command);
  }
  std::string path(const std::string& name) const { return (dir.path() / name).string(); }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
      names.insert(entry.path().string());
    }
    return names;
  }
  // It is reported on stdout, and on stderr because it must be fixed.
  static void expect_fault(const RunResult& result, const std::string& what) {
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr(what));
    EXPECT_THAT(result.errors, HasSubstr(what));
  }

  const TempDir dir;
};

TEST_F(Preflight, ListsWhatAStartWouldCreateAndCreatesNothing) {
  const std::string listen = "server.listen=127.0.0.1:" + std::to_string(free_port());
  const RunResult result =
      check({listen, "storage.path=" + path("a/b/chat.db"), "log.file=" + path("logs/server.log")});
  EXPECT_THAT(result.output, HasSubstr("a/b/chat.db would be created"));
  EXPECT_THAT(result.output, HasSubstr("logs/server.log would be created"));
  EXPECT_THAT(result.output, HasSubstr(" is free"));
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Preflight, NamesTheOwnerOfThePort) {
  const ServerProcess server;
  const RunResult result = check({"server.listen=127.0.0.1:" + std::to_string(server.port())});
  expect_fault(result, "is taken by chatserver (pid " + std::to_string(server.pid()) + ")");
}

TEST_F(Preflight, NamesAPortTakenOnEveryAddress) {
  const ServerProcess server({"server.listen=0.0.0.0:0"});
  const RunResult result = check({"server.listen=127.0.0.1:" + std::to_string(server.port())});
  expect_fault(result, "is taken by chatserver");
}

TEST_F(Preflight, NamesAnAddressOfAnotherMachine) {
  expect_fault(check({"server.listen=192.0.2.1:6000"}), "192.0.2.1:6000 cannot be bound");
}

TEST_F(Preflight, FindsADatabaseThatExists) {
  std::ofstream(path("chat.db")) << "data";
  EXPECT_THAT(check().output, HasSubstr("chat.db exists and is writable"));
}

TEST_F(Preflight, NamesPathsThatCannotBeUsed) {
  std::ofstream(path("file")) << "no folder";
  expect_fault(check({"storage.path=" + path("file/chat.db")}), "file is not a folder");
  expect_fault(check({"storage.path=" + path("")}), "is not a file");
  expect_fault(check({"log.file=" + path("file/x.log")}), "file is not a folder");
  expect_fault(check({"log.file=" + dir.path().string()}), "is a folder");
  expect_fault(check({"log.audit_file=" + path("file/audit.log")}), "log.audit_file");
}

TEST_F(Preflight, ReportsADatabaseInUse) {
  if (on_mysql()) GTEST_SKIP() << "there is no file";
  const ServerProcess server;
  fs::create_hard_link(server.storage().file(), path("linked.db"));
  expect_fault(check({"storage.path=" + path("linked.db")}), "is held by another server");
}

TEST_F(Preflight, NamesFoldersThatAreNotWritable) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::create_directory(path("closed"));
  fs::permissions(path("closed"), fs::perms::owner_read | fs::perms::owner_exec);
  expect_fault(check({"storage.path=" + path("closed/chat.db")}), "closed is not writable");
  expect_fault(check({"log.file=" + path("closed/x.log")}), "closed is not writable");
}

TEST_F(Preflight, NamesARedisThatDoesNotAnswer) {
  expect_fault(check({"storage.engine=mysql", "mysql.socket=/nonexistent/m.sock",
                      "bus.engine=redis", "redis.socket=/nonexistent/r.sock"}),
               "cannot be used now");
}

}  // namespace
}  // namespace chat::test
