// Registration and login refused.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class BadLogins : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(BadLogins);

std::string repeated_text(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

TEST_P(BadLogins, WrongPasswordAndUnknownAccountGetTheSameReply) {
  register_account("alice");
  const Account bob = register_account("bob");
  RawClient client = connect();
  std::vector<Json> replies;
  for (const Json& who :
       {Json{{"id", bob.id}}, Json{{"id", 2'000'000'000}}, Json{{"name", "bob"}},
        Json{{"name", "nobody"}}, Json{{"name", "no name: " + repeated_text("x", 200)}},
        Json{{"name", ""}}}) {
    Json request = {{"msgid", 1}, {"password", "wrong password"}};
    request.update(who);
    Json reply = expect_refused(client, request, errors::kFailed);
    reply.erase("cid");
    replies.push_back(reply);
  }
  for (const Json& reply : replies) EXPECT_EQ(reply, replies.front());
}

TEST_P(BadLogins, PasswordsAreComparedToTheLastByte) {
  const Account alice = register_account("alice");
  RawClient client = connect();
  for (const std::string& password :
       {std::string(), alice.password + "x", alice.password + " ", " " + alice.password,
        alice.password.substr(0, alice.password.size() - 1), alice.password + '\0',
        repeated_text("x", 129), repeated_text("x", 2000)}) {
    expect_refused(client, {{"msgid", 1}, {"id", alice.id}, {"password", password}},
                   errors::kFailed);
    // The right password in between, so that the account's limit of failures is not reached.
    request_ok(client, login_request(alice));
    request_ok(client, logout_request(alice));
  }
}

TEST_P(BadLogins, AfterARefusedLoginTheConnectionCanLogIn) {
  const Account alice = register_account("alice");
  RawClient client = connect();
  expect_refused(client, login_request(alice, {{"password", "wrong!"}}), errors::kFailed);
  request_ok(client, login_request(alice));
}

TEST_P(BadLogins, WrongTypesAtLoginAreBadFields) {
  const Account alice = register_account("alice");
  RawClient client = connect();
  for (const Json& wrong : {Json(7), Json(nullptr), Json(true), Json::array()}) {
    expect_refused(client, login_request(alice, {{"password", wrong}}), errors::kBadField);
    expect_refused(client, {{"msgid", 1}, {"name", wrong}, {"password", "secret-1"}},
                   errors::kBadField);
  }
}

TEST_P(BadLogins, TakenNameIsRefusedInAnyAsciiCase) {
  RawClient client = connect();
  test::register_account(client, "Alice");
  for (const char* name : {"Alice", "alice", "ALICE"}) {
    expect_refused(client, {{"msgid", 4}, {"name", name}, {"password", "secret-1"}},
                   errors::kFailed);
  }
}

TEST_P(BadLogins, NamesThatBreakTheRulesFailToRegister) {
  RawClient client = connect();
  for (const std::string& name :
       {std::string(), repeated_text("x", 51), repeated_text("😀", 51), std::string(" x"),
        std::string("x "), std::string("a\nb"), std::string("a\0b", 3), std::string("a\x7F"),
        std::string("   ")}) {
    expect_refused(client, {{"msgid", 4}, {"name", name}, {"password", "secret-1"}},
                   errors::kFailed);
  }
}

TEST_P(BadLogins, PasswordsThatBreakTheRulesFailToRegister) {
  RawClient client = connect();
  for (const std::string& password :
       {std::string(), repeated_text("x", 5), repeated_text("x", 129), repeated_text("é", 65)}) {
    expect_refused(client, {{"msgid", 4}, {"name", "alice"}, {"password", password}},
                   errors::kFailed);
  }
  request_ok(client, {{"msgid", 4}, {"name", "alice"}, {"password", repeated_text("é", 3)}});
}

TEST_P(BadLogins, WrongTypesAtRegistrationAreBadFields) {
  RawClient client = connect();
  for (const Json& wrong : {Json(7), Json(nullptr), Json(true), Json::array(), Json::object()}) {
    expect_refused(client, {{"msgid", 4}, {"name", wrong}, {"password", "secret-1"}},
                   errors::kBadField);
    expect_refused(client, {{"msgid", 4}, {"name", "alice"}, {"password", wrong}},
                   errors::kBadField);
  }
}

TEST_P(BadLogins, SecondLoginIsRefusedWithoutEffect) {
  User alice = new_user("alice");
  RawClient second = connect();
  expect_refused(second, login_request(alice.account), errors::kAlreadyOnline);
  expect_refused(second, login_request(alice.account, {{"takeover", false}}),
                 errors::kAlreadyOnline);
  expect_no_push(alice);
  alice.log_out();
  request_ok(second, login_request(alice.account));
}

TEST_P(BadLogins, WrongPasswordTakesPrecedenceOverAlreadyOnline) {
  User alice = new_user("alice");
  RawClient second = connect();
  expect_refused(second, login_request(alice.account, {{"password", "wrong!"}}), errors::kFailed);
  expect_refused(second, login_request(alice.account, {{"password", "wrong!"}, {"takeover", true}}),
                 errors::kFailed);
  expect_no_push(alice);
}

}  // namespace
}  // namespace chat::test
