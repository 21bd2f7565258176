// Clients that repeat what costs them little.
#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "integration/network/balancer_fixture.h"
#include "support/clients/classic_client.h"
#include "support/eventually.h"
#include "support/occurrences.h"
#include "support/sqlite_lock.h"

namespace chat::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

seconds since(steady_clock::time_point begun) {
  return std::chrono::ceil<seconds>(steady_clock::now() - begun);
}

Json token_request(const Json& token) {
  return {{"msgid", 1}, {"token", token}};
}

class OneChatAllowance : public WithServer {
 protected:
  OneChatAllowance() : WithServer(Settings{"limits.chat_per_second=20"}) {}
};

// A classic client cannot be refused anything, so a new connection must not get a new limit.
TEST_F(OneChatAllowance, AppliesToClassicClientsThatReconnect) {
  User alice = new_user("alice");
  const User bob = new_user("bob");
  std::string chats;
  for (int i = 0; i < 63; ++i) {
    const Json chat = {{"msgid", 6}, {"id", alice.id()}, {"toid", bob.id()}, {"msg", "again"}};
    chats += chat.dump() + '\0';
  }
  const auto begun = steady_clock::now();
  while (steady_clock::now() - begun < seconds(3)) {
    ClassicClient client(port());
    client.send(token_request(alice.welcome.at("token")));
    ASSERT_EQ(client.receive().at("errno"), 0);
    client.send_raw(chats);
  }
  const std::int64_t stored = server.storage().number("SELECT COUNT(*) FROM directmessage");
  EXPECT_LE(stored, 40 + 20 * since(begun).count());
}

class Registrations : public WithServer {
 protected:
  Registrations() : WithServer(Settings{"limits.register_per_minute=5"}) {}
};

TEST_F(Registrations, TakenNamesCountLikeNewOnes) {
  RawClient client(port());
  test::register_account(client, "alice");
  const Json request = {{"msgid", 4}, {"name", "alice"}, {"password", "secret-1"}};
  for (int i = 0; i < 4; ++i) expect_error(client.request(request), 5, errors::kFailed);
  expect_error(client.request(request), 5, errors::kRateLimited);
  RawClient again(port());
  expect_error(again.request(request), 5, errors::kRateLimited);
}

class InvalidTokens : public BehindABalancer {
 protected:
  InvalidTokens() : BehindABalancer({"limits.login_failures_per_minute=2"}) {}
  static Json invalid(int number) {
    return token_request(std::string(60, 'a') + std::to_string(1000 + number));
  }
};

TEST_F(InvalidTokens, AreLimitedPerAddressWithoutDelayingValidTokens) {
  const User alice = new_user("alice");
  const Json valid = token_request(alice.welcome.at("token"));
  EXPECT_EQ(connect_as("203.0.113.1").request(valid).at("errno"), 0);
  RawClient stranger = connect_as("203.0.113.1");
  int tried = 0;
  Json reply;
  while ((reply = stranger.request(invalid(tried))).at("errno") != errors::kRateLimited.number) {
    ASSERT_LT(++tried, 100);
  }
  EXPECT_GE(tried, 20);
  EXPECT_LE(tried, 22);
  EXPECT_EQ(connect_as("203.0.113.1").request(valid).at("errno"), 0);
  expect_error(connect_as("203.0.113.2").request(invalid(0)), 2, errors::kInvalidToken);
}

class NoLimits : public WithServer {};

TEST_F(NoLimits, RepeatedFailuresAreLoggedAtALimitedRate) {
  RawClient client(port());
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) {
    client.send(token_request(std::string(60, 'a') + std::to_string(1000 + i)));
  }
  for (int i = 0; i < kMany; ++i) client.receive();
  const auto begun = steady_clock::now();
  const auto lines = [this] { return occurrences(server.log(), "event=login_failed"); };
  EXPECT_LE(lines(), 50 + 2 * (30 + since(begun).count()));
  // The next line reports how many were suppressed.
  EXPECT_TRUE(eventually([&] {
    client.request(token_request(std::string(64, 'b')));
    return server.log().find("suppressed=") != std::string::npos;
  }));
}

class PasswordChanges : public WithServer {
 protected:
  PasswordChanges() : WithServer(Settings{"auth.argon2_memory_kib=4096", "auth.argon2_ops=1"}) {}
};

TEST_F(PasswordChanges, DoNotMakeLoginsBusy) {
  constexpr int kAttackers = 45;
  const Account owner = register_account("owner");
  std::vector<User> attackers;
  for (int i = 0; i < kAttackers; ++i) attackers.push_back(new_user("user " + std::to_string(i)));
  log_in(owner).log_out();
  for (User& attacker : attackers) {
    const Json change = {{"msgid", 26},
                         {"password", attacker.account.password},
                         {"new_password", attacker.account.password}};
    for (int i = 0; i < 10; ++i) attacker.client.send(change);
  }
  for (int i = 0; i < 5; ++i) {
    RawClient client(port());
    ASSERT_EQ(client.request(login_request(owner)).at("errno"), 0) << "login " << i;
    client.request(logout_request(owner));
  }
}

