#include <string>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Token : public InBothFramings {
 protected:
  static Json by_token(const std::string& token) { return {{"msgid", 1}, {"token", token}}; }
  static std::string token_of(const User& user) {
    return user.welcome.at("token").get<std::string>();
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Token);

TEST_P(Token, LogsInRepeatedlyWithoutAPassword) {
  User alice = new_user("alice");
  const std::string token = token_of(alice);
  EXPECT_EQ(token.size(), 64U);
  alice.client.close();
  for (int i = 0; i < 3; ++i) {
    RawClient client = connect();
    const Json welcome = client.request(by_token(token));
    expect_ok(welcome, 2);
    EXPECT_EQ(welcome.at("id"), alice.id());
    EXPECT_EQ(welcome.at("name"), "alice");
    EXPECT_EQ(welcome.at("token"), token);
    client.close();
  }
}

TEST_P(Token, TakesOverTheUsersOlderSession) {
  User alice = new_user("alice");
  RawClient client = connect();
  expect_ok(client.request(by_token(token_of(alice))), 2);
  const Json bye = alice.client.push(204);
  EXPECT_EQ(bye.at("reason"), "taken_over");
  EXPECT_EQ(bye.at("reconnect_after_ms"), -1);
}

TEST_P(Token, IsRevokedByLogout) {
  User alice = new_user("alice");
  const std::string token = token_of(alice);
  alice.log_out();
  expect_refused(alice.client, by_token(token), errors::kInvalidToken);
  // Tokens of other logins stay valid.
  User again = log_in(alice.account);
  EXPECT_NE(token_of(again), token);
}

TEST_P(Token, UnknownTokenIsRefused) {
  RawClient client = connect();
  for (const char* token : {"", "0", "x", "' OR 1=1 --"}) {
    expect_refused(client, by_token(token), errors::kInvalidToken);
  }
  expect_refused(client, by_token(std::string(64, '0')), errors::kInvalidToken);
  expect_refused(client, {{"msgid", 1}, {"token", 7}}, errors::kBadField);
}

TEST_P(Token, SurvivesAKillOfTheServer) {
  User alice = new_user("alice");
  server.kill9();
  server.start();
  RawClient client = connect();
  expect_ok(client.request(by_token(token_of(alice))), 2);
}

}  // namespace
}  // namespace chat::test
