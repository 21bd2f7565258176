// The program chatcheck: it finds nothing where nothing is wrong, whatever happens to the server,
// and every lie of one that lies.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstdlib>
#include <memory>

#include "integration/server_fixture.h"
#include "support/processes/free_port.h"
#include "support/proxies/frame_proxy.h"

namespace chat::test {
namespace {

constexpr milliseconds kRunPatience{60'000};

std::vector<std::string> command(std::uint16_t port, const std::vector<std::string>& more) {
  const char* path = std::getenv("CHATCHECK");
  if (path == nullptr) throw std::runtime_error("$CHATCHECK must name the chatcheck program");
  std::vector<std::string> out{path, "--server", "127.0.0.1:" + std::to_string(port)};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// What the program printed on a run that came to its end.
struct Checked {
  int exit_code = 0;
  Json report;
  std::string errors;
};

Checked read_report(const RunResult& result) {
  Checked out{result.exit_code, Json(), result.errors};
  if (!result.output.empty()) out.report = Json::parse(result.output);
  EXPECT_EQ(result.errors.find("Sanitizer"), std::string::npos) << result.errors;
  return out;
}

Checked check(std::uint16_t port, std::vector<std::string> more) {
  more.push_back("--json");
  return read_report(run_to_end(command(port, more), kRunPatience));
}

class ChatCheck : public WithServer {
 protected:
  // The port stays the same when the server is started again.
  ChatCheck() : WithServer({"server.listen=127.0.0.1:" + std::to_string(free_port())}) {}

  // Starts a check, runs `disturb` once messages flow, and waits for the end.
  Checked check_while(const std::function<void()>& disturb, std::vector<std::string> more) {
    const std::string errors = dir.file("errors");
    more.insert(more.end(), {"--json", "--progress"});
    ChildProcess child(command(port(), more), errors);
    const auto flowing = [](const std::string& said) {
      const auto acked = said.find(" acked ", said.rfind("sending "));
      return acked != std::string::npos && said[acked + 7] >= '1' && said[acked + 7] <= '9';
    };
    EXPECT_TRUE(wait_until([&] { return flowing(read_file(errors)); }, kRunPatience));
    disturb();
    const Deadline deadline(kRunPatience);
    RunResult result{0, child.read_output(deadline), ""};
    result.exit_code = child.wait_exit(deadline).value_or(-1);
    result.errors = read_file(errors);
    return read_report(result);
  }

  TempDir dir;
};

void expect_no_violation(const Checked& checked) {
  EXPECT_EQ(checked.exit_code, 0) << checked.report << checked.errors;
  for (const char* name : {"lost", "doubled", "reordered", "gaps", "unexpected", "conflicts",
                           "failed", "unanswered", "offline"}) {
    EXPECT_EQ(checked.report.value(name, -1), 0) << name;
  }
}

TEST_F(ChatCheck, FindsNothingOnAQuietServer) {
  const Checked checked = check(port(), {"--pairs", "5", "--groups", "2", "--group-size", "4",
                                         "--rate", "100", "--seconds", "2"});
  expect_no_violation(checked);
  EXPECT_EQ(checked.report.at("sent").get<int>() + checked.report.at("unsent").get<int>(), 200);
  EXPECT_EQ(checked.report.at("acked"), checked.report.at("sent"));
  // 18 clients in turn: 10 of them write to one, 8 to three others.
  EXPECT_NEAR(checked.report.at("delivered").get<double>(), 200.0 / 18 * (10 + 8 * 3), 30);
  EXPECT_EQ(checked.report.at("disconnections"), 0);
  EXPECT_TRUE(checked.report.at("disturbances").empty());
  EXPECT_GT(checked.report.at("ack_ms").at("p50"), 0);
}

TEST_F(ChatCheck, PrintsAReportForPeople) {
  const RunResult result = run_to_end(command(port(), {"--pairs", "2", "--groups", "0", "--rate",
                                                       "20", "--seconds", "1", "--threads", "2"}),
                                      kRunPatience);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.output.find("verdict: every promise was kept\n"), std::string::npos)
      << result.output;
}

TEST_F(ChatCheck, UsesItsAccountsAgain) {
  const std::vector<std::string> options{"--prefix", "again",  "--pairs", "2",         "--groups",
                                         "1",        "--rate", "40",      "--seconds", "1"};
  expect_no_violation(check(port(), options));
  expect_no_violation(check(port(), options));
}

TEST_F(ChatCheck, LogsEveryoneOut) {
  expect_no_violation(check(port(), {"--prefix", "gone", "--pairs", "1", "--groups", "0",
                                     "--seconds", "1", "--rate", "10"}));
  // Without a takeover: nobody holds the account any more.
  RawClient client(port());
  const Json reply =
      client.request({{"msgid", 1}, {"name", "gone-p0"}, {"password", "password of gone-p0"}});
  EXPECT_EQ(reply.at("errno"), 0) << reply;
}

TEST_F(ChatCheck, ServerKilledInTheMiddleKeepsEverything) {
  const Checked checked = check_while(
      [&] {
        server.kill9();
        server.start();
      },
      {"--pairs", "10", "--groups", "2", "--group-size", "5", "--rate", "200", "--seconds", "4"});
  expect_no_violation(checked);
  EXPECT_GE(checked.report.at("disconnections"), 30);
  ASSERT_EQ(checked.report.at("disturbances").size(), 1U) << checked.report;
  const Json disturbance = checked.report.at("disturbances").at(0);
  EXPECT_EQ(disturbance.at("outages"), 30);
  EXPECT_GT(disturbance.at("first_back_ms"), 0);
  EXPECT_EQ(disturbance.at("all_back_ms"), checked.report.at("worst_recovery_ms"));
}

TEST_F(ChatCheck, WithoutSendingAgainTheServerMayBeKilledToo) {
  const Checked checked = check_while(
      [&] {
        server.kill9();
        server.start();
      },
      {"--pairs", "10", "--groups", "1", "--rate", "200", "--seconds", "4", "--no-resend"});
  expect_no_violation(checked);
}

TEST_F(ChatCheck, AServerThatStaysAwayIsNoKeptPromise) {
  const Checked checked = check_while(
      [&] { server.kill9(); },
      {"--pairs", "5", "--groups", "0", "--rate", "50", "--seconds", "3", "--drain", "1"});
  EXPECT_EQ(checked.exit_code, 1) << checked.report;
  EXPECT_EQ(checked.report.at("offline"), 10);
  EXPECT_TRUE(checked.report.at("worst_recovery_ms").is_null());
}

TEST_F(ChatCheck, EndsTheLoadEarlyWhenInterrupted) {
  const std::string errors = dir.file("errors");
  ChildProcess child(command(port(), {"--pairs", "2", "--groups", "0", "--rate", "20", "--seconds",
                                      "600", "--progress", "--json"}),
                     errors);
  EXPECT_TRUE(wait_until([&] { return read_file(errors).find("sending") != std::string::npos; },
                         kRunPatience));
  child.send_signal(SIGINT);
  const Deadline deadline;
  const Json report = Json::parse(child.read_output(deadline));
  EXPECT_EQ(child.wait_exit(deadline), 0);
  EXPECT_GT(report.at("unsent"), 10'000);
}

// Runs one pair through a proxy that does as `tamper` says with each direct push.
Checked check_pair_through(std::uint16_t server_port, const FrameProxy::Tamper& tamper) {
  FrameProxy proxy(server_port, [&tamper](const Json& frame) {
    return frame.at("msgid") == 6 ? tamper(frame) : std::vector<Json>{frame};
  });
  return check(proxy.port(),
               {"--pairs", "1", "--groups", "0", "--rate", "20", "--seconds", "1", "--drain", "2"});
}

// The third push of one of the two streams, once.
class Third {
 public:
  bool operator()(const Json& push) {
    if (done_ || push.at("seq") != 3) return false;
    return done_ = true;
  }

 private:
  bool done_ = false;
};

TEST_F(ChatCheck, FindsNothingBehindAnHonestProxy) {
  expect_no_violation(
      check_pair_through(port(), [](const Json& push) { return std::vector<Json>{push}; }));
}

TEST_F(ChatCheck, FindsAPushThatIsLeftOut) {
  Third third;
  const Checked checked = check_pair_through(port(), [&](const Json& push) {
    return third(push) ? std::vector<Json>{} : std::vector<Json>{push};
  });
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_EQ(checked.report.at("lost"), 1) << checked.report;
  EXPECT_EQ(checked.report.at("gaps"), 1);
  EXPECT_EQ(checked.report.at("doubled"), 0);
}

TEST_F(ChatCheck, FindsAPushThatIsRepeatedUnderAnotherSeq) {
  Third third;
  const Checked checked = check_pair_through(port(), [&](const Json& push) {
    std::vector<Json> out{push};
    if (third(push)) out.push_back(push);
    out.back()["seq"] = push.at("seq").get<int>() + static_cast<int>(out.size()) - 1;
    return out;
  });
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_EQ(checked.report.at("doubled"), 1) << checked.report;
  // The message that the next seq belongs to.
  EXPECT_EQ(checked.report.at("unexpected"), 1);
  EXPECT_EQ(checked.report.at("lost"), 0);
}

TEST_F(ChatCheck, FindsTwoPushesThatAreSwapped) {
  Third third;
  Json held;
  const Checked checked = check_pair_through(port(), [&](const Json& push) {
    if (third(push)) {
      held = push;
      return std::vector<Json>{};
    }
    if (held.is_null() || held.at("id") != push.at("id")) return std::vector<Json>{push};
    return std::vector<Json>{push, std::exchange(held, Json())};
  });
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_EQ(checked.report.at("reordered"), 1) << checked.report;
  EXPECT_EQ(checked.report.at("lost"), 0);
  EXPECT_EQ(checked.report.at("gaps"), 0);
}

TEST_F(ChatCheck, FindsAChangedText) {
  Third third;
  const Checked checked = check_pair_through(port(), [&](const Json& push) {
    Json changed = push;
    if (third(push)) changed["msg"] = push.at("msg").get<std::string>() + "!";
    return std::vector<Json>{changed};
  });
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_EQ(checked.report.at("unexpected"), 1) << checked.report;
  EXPECT_EQ(checked.report.at("lost"), 1);
}

TEST_F(ChatCheck, APushRepeatedUnderItsOwnSeqIsAllowed) {
  Third third;
  const Checked checked = check_pair_through(port(), [&](const Json& push) {
    return third(push) ? std::vector<Json>{push, push} : std::vector<Json>{push};
  });
  expect_no_violation(checked);
  EXPECT_EQ(checked.report.at("repeats"), 1) << checked.report;
}

class WithRateLimit : public WithServer {
 protected:
  WithRateLimit() : WithServer({"limits.chat_per_second=2"}) {}
};

TEST_F(WithRateLimit, WhatIsRefusedForAWhileIsSentAgain) {
  const Checked checked = check(
      port(), {"--pairs", "1", "--groups", "0", "--rate", "10", "--seconds", "3", "--window", "4"});
  expect_no_violation(checked);
  EXPECT_GT(checked.report.at("refused"), 0);
  EXPECT_GT(checked.report.at("unsent"), 0);
}

TEST(ChatCheckAlone, NobodyThereGivesThree) {
  const Checked checked = check(free_port(), {});
  EXPECT_EQ(checked.exit_code, 3);
  EXPECT_NE(checked.errors.find("no server answers"), std::string::npos) << checked.errors;
}

TEST(ChatCheckAlone, WrongUsageGivesTwo) {
  EXPECT_EQ(check(1, {"--window", "65"}).exit_code, 2);
  const Checked checked = check(1, {"--pairs", "10", "--groups", "0", "--rate", "10000"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_NE(checked.errors.find("--limit"), std::string::npos) << checked.errors;
}

}  // namespace
}  // namespace chat::test
