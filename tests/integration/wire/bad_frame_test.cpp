// Overlong frames, beyond those in the bank of bad inputs.
#include <gtest/gtest.h>

#include <memory>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

// One server for all tests, and a witness that chats on it after each.
class BadFrames : public ::testing::TestWithParam<Wire> {
 protected:
  static void SetUpTestSuite() {
    server = std::make_unique<ServerProcess>();
    witness = std::make_unique<User>(new_user(server->port(), "witness"));
    account = register_account(server->port(), "alice");
  }
  static void TearDownTestSuite() {
    witness.reset();
    server.reset();
  }
  void TearDown() override {
    ASSERT_TRUE(server->running());
    expect_alive(witness->client);
    EXPECT_EQ(witness->client.waiting(), 0U);
  }

  RawClient connect() { return RawClient(server->port(), GetParam()); }
  // Expects the refusal, then BYE, then the end.
  static void expect_too_large_and_bye(RawClient& client) {
    const auto frames = client.receive_to_end();
    ASSERT_EQ(frames.size(), 2U);
    expect_error(frames[0], 100, errors::kTooLarge);
    EXPECT_EQ(frames[1].at("msgid"), 204) << frames[1];
    EXPECT_FALSE(frames[1].value("reason", "").empty()) << frames[1];
    EXPECT_TRUE(frames[1].contains("reconnect_after_ms")) << frames[1];
    EXPECT_FALSE(client.was_reset());
  }

  inline static std::unique_ptr<ServerProcess> server;
  inline static std::unique_ptr<User> witness;
  inline static Account account;
};
CHAT_RUN_IN_BOTH_FRAMINGS(BadFrames);

TEST_P(BadFrames, FrameOverTheLimitAfterLoginIsTooLargeAndCloses) {
  User alice = log_in(server->port(), account, GetParam());
  alice.client.send({{"msgid", 21}, {"pad", std::string(65536, 'x')}});
  expect_too_large_and_bye(alice.client);
  log_in(server->port(), account, GetParam());  // and nobody is locked out
}

TEST_P(BadFrames, RequestsBeforeTheTooLargeOneAreAnswered) {
  RawClient client = connect();
  client.send_raw(client.framed({{"msgid", 21}}) + client.framed({{"msgid", 21}}) +
                  client.framed({{"pad", std::string(100'000, 'x')}}));
  expect_ok(client.receive(), 121);
  expect_ok(client.receive(), 121);
  expect_too_large_and_bye(client);
}

class BadText : public BadFrames {};
INSTANTIATE_TEST_SUITE_P(Framings, BadText, ::testing::Values(Wire::kText), wire_name);

TEST_P(BadText, EndlessLineIsCutOff) {
  RawClient client = connect();
  try {
    const std::string chunk(64 * 1024, 'x');
    for (int i = 0; i < 1600 && !client.ended(); ++i) client.send_raw(chunk);
  } catch (const ConnectionEnded&) {
  }
  client.receive_to_end();
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace chat::test
