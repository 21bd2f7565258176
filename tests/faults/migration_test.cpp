// A database of version 0.1.0 with a million messages is brought up to date within a minute, by
// --migrate and by a start, although it is killed in the middle several times.
//
//   CHATSERVER_0_1_0  a server of that version, which must refuse the database afterwards
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/clients/user.h"
#include "support/figure.h"
#include "support/processes/child_process.h"
#include "support/processes/server_process.h"
#include "support/temp_dir.h"
#include "support/test_seed.h"
#include "support/test_storage.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kVersionOf010 = 5;
constexpr int kUsers = 2'000;
constexpr int kGroups = 200;
constexpr int kKills = 6;
constexpr int kKillMostMsSqlite = 15;  // the first time; later ones live longer
constexpr int kKillMostMsMysql = 80;
constexpr milliseconds kBound{60'000};

// All statements of a script, on either engine.
void run_script(const TestStorage& storage, const std::string& sql) {
  if (on_mysql()) {
    mariadb().query(sql, storage.database());
    return;
  }
  sqlite3* raw = nullptr;
  sqlite3_open(storage.file().c_str(), &raw);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
  char* error = nullptr;
  if (sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK) {
    throw std::runtime_error(std::string("sqlite: ") + error);
  }
}

// A table `n` of the numbers from 1 to `count`, for INSERT … SELECT.
std::string numbers(int count) {
  if (on_mysql()) return "(SELECT seq AS n FROM seq_1_to_" + std::to_string(count) + ")";
  return "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < " +
         std::to_string(count) + ") SELECT n FROM c)";
}

std::string joined(const std::string& word, const std::string& number) {
  return on_mysql() ? "CONCAT('" + word + "', " + number + ")" : "'" + word + "' || " + number;
}

class MigrationOf010 : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("CHAT_SOURCE_ROOT");
    ASSERT_NE(root, nullptr);
    const std::string engine = on_mysql() ? "mysql" : "sqlite";
    std::vector<std::filesystem::path> steps;
    for (const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(root) / "sql" / engine)) {
      steps.push_back(file.path());
    }
    std::sort(steps.begin(), steps.end());
    newest = static_cast<int>(steps.size());
    run_script(storage,
               "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY,"
               " name VARCHAR(100) NOT NULL,"
               " applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)");
    for (int i = 0; i < kVersionOf010; ++i) {
      const auto& step = steps.at(static_cast<std::size_t>(i));
      run_script(storage, read_file(step));
      run_script(storage, "INSERT INTO schema_version (version, name) VALUES (" +
                              std::to_string(i + 1) + ", '" + step.stem().string() + "')");
    }
    fill();
  }

  void fill();
  std::vector<std::string> command(const std::string& more = "") const {
    auto words = chatserver_command(dir.path(), storage.settings());
    if (!more.empty()) words.push_back(more);
    return words;
  }
  int version() const {
    return static_cast<int>(storage.number("SELECT MAX(version) FROM schema_version"));
  }
  // Starts `words` and kills them after a random time. True if they ended by themselves.
  bool run_and_kill(const std::vector<std::string>& words, std::mt19937_64& random) {
    ChildProcess child(words, dir.file("killed"));
    const int most = ++kills * (on_mysql() ? kKillMostMsMysql : kKillMostMsSqlite);
    const milliseconds life{std::uniform_int_distribution(most / 2, most)(random)};
    const auto until = Clock::now() + life;
    wait_until([&] { return Clock::now() >= until; }, life * 2);
    const bool ended = !child.running();
    child.send_signal(SIGKILL);
    (void)child.wait_exit(Deadline());
    return ended;
  }
  void expect_everything();

  TempDir dir;
  TestStorage storage{dir.path()};
  int newest = 0;
  int kills = 0;
};

