#include "client/control/control_options.h"

#include <gtest/gtest.h>

#include <vector>

namespace chat::client::control {
namespace {

ControlOptions parse(std::vector<const char*> words) {
  words.insert(words.begin(), "chatctl");
  return parse_options(static_cast<int>(words.size()), words.data());
}

// The message about a mistake.
std::string complaint(std::vector<const char*> words) {
  testing::internal::CaptureStderr();
  const ControlOptions options = parse(std::move(words));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(options.leave, 2) << said;
  return said;
}

TEST(ControlOptions, TakeEveryCommand) {
  struct Row {
    std::vector<const char*> words;
    Arguments arguments;
  };
  const std::vector<Row> rows = {
      {{"users"}, {}},
      {{"users", "al", "--after", "7", "--limit", "20"},
       {{"prefix", "al"}, {"after", std::int64_t{7}}, {"limit", std::int64_t{20}}}},
      {{"who", "--limit", "5"}, {{"limit", std::int64_t{5}}}},
      {{"user", "alice"}, {{"user", "alice"}}},
      {{"kick", "7"}, {{"user", "7"}}},
      {{"disable", "=7"}, {{"user", "=7"}}},
      {{"enable", "alice"}, {{"user", "alice"}}},
      {{"reset-password", "alice", "--prompt"}, {{"user", "alice"}}},
      {{"delete", "alice", "--yes"}, {{"user", "alice"}}},
      {{"groups", "te"}, {{"prefix", "te"}}},
      {{"group", "3"}, {{"id", std::int64_t{3}}}},
      {{"dismiss", "3", "--yes"}, {{"id", std::int64_t{3}}}},
      {{"announce", "hello world"}, {{"text", "hello world"}}},
      {{"registration"}, {}},
      {{"registration", "closed"}, {{"mode", "closed"}}},
      {{"invite-code", "--days", "3", "--uses", "2"},
       {{"days", std::int64_t{3}}, {"uses", std::int64_t{2}}}},
  };
  for (const Row& row : rows) {
    const ControlOptions options = parse(row.words);
    EXPECT_FALSE(options.leave) << row.words[0];
    EXPECT_EQ(options.command, row.words[0]);
    EXPECT_EQ(options.arguments, row.arguments) << row.words[0];
  }
}

TEST(ControlOptions, MayComeBeforeAndAfterTheCommand) {
  const ControlOptions before = parse({"--socket", "a.sock", "--json", "who"});
  EXPECT_EQ(before.socket, "a.sock");
  EXPECT_TRUE(before.json);
  const ControlOptions after = parse({"who", "-c", "chat.ini", "--json"});
  EXPECT_EQ(after.config, "chat.ini");
  EXPECT_TRUE(after.json);
  EXPECT_TRUE(parse({"delete", "alice", "--yes"}).yes);
  EXPECT_FALSE(parse({"delete", "alice"}).yes);
  EXPECT_TRUE(parse({"reset-password", "alice", "--prompt"}).prompt);
}

TEST(ControlOptions, ExitWithUsageForMistakes) {
  EXPECT_NE(complaint({}).find("chatctl --help"), std::string::npos);
  EXPECT_NE(complaint({"fly"}).find("there is no such command"), std::string::npos);
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{"kick"},
                                             {"kick", "a", "b"},
                                             {"group", "x"},
                                             {"group", "0"},
                                             {"who", "--limit", "0"},
                                             {"who", "--limit", "1001"},
                                             {"registration", "maybe"},
                                             {"invite-code", "--days", "0"},
                                             {"invite-code", "--uses", "x"},
                                             {"announce"},
                                             {"users", "--yes"}}) {
    EXPECT_NE(complaint(words), "") << words[0];
  }
}

TEST(ControlOptions, HelpSucceeds) {
  testing::internal::CaptureStdout();
  const ControlOptions options = parse({"--help"});
  EXPECT_EQ(options.leave, 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("reset-password"), std::string::npos);
}

}  // namespace
}  // namespace chat::client::control
