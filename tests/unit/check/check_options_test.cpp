#include "client/check/check_options.h"

#include <gtest/gtest.h>

#include <vector>

#include "client/load/server_name.h"

namespace chat::client::check {
namespace {

CheckOptions parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "chatcheck");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

// The message about a mistake.
std::string complaint(std::vector<const char*> arguments) {
  testing::internal::CaptureStderr();
  const CheckOptions options = parse(std::move(arguments));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(options.leave, 2) << said;
  return said;
}

TEST(CheckOptions, HaveDefaults) {
  const CheckOptions options = parse({});
  EXPECT_FALSE(options.leave);
  EXPECT_EQ(options.servers, std::vector<std::string>{"127.0.0.1:6000"});
  EXPECT_EQ(options.clients(), 120U);
  EXPECT_EQ(options.messages(), 6000U);
  EXPECT_TRUE(options.resend);
}

TEST(CheckOptions, AreParsed) {
  const CheckOptions options =
      parse({"--server", "a:1", "--server", "b:2", "--pairs", "3", "--groups", "0", "--rate", "1.5",
             "--seconds", "4", "--drain", "6", "--window", "64", "--no-resend", "--json"});
  EXPECT_FALSE(options.leave);
  EXPECT_EQ(options.servers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(options.clients(), 6U);
  EXPECT_EQ(options.messages(), 6U);
  EXPECT_EQ(options.drain, std::chrono::seconds(6));
  EXPECT_EQ(options.window, 64U);
  EXPECT_FALSE(options.resend);
  EXPECT_TRUE(options.json);
}

TEST(CheckOptions, ExitWithUsageForMistakes) {
  EXPECT_NE(complaint({"--nonsense"}), "");
  EXPECT_NE(complaint({"--window", "65"}), "");
  EXPECT_NE(complaint({"--window", "0"}), "");
  EXPECT_NE(complaint({"--seconds", "0"}), "");
  EXPECT_NE(complaint({"--group-size", "1"}), "");
  EXPECT_NE(complaint({"--rate", "-1"}), "");
  EXPECT_NE(complaint({"--server", "nowhere"}).find("HOST:PORT"), std::string::npos);
  EXPECT_NE(complaint({"--pairs", "0", "--groups", "0"}).find("there are no clients"),
            std::string::npos);
  EXPECT_NE(complaint({"--prefix", " x"}).find("--prefix"), std::string::npos);
}

TEST(CheckOptions, RefuseMoreThanAClientMaySend) {
  const std::string said = complaint({"--pairs", "10", "--groups", "0", "--rate", "301"});
  EXPECT_NE(said.find("--limit"), std::string::npos);
  EXPECT_NE(said.find("at least 21 clients"), std::string::npos) << said;
  EXPECT_FALSE(parse({"--pairs", "10", "--groups", "0", "--rate", "300"}).leave);
  EXPECT_FALSE(parse({"--pairs", "10", "--groups", "0", "--rate", "301", "--limit", "16"}).leave);
}

TEST(CheckOptions, RefuseMoreThanCanBeRecorded) {
  EXPECT_NE(
      complaint({"--pairs", "5000", "--rate", "100000", "--seconds", "10000"}).find("deliveries"),
      std::string::npos);
}

TEST(CheckOptions, HelpAndVersionExitWithZero) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--version"}).leave, 0);
  EXPECT_EQ(parse({"--help"}).leave, 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("Exit codes"), std::string::npos);
}

TEST(ServerName, IsHostAndPort) {
  const auto plain = load::read_server_name("chat.example.org:6000");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "chat.example.org");
  EXPECT_EQ(plain->port, 6000);
  const auto six = load::read_server_name("[::1]:7");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  for (const char* bad :
       {"", ":", ":1", "host", "host:", "host:0", "host:65536", "host:1x", "::1:6000", "host:-1"}) {
    EXPECT_FALSE(load::read_server_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace chat::client::check
