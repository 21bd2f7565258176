// REG, LOGIN, LOGINOUT, HELLO, PING: every field of their replies.
#include <gtest/gtest.h>

#include <chrono>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Accounts : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(Accounts);

TEST_P(Accounts, PingAnswersWithTheTimeAndEchoesTheCid) {
  RawClient client = connect();
  const Json reply = client.request({{"msgid", 21}, {"cid", "ping-1~!"}});
  expect_ok(reply, 121);
  EXPECT_EQ(reply.at("cid"), "ping-1~!");
  const auto now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  ASSERT_TRUE(reply.at("ts").is_number_integer());
  EXPECT_NEAR(static_cast<double>(reply["ts"].get<std::int64_t>()),
              static_cast<double>(now.count()), static_cast<double>(scaled(kPatience).count()));
}

TEST_P(Accounts, ReplyToARequestWithoutCidHasNone) {
  RawClient client = connect();
  EXPECT_FALSE(client.request({{"msgid", 21}}).contains("cid"));
}

TEST_P(Accounts, HelloTellsServerVersionNodeLimitsAndFeatures) {
  RawClient client = connect();
  const Json reply =
      client.request({{"msgid", 20}, {"client", "test"}, {"version", "1.0"}, {"cid", "h"}});
  expect_ok(reply, 120);
  EXPECT_EQ(reply.at("cid"), "h");
  EXPECT_FALSE(reply.at("server").get<std::string>().empty());
  EXPECT_FALSE(reply.at("version").get<std::string>().empty());
  EXPECT_FALSE(reply.at("node").get<std::string>().empty());
  EXPECT_TRUE(reply.at("limits").is_object());
  EXPECT_TRUE(reply.at("features").is_array());
}

TEST_P(Accounts, RegisterReturnsAnIdAndLoginAllFields) {
  RawClient client = connect();
  const Json registered =
      client.request({{"msgid", 4}, {"name", "alice"}, {"password", "secret-1"}, {"cid", "r"}});
  expect_ok(registered, 5);
  EXPECT_EQ(registered.at("cid"), "r");
  const auto id = registered.at("id").get<std::int64_t>();
  EXPECT_GT(id, 0);

  const Json reply =
      client.request({{"msgid", 1}, {"id", id}, {"password", "secret-1"}, {"cid", "l"}});
  expect_ok(reply, 2);
  EXPECT_EQ(reply.at("cid"), "l");
  EXPECT_EQ(reply.at("id"), id);
  EXPECT_EQ(reply.at("name"), "alice");
  EXPECT_EQ(reply.at("offlinemsg"), Json::array());
  EXPECT_EQ(reply.at("friends"), Json::array());
  EXPECT_EQ(reply.at("groups"), Json::array());
  EXPECT_FALSE(reply.value("more", false));
  EXPECT_FALSE(reply.value("more_friends", false));
  EXPECT_FALSE(reply.value("more_groups", false));
  EXPECT_FALSE(reply.at("node").get<std::string>().empty());

  const Json left = client.request({{"msgid", 3}, {"id", id}, {"cid", "o"}});
  expect_ok(left, 103);
  EXPECT_EQ(left.at("cid"), "o");
}

TEST_P(Accounts, IdsOfDifferentAccountsDiffer) {
  RawClient client = connect();
  const Account first = test::register_account(client, "one");
  const Account second = test::register_account(client, "two");
  EXPECT_NE(first.id, second.id);
}

TEST_P(Accounts, LoginByNameInAnyAsciiCase) {
  const Account account = register_account("Alice Liddell");
  for (const char* name : {"Alice Liddell", "alice LIDDELL"}) {
    RawClient client = connect();
    const Json reply =
        request_ok(client, {{"msgid", 1}, {"name", name}, {"password", account.password}});
    EXPECT_EQ(reply.at("id"), account.id);
    EXPECT_EQ(reply.at("name"), "Alice Liddell");
    request_ok(client, logout_request(account));
  }
}

TEST_P(Accounts, NamesAndPasswordsOfAnyScriptAndOfExtremeLengthWork) {
  std::string longest_name;
  for (int i = 0; i < 50; ++i) longest_name += "😀";
  const std::vector<std::pair<std::string, std::string>> accounts = {
      {"x", "123456"},
      {longest_name, std::string(128, 'p')},
      {"Ünï \"quoted\" \\ 'name'; --", "\"\\\x01 päß"},
      {"李雷", "密码密码"},
  };
  for (const auto& [name, password] : accounts) {
    RawClient client = connect();
    const Json registered =
        request_ok(client, {{"msgid", 4}, {"name", name}, {"password", password}});
    const Json reply =
        request_ok(client, {{"msgid", 1}, {"id", registered.at("id")}, {"password", password}});
    EXPECT_EQ(reply.at("name"), name);
  }
}

TEST_P(Accounts, NamesThatDifferInMoreThanAsciiCaseAreDifferent) {
  RawClient client = connect();
  const auto upper = test::register_account(client, "ÄLICE");
  const auto lower = test::register_account(client, "äLICE");
  const auto plain = test::register_account(client, "alice");
  EXPECT_NE(upper.id, lower.id);
  EXPECT_NE(upper.id, plain.id);
  EXPECT_NE(lower.id, plain.id);
}

TEST_P(Accounts, UnknownFieldsAreIgnored) {
  RawClient client = connect();
  expect_ok(client.request({{"msgid", 21},
                            {"later", {{"a", {1, 2, 3}}, {"b", nullptr}}},
                            {"toid", "not a number, but PING has no toid"}}),
            121);
}

}  // namespace
}  // namespace chat::test