class ConfirmationRate : public WithServer {
 protected:
  ConfirmationRate() : WithServer(Settings{"limits.login_failures_per_minute=10"}) {}
};

TEST_F(ConfirmationRate, IsLimitedPerAccountEvenWithTheRightPassword) {
  User alice = new_user("alice");
  const Json change = {{"msgid", 26},
                       {"password", alice.account.password},
                       {"new_password", alice.account.password}};
  for (int i = 0; i < 10; ++i) request_ok(alice.client, change);
  expect_error(alice.client.request(change), 126, errors::kRateLimited);
}

class LoginRate : public WithServer {
 protected:
  LoginRate() : WithServer(Settings{"limits.logins_per_minute=5"}) {}
};

TEST_F(LoginRate, IsLimitedPerAccountIncludingTokens) {
  User alice = new_user("alice");
  const Json by_token = token_request(alice.welcome.at("token"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(RawClient(port()).request(by_token).at("errno"), 0);
  expect_error(RawClient(port()).request(by_token), 2, errors::kRateLimited);
  new_user("bob");
}

class RepeatedSync : public WithServer {};

// 16 repeated bytes count as one of the client's own.
TEST_F(RepeatedSync, IsChargedForRepeatedPushes) {
  constexpr int kTexts = 100;
  constexpr std::int64_t kRate = 10'000;
  const std::string text(4000, 'x');
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  for (int i = 0; i < kTexts; ++i) alice.chat(bob.id, text);
  server.terminate();
  server.set("limits.bytes_per_second=" + std::to_string(kRate));
  server.start();
  User reader = log_in(bob, Wire::kText, {{"ack", true}});
  collect_messages(reader, kTexts);
  const auto begun = steady_clock::now();
  std::int64_t received = 0;
  while (steady_clock::now() - begun < seconds(2)) {
    request_ok(reader.client, {{"msgid", 24}, {"from", alice.id()}, {"after", 0}});
    for (int i = 0; i < kTexts; ++i) {
      reader.client.push(6);
      received += static_cast<std::int64_t>(text.size());
    }
  }
  // A burst is worth two seconds, and the last round may end late.
  EXPECT_LE(received, 16 * kRate * (2 + since(begun).count() + 1));
}

class AfterLogout : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(AfterLogout);

TEST_P(AfterLogout, FrameLimitIsThatBeforeTheLogin) {
  User alice = new_user("alice");
  const Json ping = {{"msgid", 21}, {"pad", std::string(5000, 'x')}};
  expect_ok(alice.client.request(ping), 121);
  alice.log_out();
  alice.client.send(ping);
  expect_error(alice.client.receive(), 100, errors::kTooLarge);
}

// The credentials of a login change while it waits for the database. SQLite only: there one
// transaction blocks every claim.
class OvertakenLogin : public WithServer {
 protected:
  void SetUp() override {
    if (on_mysql()) GTEST_SKIP() << "a claim there waits for nobody";
  }
  // The reply to a login whose token was looked up before `change`, and which claims its user
  // afterwards: reading does not wait for locks here.
  Json log_in_around(const std::string& change) {
    const Json token = new_user("alice").welcome.at("token");
    EXPECT_TRUE(eventually([&] {  // otherwise its logout meets the lock
      return server.storage().number("SELECT COUNT(*) FROM user WHERE state = 'online'") == 0;
    }));
    RawClient client(port());
    SqliteLock lock(server.storage().file());
    client.send(token_request(token));
    // Detects the thread that waits for the lock. If the kernel does not tell, the lookup gets this
    // long.
    (void)eventually([this] { return sleeps(server.pid()); }, kLookup);
    lock.commit(change);
    return client.receive();
  }

 private:
  static constexpr std::chrono::milliseconds kLookup{300};

  static bool sleeps(pid_t pid) {
    const auto tasks = "/proc/" + std::to_string(pid) + "/task";
    return std::ranges::any_of(std::filesystem::directory_iterator(tasks), [](const auto& task) {
      std::string where;
      std::ifstream(task.path() / "wchan") >> where;
      return where.find("nanosleep") != std::string::npos;
    });
  }
};

TEST_F(OvertakenLogin, FailsIfItsTokenIsRevokedMeanwhile) {
  expect_error(log_in_around("DELETE FROM session"), 2, errors::kInvalidToken);
}

// As a concurrent login does that rehashes with higher parameters.
TEST_F(OvertakenLogin, SucceedsIfItsPasswordIsRehashedMeanwhile) {
  EXPECT_EQ(log_in_around("UPDATE user SET password = 'another hash'").at("errno"), 0);
}

}  // namespace
}  // namespace chat::test
