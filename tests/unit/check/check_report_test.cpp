#include "client/check/check_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace chat::client::check {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

CheckReport report() {
  CheckReport out;
  out.run = "0123abcd";
  out.verdict.sent = 7;
  return out;
}

TEST(CheckReport, SuccessfulRunExitsWithZero) {
  EXPECT_EQ(report().exit_code(), ExitCode::kKept);
  EXPECT_NE(to_text(report()).find("every promise was kept"), std::string::npos);
  const json parsed = json::parse(to_json(report()));
  EXPECT_EQ(parsed.at("kept"), true);
  EXPECT_EQ(parsed.at("sent"), 7);
  EXPECT_EQ(parsed.at("lost"), 0);
}

TEST(CheckReport, EveryViolationExitsWithOneAndIsNamed) {
  for (const auto& [name, field] :
       {std::pair{"lost", &Verdict::lost}, std::pair{"doubled", &Verdict::doubled},
        std::pair{"reordered", &Verdict::reordered}, std::pair{"gaps", &Verdict::gaps},
        std::pair{"unexpected", &Verdict::unexpected}, std::pair{"conflicts", &Verdict::conflicts},
        std::pair{"failed", &Verdict::failed}}) {
    CheckReport broken = report();
    broken.verdict.*field = 3;
    EXPECT_EQ(broken.exit_code(), ExitCode::kBroken) << name;
    EXPECT_NE(to_text(broken).find(std::string("BROKEN: ") + name + " 3\n"), std::string::npos);
    EXPECT_EQ(json::parse(to_json(broken)).at("kept"), false);
  }
}

TEST(CheckReport, AllowedEventsExitWithZero) {
  CheckReport fine = report();
  fine.verdict.recovered = 3;
  fine.verdict.refused = 3;
  fine.verdict.repeats = 3;
  fine.unsent = 3;
  fine.disconnections = 3;
  EXPECT_EQ(fine.exit_code(), ExitCode::kKept);
}

TEST(CheckReport, UnhealedRunExitsWithOne) {
  CheckReport away = report();
  away.offline = 1;
  EXPECT_EQ(away.exit_code(), ExitCode::kBroken);
  CheckReport unanswered = report();
  unanswered.verdict.unanswered = 1;
  EXPECT_EQ(unanswered.exit_code(), ExitCode::kBroken);
  unanswered.options.resend = false;
  EXPECT_EQ(unanswered.exit_code(), ExitCode::kKept);
}

TEST(CheckReport, ListsDisturbances) {
  CheckReport disturbed = report();
  disturbed.load_from = base::SteadyTime(milliseconds(1000));
  disturbed.disturbances = {
      {base::SteadyTime(milliseconds(3500)), 4, milliseconds(200), milliseconds(800), "lost"}};
  const std::string text = to_text(disturbed);
  EXPECT_NE(
      text.find("at 2.50 s (lost): 4 outages, first back after 0.20 s, all back after 0.80 s"),
      std::string::npos)
      << text;
  const json parsed = json::parse(to_json(disturbed));
  EXPECT_EQ(parsed.at("worst_recovery_ms"), 800);
  EXPECT_EQ(parsed.at("disturbances").at(0).at("at_ms"), 2500);
  disturbed.disturbances[0].all.reset();
  EXPECT_NE(to_text(disturbed).find("all back never"), std::string::npos);
  EXPECT_TRUE(json::parse(to_json(disturbed)).at("worst_recovery_ms").is_null());
}

TEST(CheckReport, NamesTheFirstFailure) {
  CheckReport broken = report();
  broken.verdict.failed = 2;
  broken.first_fault = "unasked: busy, later";
  EXPECT_NE(to_text(broken).find("failed 2 (the first: unasked: busy, later)\n"), std::string::npos)
      << to_text(broken);
  EXPECT_EQ(json::parse(to_json(broken)).at("first_fault"), "unasked: busy, later");
}

}  // namespace
}  // namespace chat::client::check
