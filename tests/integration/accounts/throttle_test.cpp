// Limits of wrong passwords, by account and by address, with clients behind a balancer.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "integration/network/balancer_fixture.h"
#include "support/figure.h"
#include "support/processes/memory_limit.h"

namespace chat::test {
namespace {

class Throttle : public BehindABalancer {
 protected:
  Throttle()
      : BehindABalancer(
            {"limits.login_failures_per_minute=10", "limits.account_failures_per_minute=5"}) {}
  Json try_password(const std::string& host, const Json& who, const std::string& password) {
    Json request = {{"msgid", 1}, {"password", password}};
    request.update(who);
    return connect_as(host).request(request);
  }
  // How many wrong passwords are accepted before the first refusal; at most `most`.
  int failures(const std::string& host, const Json& who, int most = 30) {
    for (int i = 0; i < most; ++i) {
      const Json reply = try_password(host, who, "wrong!");
      if (reply.at("errno") == errors::kFailed.number) continue;
      expect_error(reply, 2, errors::kRateLimited);
      return i;
    }
    return most;
  }
};

TEST_F(Throttle, AccountHasOneLimitByNameAndId) {
  const Account alice = register_account("Alice");
  const Json by_id = {{"id", alice.id}};
  int tried = 0;
  tried += failures("203.0.113.1", by_id, 2);
  tried += failures("203.0.113.2", {{"name", "alice"}}, 2);
  tried += failures("203.0.113.3", {{"name", "ALICE"}}, 20);
  EXPECT_EQ(tried, 5);
  EXPECT_EQ(failures("203.0.113.4", by_id), 0);
  // The right password is not checked either; otherwise guessing would still pay.
  expect_error(try_password("203.0.113.5", by_id, alice.password), 2, errors::kRateLimited);
}

TEST_F(Throttle, UnknownAccountsAreLimitedLikeExistingOnes) {
  EXPECT_EQ(failures("203.0.113.1", {{"name", "nobody"}}), 5);
  EXPECT_EQ(failures("203.0.113.2", {{"id", 2'000'000'000}}), 5);
}

TEST_F(Throttle, AddressHasOneLimitForAllAccounts) {
  int tried = 0;
  for (int i = 0; i < 20; ++i) {
    tried += failures("203.0.113.1", {{"name", "user " + std::to_string(i)}}, 1);
  }
  EXPECT_EQ(tried, 10);
}

TEST_F(Throttle, Ipv6NetworkCountsAsOneAddress) {
  int tried = 0;
  for (int i = 1; i <= 20; ++i) {
    tried +=
        failures("2001:db8:0:7::" + std::to_string(i), {{"name", "user " + std::to_string(i)}}, 1);
  }
  EXPECT_EQ(tried, 10);
  EXPECT_EQ(failures("2001:db8:0:8::1", {{"name", "user 99"}}, 1), 1);
}

TEST_F(Throttle, GuessesFromElsewhereDoNotLockOutTheOwner) {
  const Account alice = register_account("alice");
  const Json who = {{"id", alice.id}, {"takeover", true}};
  RawClient owner = connect_as("203.0.113.1");
  request_ok(owner, login_request(alice));
  for (int i = 0; i < 10; ++i) failures("198.51.100." + std::to_string(i), {{"id", alice.id}});
  for (int i = 0; i < 20; ++i) {
    failures("203.0.113.1", {{"name", "other " + std::to_string(i)}}, 1);
  }
  EXPECT_EQ(try_password("203.0.113.1", who, alice.password).at("errno"), 0);
  expect_error(try_password("203.0.113.9", who, alice.password), 2, errors::kRateLimited);
}

TEST_F(Throttle, KnownAddressSurvivesARestart) {
  const Account alice = register_account("alice");
  const Json who = {{"id", alice.id}, {"takeover", true}};
  {
    RawClient owner = connect_as("203.0.113.1");
    request_ok(owner, login_request(alice));
  }
  server.terminate();
  server.start();
  for (int i = 0; i < 10; ++i) failures("198.51.100." + std::to_string(i), {{"id", alice.id}});
  EXPECT_EQ(try_password("203.0.113.1", who, alice.password).at("errno"), 0);
  expect_error(try_password("203.0.113.9", who, alice.password), 2, errors::kRateLimited);
}

TEST_F(Throttle, TokenLoginsAreNotLimited) {
  const User alice = new_user("alice");
  const Json by_token = {{"msgid", 1}, {"token", alice.welcome.at("token")}};
  for (int i = 0; i < 20; ++i) failures("203.0.113.1", {{"name", "u" + std::to_string(i)}}, 1);
  failures("203.0.113.2", {{"id", alice.id()}});
  EXPECT_EQ(connect_as("203.0.113.1").request(by_token).at("errno"), 0);
}

TEST_F(Throttle, LoggedInClientCannotGuessThePasswordEither) {
  User alice = new_user("alice");
  int tried = 0;
  Json reply;
  do {
    reply = alice.client.request({{"msgid", 27}, {"password", "wrong!"}});
  } while (reply.at("errno") == 1 && ++tried < 30);
  expect_error(reply, 127, errors::kRateLimited);
  EXPECT_EQ(tried, 10);
}

class ChatAllowance : public WithServer {
 protected:
  ChatAllowance() : WithServer(Settings{"limits.chat_per_second=1"}) {}
};

TEST_F(ChatAllowance, CountsPerAccountNotPerConnection) {
  User alice = new_user("alice");
  const auto ask = [&](RawClient& client) {
    return client.request(chat_request(alice.account, alice.id(), "x")).at("errno");
  };
  EXPECT_EQ(ask(alice.client), 0);
  EXPECT_EQ(ask(alice.client), 0);
  User again = log_in(alice.account, Wire::kText, {{"takeover", true}});
  EXPECT_EQ(ask(again.client), errors::kRateLimited.number);
}

class Timing : public WithServer {
 protected:
  Timing() : WithServer(Settings{"auth.argon2_memory_kib=4096", "auth.argon2_ops=2"}) {}
  double time_of_login(RawClient& client, const std::string& name) {
    const auto begin = std::chrono::steady_clock::now();
    const Json reply = client.request({{"msgid", 1}, {"name", name}, {"password", "wrong!"}});
    EXPECT_EQ(reply.at("errno"), 1);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
        .count();
  }
};

// The fastest quarter, because whatever runs beside the test only slows it down.
double mean_of_fastest(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto quarter = static_cast<std::ptrdiff_t>(times.size() / 4);
  return std::accumulate(times.begin(), times.begin() + quarter, 0.0) /
         static_cast<double>(quarter);
}

// A difference that the server makes is in every series; one that other programs make is not.
TEST_F(Timing, UnknownAccountAndWrongPasswordTakeTheSameTime) {
  const Account alice = register_account("alice");
  RawClient client(port());
  constexpr int kSeriesMax = 5;
  constexpr std::size_t kRounds = 100;
  const double tolerance = sanitized() ? 0.25 : 0.1;  // a sanitizer slows some code more
  double ratio = 0;
  for (int series = 0; series < kSeriesMax && std::abs(ratio - 1.0) > tolerance; ++series) {
    std::vector<double> known;
    std::vector<double> unknown;
    for (std::size_t i = 0; i < kRounds; ++i) {
      known.push_back(time_of_login(client, "alice"));
      unknown.push_back(time_of_login(client, "nobody"));
    }
    figure("wrong password", static_cast<std::int64_t>(mean_of_fastest(known)), "us");
    figure("unknown account", static_cast<std::int64_t>(mean_of_fastest(unknown)), "us");
    ratio = mean_of_fastest(known) / mean_of_fastest(unknown);
  }
  EXPECT_NEAR(ratio, 1.0, tolerance);
}

// Programs started while it lives reserve no malloc arenas per thread.
struct OneArena {
  OneArena() { ::setenv("MALLOC_ARENA_MAX", "1", 1); }
  ~OneArena() { ::unsetenv("MALLOC_ARENA_MAX"); }
  OneArena(const OneArena&) = delete;
  OneArena& operator=(const OneArena&) = delete;
};

// A server whose memory suffices for everything except hashing.
class NoMemoryToHash : private OneArena, public WithServer {
 protected:
  NoMemoryToHash()
      : WithServer(Settings{"auth.argon2_memory_kib=65536", "auth.argon2_ops=1",
                            "limits.account_failures_per_minute=5"}) {}
};

TEST_F(NoMemoryToHash, IsNotReportedAsAWrongPassword) {
  const Account alice = register_account("alice");
  RawClient client(port());
  {
    const MemoryLimit limit(server.pid(), 32 << 20);
    for (int i = 0; i < 10; ++i) {
      expect_error(client.request(login_request(alice)), 2, errors::kBusy);
    }
    expect_error(client.request({{"msgid", 1}, {"name", "nobody"}, {"password", "wrong!"}}), 2,
                 errors::kBusy);
  }
  request_ok(client, login_request(alice));
}

}  // namespace
}  // namespace chat::test