// 500 000 direct and 500 000 group messages.
void MigrationOf010::fill() {
  const auto began = Clock::now();
  const std::string users = std::to_string(kUsers);
  const std::string groups = std::to_string(kGroups);
  run_script(storage, "INSERT INTO user (name, name_key, password, created_at) SELECT " +
                          joined("user", "n") + ", " + joined("user", "n") + ", 'x', 1 FROM " +
                          numbers(kUsers) + " AS numbers");
  run_script(storage, "INSERT INTO friend (userid, friendid) SELECT n, n % " + users +
                          " + 1 FROM " + numbers(kUsers) + " AS numbers");
  run_script(storage, "INSERT INTO allgroup (groupname, name_key, last_seq) SELECT " +
                          joined("group", "n") + ", " + joined("group", "n") + ", 2500 FROM " +
                          numbers(kGroups) + " AS numbers");
  run_script(storage,
             "INSERT INTO groupuser (groupid, userid, grouprole, joined_seq, delivered_seq,"
             " read_seq) SELECT 1 + (n - 1) % " +
                 groups + ", n, CASE WHEN n <= " + groups +
                 " THEN 'creator' ELSE 'normal' END, 0, 0, 0 FROM " + numbers(kUsers) +
                 " AS numbers");
  run_script(storage,
             "INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body)"
             " SELECT u.n, u.n % " +
                 users + " + 1, m.n, " + joined("c", "m.n") +
                 ", m.n, 'a message of some usual length, as people write them' FROM " +
                 numbers(kUsers) + " AS u, " + numbers(250) + " AS m");
  run_script(storage, "INSERT INTO directcursor (recipient, sender) SELECT n, n % " + users +
                          " + 1 FROM " + numbers(kUsers) + " AS numbers");
  run_script(storage,
             "INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body)"
             " SELECT g.n, m.n, g.n, " +
                 joined("c", "m.n") +
                 ", m.n, 'a message of some usual length, as people write them' FROM " +
                 numbers(kGroups) + " AS g, " + numbers(2'500) + " AS m");
  std::cout << "filled in "
            << std::chrono::duration_cast<milliseconds>(Clock::now() - began).count() << " ms\n";
}

void MigrationOf010::expect_everything() {
  EXPECT_EQ(version(), newest);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM schema_version"), newest);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM directmessage WHERE kind IS NULL"), 500'000);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM groupmessage WHERE kind IS NULL"), 500'000);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM groupuser WHERE left_seq = 0"), kUsers);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM groupuser WHERE grouprole = 'creator'"), kGroups);
  EXPECT_EQ(storage.number("SELECT COUNT(*) FROM friend"), kUsers);
}

TEST_F(MigrationOf010, ByMigrateIsQuickAndContinuesAfterKills) {
  std::mt19937_64 random(test_seed());
  const auto began = Clock::now();
  for (int i = 0; i < kKills; ++i) {
    const bool ended = run_and_kill(command("--migrate"), random);
    std::cout << "killed at version " << version() << (ended ? ", after its end" : "") << "\n";
  }
  const RunResult result = run_to_end(command("--migrate"), kBound);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_LE(took, scaled(kBound));
  figure(on_mysql() ? "migration from 0.1.0, MariaDB" : "migration from 0.1.0, SQLite", took);
  expect_everything();
}

TEST_F(MigrationOf010, ByAStartLeavesAServerThatWorksAndRefusesTheOldOne) {
  std::mt19937_64 random(test_seed() + 1);
  const auto began = Clock::now();
  for (int i = 0; i < kKills; ++i) run_and_kill(command(), random);
  ChildProcess server(command(), dir.file("stderr"));
  const auto line = server.read_line(Deadline(kBound));
  ASSERT_TRUE(line) << read_file(dir.file("stderr"));
  EXPECT_TRUE(line->starts_with("ready")) << *line;
  EXPECT_LE(Clock::now() - began, scaled(kBound));
  expect_everything();
  const auto port = static_cast<std::uint16_t>(std::stoi(line->substr(line->find(':') + 1)));
  User alice = new_user(port, "alice");
  alice.chat(1, "hello");
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.wait_exit(Deadline()), 0);
  // The program of 0.1.0, where somebody has built it.
  const char* old = std::getenv("CHATSERVER_0_1_0");
  if (old == nullptr) return;
  std::vector<std::string> words{old};
  for (const std::string& setting : storage.settings()) {
    words.insert(words.end(), {"--set", setting});
  }
  words.insert(words.end(), {"--set", "server.listen=127.0.0.1:0"});
  const RunResult result = run_to_end(words, kBound);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.errors, ::testing::HasSubstr("schema version")) << result.output;
}

}  // namespace
}  // namespace chat::test
