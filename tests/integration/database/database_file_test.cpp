// The SQLite file is moved, deleted or replaced under a running server, or has other names.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include "chat/base/unique_fd.h"
#include "integration/server_fixture.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;

class DatabaseFile : public WithServer {
 protected:
  void SetUp() override {
    if (on_mysql()) GTEST_SKIP() << "only an embedded database is a file of ours";
    alice.chat(bob.id(), "1", "c1");
  }
  // Not a single write is acknowledged from now on.
  void expect_nothing_is_acknowledged(const std::string& cid = "c2") {
    for (int round = 0; round < 3; ++round) {
      for (const Json& request : {chat_request(alice.account, bob.id(), cid, cid),
                                  create_group_request(alice.account, "group " + cid)}) {
        const Json reply = alice.client.request(request);
        EXPECT_EQ(reply.value("errno", 0), 32) << reply;
        EXPECT_GT(reply.value("retry_after_ms", 0), 0) << reply;
      }
      expect_alive(alice.client);
    }
  }
  std::string file(const char* suffix = "") const {
    return server.storage().file().string() + suffix;
  }
  bool told() const {
    return wait_until([&] { return occurrences(server.log(), "event=database_file_moved") == 1; });
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
};

TEST_F(DatabaseFile, NothingIsStoredWhileTheFileIsMovedAway) {
  int seq = 1;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const std::string cid = std::string("c").append(suffix);
    const int before = occurrences(server.log(), "event=database_file_moved");
    fs::rename(file(suffix), file(".elsewhere"));
    expect_nothing_is_acknowledged(cid);
    EXPECT_FALSE(fs::exists(file(suffix)));
    EXPECT_TRUE(wait_until(
        [&] { return occurrences(server.log(), "event=database_file_moved") == before + 1; }));
    fs::rename(file(".elsewhere"), file(suffix));
    const Json reply =
        request_patiently(alice.client, chat_request(alice.account, bob.id(), cid, cid));
    EXPECT_EQ(reply.value("seq", 0), ++seq) << reply;
  }
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM directmessage"), 4);
}

TEST_F(DatabaseFile, NothingIsAcknowledgedAfterTheFileIsDeleted) {
  fs::remove(file());
  expect_nothing_is_acknowledged();
  ASSERT_TRUE(told());
  EXPECT_NE(server.log().find(file()), std::string::npos);
}

TEST_F(DatabaseFile, IdleServerDetectsAMovedFile) {
  fs::rename(file(), file(".elsewhere"));
  EXPECT_TRUE(told());
  fs::rename(file(".elsewhere"), file());
}

TEST_F(DatabaseFile, ReplacementFileIsNotUsed) {
  fs::remove(file());
  std::ofstream(file()).close();
  expect_nothing_is_acknowledged();
  EXPECT_EQ(fs::file_size(file()), 0U);
}

TEST_F(DatabaseFile, SecondServerIsRefusedUnderAnyName) {
  fs::create_hard_link(file(), server.dir() / "hard.db");
  fs::create_symlink(file(), server.dir() / "soft.db");
  for (const char* name : {"hard.db", "soft.db", "chat.db"}) {
    const RunResult second = run_to_end(
        chatserver_command(server.dir(), {"storage.path=" + (server.dir() / name).string()}));
    EXPECT_NE(second.exit_code, 0) << name;
    EXPECT_NE(second.errors.find("another server"), std::string::npos) << second.errors;
  }
  EXPECT_EQ(alice.chat(bob.id(), "2", "c2").value("seq", 0), 2);
}

TEST_F(DatabaseFile, CanBeReadAndBackedUpWhileInUse) {
  constexpr const char* kShell = "/usr/bin/sqlite3";
  if (!fs::exists(kShell)) GTEST_SKIP() << kShell << " is not here: install sqlite3";
  const std::string backup = (server.dir() / "backup.db").string();
  EXPECT_EQ(run_to_end({kShell, file(), "VACUUM INTO '" + backup + "'"}).exit_code, 0);
  EXPECT_EQ(run_to_end({kShell, backup, "SELECT COUNT(*) FROM directmessage"}).output, "1\n");
  EXPECT_EQ(run_to_end({kShell, file(), "SELECT COUNT(*) FROM directmessage"}).output, "1\n");
  EXPECT_EQ(alice.chat(bob.id(), "2", "c2").value("seq", 0), 2);
  server.terminate();
  server.start();
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM directmessage"), 2);
}

// Servers of earlier versions lock a file beside the database.
TEST_F(DatabaseFile, IsRefusedWhileAnEarlierVersionUsesIt) {
  server.terminate();
  base::UniqueFd lock(::open(file(".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  for (const char* more : {"--migrate", ""}) {
    auto command = chatserver_command(server.dir(), {"storage.path=" + file()});
    if (*more != 0) command.emplace_back(more);
    const RunResult result = run_to_end(command);
    EXPECT_EQ(result.exit_code, 1) << more;
    EXPECT_NE(result.errors.find("a server of an earlier version has the database"),
              std::string::npos)
        << result.errors;
  }
  lock.reset();
  server.start();
  EXPECT_NE(::flock(base::UniqueFd(::open(file(".lock").c_str(), O_RDWR | O_CLOEXEC)).get(),
                    LOCK_EX | LOCK_NB),
            0);
}

}  // namespace
}  // namespace chat::test
