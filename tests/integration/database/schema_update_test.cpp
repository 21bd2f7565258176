// The schema of servers without a cluster id (version 5) is not updated while one of them runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "integration/server_fixture.h"
#include "support/processes/cluster.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;

constexpr int kCannotStart = 1;
// A start watches an older server's row or lock before it refuses or continues.
constexpr milliseconds kUpdatePatience{25'000};

class SchemaUpdate : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    storage_.emplace(dir_.path());
    { ServerProcess makes_the_tables(storage_->settings()); }
    // The additions of later steps may exist, because each step is idempotent.
    storage_->execute("DELETE FROM schema_version WHERE version > 5");
  }

  std::vector<std::string> command(const std::string& more = {}) const {
    auto words = chatserver_command(dir_.path(), storage_->settings());
    if (!more.empty()) words.push_back(more);
    return words;
  }
  void expect_refused(const std::string& who) const {
    for (const char* more : {"", "--migrate"}) {
      const RunResult result = run_to_end(command(more), kUpdatePatience);
      EXPECT_EQ(result.exit_code, kCannotStart) << more;
      EXPECT_THAT(result.errors, HasSubstr("a server of an earlier version still uses this"))
          << more;
      EXPECT_THAT(result.errors, HasSubstr(who)) << more;
      EXPECT_EQ(storage_->number("SELECT MAX(version) FROM schema_version"), 5) << more;
    }
  }
  // The row of a node of an earlier version, with a user logged in there.
  void insert_node() const {
    storage_->execute(
        "INSERT INTO node (name, epoch, lease_until, connection_ids)"
        " VALUES ('earlier', 3, 1000, '7,8')");
    storage_->execute(
        "INSERT INTO user (name, name_key, password, state, node_id, node_epoch, created_at)"
        " SELECT 'alice', 'alice', 'x', 'online', id, 3, 1 FROM node WHERE name = 'earlier'");
  }

  TempDir dir_;
  std::optional<TestStorage> storage_;
};

TEST_F(SchemaUpdate, IsRefusedWhileANodeOfAnEarlierVersionRenewsItsRow) {
  insert_node();
  base::StopSignal stop;
  base::Thread renewing("renewing", [this, &stop] {
    while (!stop.wait_for(milliseconds{300})) {
      storage_->execute("UPDATE node SET lease_until = lease_until + 1 WHERE name = 'earlier'");
    }
  });
  expect_refused("node earlier");
  stop.raise();
  renewing.join();
}

TEST_F(SchemaUpdate, EndsTheLifeOfANodeWhoseRowDoesNotChange) {
  insert_node();
  const RunResult result = run_to_end(command("--migrate"), kUpdatePatience);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("waiting for up to 10 s")) << result.errors;
  // This makes it exit if it was only suspended.
  EXPECT_EQ(storage_->number("SELECT epoch FROM node WHERE name = 'earlier' AND lease_until = 0"),
            4);
  EXPECT_EQ(storage_->number("SELECT COUNT(*) FROM user WHERE state = 'online'"), 0);
}

TEST_F(SchemaUpdate, IsRefusedWhileAnEarlierServerWithoutABusRuns) {
  const std::string lock = "CONCAT('chatserver.', MD5('" + storage_->database() + "'))";
  base::Thread holding("holding", [&lock] {
    try {
      (void)mariadb().query("SELECT GET_LOCK(" + lock + ", 0), SLEEP(60)");
    } catch (const std::exception&) {  // killed below
    }
  });
  const auto holder = [this, &lock] {
    return storage_->number("SELECT COALESCE(IS_USED_LOCK(" + lock + "), 0)");
  };
  ASSERT_TRUE(wait_until([&] { return holder() != 0; }));
  expect_refused("one without a bus");
  (void)mariadb().query("KILL CONNECTION " + std::to_string(holder()));
  holding.join();
  EXPECT_EQ(run_to_end(command("--migrate"), kUpdatePatience).exit_code, 0);
}

}  // namespace
}  // namespace chat::test
