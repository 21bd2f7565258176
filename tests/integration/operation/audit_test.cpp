// The audit log: one JSON object per security event.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/occurrences.h"
#include "support/processes/child_process.h"
#include "support/temp_dir.h"

namespace chat::test {
namespace {

class Audit : public WithServer {
 protected:
  Audit() : WithServer(Settings{"log.audit_file=" + file().string()}) {}
  ~Audit() override { std::filesystem::remove(file()); }

  static std::filesystem::path file() {
    return std::filesystem::temp_directory_path() /
           ("audit-" + std::to_string(::getpid()) + ".log");
  }
  static std::vector<Json> lines(const std::filesystem::path& path) {
    std::vector<Json> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  // As a rotation of logs does. Returns the new name.
  static std::string rename_away(const std::filesystem::path& path) {
    const std::string moved = path.string() + ".1";
    std::filesystem::rename(path, moved);
    return moved;
  }
  // The last line of this event, awaited.
  static Json last(const std::string& event) {
    Json found;
    EXPECT_TRUE(wait_until([&] {
      for (const Json& line : lines(file())) {
        if (line.at("event") == event) found = line;
      }
      return !found.is_null();
    })) << event;
    return found;
  }
};

// Without an account, lines are limited as in the log; events of others are still recorded.
TEST_F(Audit, FailuresWithoutAnAccountAreLimitedAndCounted) {
  constexpr int kFailures = 1000;
  const User alice = new_user("alice");
  RawClient stranger(port());
  const Json wrong = {{"msgid", 1}, {"name", "nobody"}, {"password", "wrong!"}};
  for (int i = 0; i < kFailures; ++i) stranger.send(wrong);
  for (int i = 0; i < kFailures; ++i) EXPECT_EQ(stranger.receive().at("msgid"), 2);
  RawClient other(port());
  expect_refused(other, login_request(alice.account, {{"password", "wrong!"}}), errors::kFailed);
  EXPECT_TRUE(wait_until([&] { return last("login_failed").at("user") == alice.id(); }));
  const auto failures_of_nobody = [] {
    const auto all = lines(file());
    return std::count_if(all.begin(), all.end(), [](const Json& line) {
      return line.at("event") == "login_failed" && line.at("user") == 0;
    });
  };
  const auto written = failures_of_nobody();
  EXPECT_GT(written, 50);
  EXPECT_LT(written, kFailures / 2);
  // A line is soon due again, and reports how many were suppressed.
  EXPECT_TRUE(wait_until([&] {
    expect_refused(stranger, wrong, errors::kFailed);
    for (const Json& line : lines(file())) {
      if (line.value("suppressed", 0) > 0) return true;
    }
    return false;
  }));
}

TEST_F(Audit, RecordsUserEventAndAddress) {
  User alice = new_user("alice");
  const Json login = last("login");
  EXPECT_EQ(login.at("user"), alice.id());
  EXPECT_EQ(login.at("address"), "127.0.0.1:" + std::to_string(alice.client.local_port()));
  EXPECT_EQ(login.at("node"), "127.0.0.1:" + std::to_string(port()));
  EXPECT_EQ(login.at("time").get<std::string>().size(), 24U);
  EXPECT_EQ(last("registered").at("user"), alice.id());

  RawClient other(port());
  expect_refused(other, login_request(alice.account, {{"password", "wrong!"}}), errors::kFailed);
  EXPECT_EQ(last("login_failed").at("user"), alice.id());
  expect_refused(other, {{"msgid", 1}, {"name", "my-password"}, {"password", "alice"}},
                 errors::kFailed);
  EXPECT_TRUE(wait_until([] { return last("login_failed").at("user") == 0; }));

  const std::int64_t group = alice.create_group("tea");
  EXPECT_EQ(last("group_created").at("group"), group);
  User bob = new_user("bob");
  bob.join_group(group);
  EXPECT_EQ(last("group_joined").at("user"), bob.id());

  User newer = log_in(alice.account, Wire::kText, {{"takeover", true}});
  EXPECT_EQ(last("takeover").at("user"), alice.id());
  request_ok(newer.client,
             {{"msgid", 26}, {"password", alice.account.password}, {"new_password", "new secret"}});
  EXPECT_EQ(last("password_changed").at("user"), alice.id());
  request_ok(newer.client, {{"msgid", 27}, {"password", "new secret"}});
  EXPECT_EQ(last("account_deleted").at("user"), alice.id());

  std::ifstream in(file());
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  const std::string token = alice.welcome.at("token");
  for (const std::string& secret : std::vector<std::string>{alice.account.password, "new secret",
                                                            "my-password", "wrong!", token}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
}

TEST_F(Audit, HangupReopensBothLogs) {
  User alice = new_user("alice");
  last("login");
  const std::string moved_audit = rename_away(file());
  rename_away(server.dir() / "server.log");
  ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(file()); }));
  EXPECT_TRUE(wait_until([&] { return server.log().find("logs_reopened") != std::string::npos; }));
  const std::size_t before = lines(moved_audit).size();
  User bob = new_user("bob");
  EXPECT_EQ(last("login").at("user"), bob.id());
  EXPECT_EQ(lines(moved_audit).size(), before);
  std::filesystem::remove(moved_audit);
}

TEST_F(Audit, LogsThatCannotBeReopenedStayInUse) {
  const auto log = server.dir() / "server.log";
  const std::string moved_audit = rename_away(file());
  const std::string moved_log = rename_away(log);
  std::filesystem::create_directory(file());
  std::filesystem::create_directory(log);
  ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(
      wait_until([&] { return occurrences(read_file(moved_log), "event=log_not_reopened") == 2; }));
  const User alice = new_user("alice");
  EXPECT_TRUE(wait_until([&] { return occurrences(read_file(moved_audit), "\"login\"") == 1; }));
  std::filesystem::remove(moved_audit);
}

TEST_F(Audit, LogsAreReadableByOwnerAndGroupOnly) {
  const auto mode = [](const std::filesystem::path& path) {
    return std::filesystem::status(path).permissions() & std::filesystem::perms::others_all;
  };
  EXPECT_EQ(mode(file()), std::filesystem::perms::none);
  EXPECT_EQ(mode(server.dir() / "server.log"), std::filesystem::perms::none);
}

}  // namespace
}  // namespace chat::test
