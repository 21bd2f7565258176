#include "client/load/account.h"

#include <gtest/gtest.h>

#include "chat/protocol/errors.h"

namespace chat::client::load {
namespace {

using Kind = Account::Outcome::Kind;
using protocol::Errno;
using protocol::Msgid;

Event refusal(Errno code, std::optional<std::int64_t> retry_after_ms = {}) {
  return {event::Refused{"", {}, static_cast<int>(code), "word", "sentence", retry_after_ms}};
}
Event welcome(const std::string& token) {
  return {event::LoggedIn{UserId{7}, "name", token, {}, {}, {}}};
}

class AccountTest : public ::testing::Test {
 protected:
  Msgid asks() const { return account.next("c").question.request; }
  bool by_token() const { return account.next("c").json.find("token") != std::string::npos; }

  Account account{"name", "password"};
};

TEST_F(AccountTest, RegistersAndLogsInAndComesBackByToken) {
  EXPECT_EQ(asks(), Msgid::kRegister);
  EXPECT_EQ(account.take({event::Registered{UserId{7}, "name"}}).kind, Kind::kGoOn);
  EXPECT_TRUE(account.fresh());
  EXPECT_EQ(asks(), Msgid::kLogin);
  EXPECT_FALSE(by_token());
  EXPECT_EQ(account.take(welcome("t")).kind, Kind::kLoggedIn);
  EXPECT_EQ(account.id(), UserId{7});
  EXPECT_TRUE(by_token());
}

TEST_F(AccountTest, UsesAnExistingAccount) {
  EXPECT_EQ(account.take(refusal(Errno::kFailed)).kind, Kind::kGoOn);
  EXPECT_EQ(asks(), Msgid::kLogin);
  EXPECT_EQ(account.take(welcome("t")).kind, Kind::kLoggedIn);
  EXPECT_FALSE(account.fresh());
}

TEST_F(AccountTest, CannotUseAnotherClientsAccount) {
  account.take(refusal(Errno::kFailed));
  EXPECT_EQ(account.take(refusal(Errno::kFailed)).kind, Kind::kImpossible);
}

TEST_F(AccountTest, FallsBackToThePasswordIfTheTokenIsInvalid) {
  account.take({event::Registered{UserId{7}, "name"}});
  account.take(welcome("t"));
  EXPECT_EQ(account.take(refusal(Errno::kInvalidToken)).kind, Kind::kGoOn);
  EXPECT_EQ(asks(), Msgid::kLogin);
  EXPECT_FALSE(by_token());
}

TEST_F(AccountTest, WaitsAsLongAsTheServerAsks) {
  const auto told = account.take(refusal(Errno::kRateLimited, 1234));
  EXPECT_EQ(told.kind, Kind::kWait);
  EXPECT_EQ(told.wait, std::chrono::milliseconds(1234));
  EXPECT_EQ(account.take(refusal(Errno::kBusy)).kind, Kind::kWait);
  account.take({event::Registered{UserId{7}, "name"}});
  EXPECT_EQ(account.take(refusal(Errno::kAlreadyOnline)).kind, Kind::kWait);
  EXPECT_EQ(asks(), Msgid::kLogin);
}

TEST(KnownAccount, LogsInTheSameWayEachTime) {
  Account by_token = Account::with_token(UserId{7}, "seeded");
  for (int i = 0; i < 2; ++i) {
    const auto step = by_token.next("c");
    EXPECT_EQ(step.question.request, Msgid::kLogin);
    EXPECT_NE(step.json.find("seeded"), std::string::npos);
    EXPECT_EQ(step.json.find("heartbeat"), std::string::npos);
    EXPECT_EQ(by_token.take(welcome("new")).kind, Kind::kLoggedIn);
  }
  EXPECT_EQ(by_token.take(refusal(Errno::kInvalidToken)).kind, Kind::kImpossible);
  Account by_password = Account::with_password(UserId{7}, "secret");
  by_password.take(welcome("new"));
  EXPECT_NE(by_password.next("c").json.find("secret"), std::string::npos);
  EXPECT_NE(by_password.next("c").json.find("takeover"), std::string::npos);
}

}  // namespace
}  // namespace chat::client::load
