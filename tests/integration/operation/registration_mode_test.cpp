// Who may register, as an operator decides while the server runs.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "integration/server_fixture.h"
#include "support/processes/operator_tool.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;

class RegistrationMode : public WithServer {
 protected:
  static Json register_request(const std::string& name) {
    return {{"msgid", 4}, {"name", name}, {"password", "secret-" + name}};
  }
  static Json with_invite(const std::string& name, const std::string& code) {
    Json request = register_request(name);
    request["invite"] = code;
    return request;
  }
  void set(const std::string& mode) {
    EXPECT_EQ(tool_.ask({"registration", mode}).at("registration"), mode);
  }
  std::string refusal(const Json& request) {
    return expect_refused(client_, request, errors::kFailed).at("errmsg");
  }

  const OperatorTool tool_{server};
  RawClient client_{port()};
};

TEST_F(RegistrationMode, IsOpenAtFirst) {
  EXPECT_EQ(tool_.ask({"registration"}).at("registration"), "open");
  request_ok(client_, register_request("alice"));
}

TEST_F(RegistrationMode, ClosedRefusesEverybodyAtOnce) {
  set("closed");
  EXPECT_THAT(refusal(register_request("alice")), HasSubstr("registration is closed"));
  const std::string code = tool_.ask({"invite-code"}).at("code");
  EXPECT_THAT(refusal(with_invite("alice", code)), HasSubstr("registration is closed"));
  set("open");
  request_ok(client_, register_request("alice"));
}

TEST_F(RegistrationMode, SurvivesARestart) {
  set("closed");
  server.terminate();
  server.start();
  EXPECT_EQ(tool_.ask({"registration"}).at("registration"), "closed");
  client_ = RawClient(port());
  EXPECT_THAT(refusal(register_request("alice")), HasSubstr("registration is closed"));
}

TEST_F(RegistrationMode, InviteNeedsACodeWithUsesLeft) {
  set("invite");
  EXPECT_THAT(refusal(register_request("alice")), HasSubstr("needs an invitation"));
  EXPECT_THAT(refusal(with_invite("alice", "0123456789abcdef")), HasSubstr("is not valid"));
  const Json made = tool_.ask({"invite-code", "--uses", "2"});
  const std::string code = made.at("code");
  EXPECT_EQ(code.size(), 32U);
  request_ok(client_, with_invite("alice", code));
  // A registration that fails uses nothing up.
  EXPECT_THAT(refusal(with_invite("alice", code)), HasSubstr("taken"));
  request_ok(client_, with_invite("bob", code));
  EXPECT_THAT(refusal(with_invite("carl", code)), HasSubstr("is not valid"));
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM user"), 2);
}

TEST_F(RegistrationMode, InviteRefusesAnExpiredCode) {
  set("invite");
  const std::string code = tool_.ask({"invite-code", "--days", "1"}).at("code");
  server.storage().execute("UPDATE registrationcode SET expires_at = 1");
  EXPECT_THAT(refusal(with_invite("alice", code)), HasSubstr("is not valid"));
}

// As another server would change it: this one remembers the former mode.
TEST_F(RegistrationMode, AChangeByAnotherServerBindsAtOnce) {
  set("open");
  request_ok(client_, register_request("alice"));
  server.storage().execute("UPDATE setting SET value = 'closed' WHERE name = 'registration'");
  EXPECT_THAT(refusal(register_request("bob")), HasSubstr("registration is closed"));
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM user"), 1);
}

TEST_F(RegistrationMode, ACodeForOneIsUsedOnceHoweverManyTryAtOnce) {
  constexpr int kRivals = 8;
  set("invite");
  const std::string code = tool_.ask({"invite-code"}).at("code");
  std::atomic<int> registered = 0;
  run_in_parallel(kRivals, [&](int i) {
    RawClient client(port());
    const Json reply = client.request(with_invite("user" + std::to_string(i), code));
    if (reply.at("errno") == 0) ++registered;
  });
  EXPECT_EQ(registered, 1);
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM user"), 1);
}

TEST_F(RegistrationMode, StoresOnlyTheHashOfACode) {
  const std::string code = tool_.ask({"invite-code"}).at("code");
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM registrationcode"), 1);
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM registrationcode WHERE code_hash = '" +
                                    code + "'"),
            0);
}

}  // namespace
}  // namespace chat::test
