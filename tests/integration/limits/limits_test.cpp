// Rates and other limits: excess requests are refused with retry_after_ms.
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <arpa/inet.h>
#include <array>

#include "integration/server_fixture.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

using std::chrono::steady_clock;

// An IPv4 address of this machine that is not loopback: limits per address exempt loopback.
std::optional<std::string> outer_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  std::optional<std::string> found;
  for (const ifaddrs* entry = list; entry != nullptr && !found; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    if ((entry->ifa_flags & IFF_LOOPBACK) != 0 || (entry->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
    found = ::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
  }
  ::freeifaddrs(list);
  return found;
}

class ChatRate : public InBothFramings {
 protected:
  ChatRate() : InBothFramings(Settings{"limits.chat_per_second=5"}) {}
};
CHAT_RUN_IN_BOTH_FRAMINGS(ChatRate);

TEST_P(ChatRate, ExcessIsRefusedAndWorksLater) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  constexpr int kBurst = 40;
  std::string burst;
  for (int i = 0; i < kBurst; ++i) {
    burst +=
        alice.client.framed(chat_request(alice.account, bob.id(), "x", "cid-" + std::to_string(i)));
  }
  alice.client.send_raw(burst);
  int taken = 0;
  for (int i = 0; i < kBurst; ++i) {
    const Json reply = alice.client.reply({{"msgid", 6}, {"cid", "cid-" + std::to_string(i)}});
    if (reply.at("errno") == 0) {
      ++taken;
    } else {
      expect_error(reply, 106, errors::kRateLimited);
    }
  }
  EXPECT_GE(taken, 10) << "a burst of twice the rate is allowed";
  EXPECT_LT(taken, kBurst);
  const Json later =
      request_patiently(alice.client, chat_request(alice.account, bob.id(), "later", "later"));
  expect_ok(later, 106);
  EXPECT_EQ(later.at("seq"), taken + 1) << "what was refused is not stored";
  expect_consecutive(collect_messages(bob, static_cast<std::size_t>(taken) + 1));
}

TEST_P(ChatRate, RefusalsKeepTheirPlaceAmongTheAcks) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  constexpr int kChats = 30;
  std::string burst;
  for (int i = 0; i < kChats; ++i) {
    const std::int64_t to = i % 3 == 0 ? 2'000'000'000 : bob.id();
    burst += alice.client.framed(chat_request(alice.account, to, "x", "cid-" + std::to_string(i)));
  }
  alice.client.send_raw(burst);
  for (int i = 0; i < kChats; ++i) {
    EXPECT_EQ(alice.client.receive().value("cid", ""), "cid-" + std::to_string(i));
  }
}

TEST_P(ChatRate, PingAndDeliveredAreNotChat) {
  User alice = new_user("alice", {{"ack", true}});
  alice.chat(alice.id(), "a stream to acknowledge");
  alice.client.push(6);
  for (int i = 0; i < 100; ++i) {
    alice.client.send(delivered_request(alice.id(), 1));
    expect_alive(alice.client);
  }
  // The receipt may have come, but no refusal.
  while (alice.client.waiting() > 0) EXPECT_TRUE(is_push(alice.client.receive()));
}

TEST_P(ChatRate, RatesOfTwoConnectionsAreIndependent) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  for (int i = 0; i < 40; ++i) {
    alice.client.send(chat_request(alice.account, bob.id(), "x"));
  }
  for (int i = 0; i < 40; ++i) alice.client.receive();
  bob.chat(alice.id(), "not limited");
}

TEST_P(ChatRate, RateIsCheckedAfterEverythingElse) {
  User alice = new_user("alice");
  for (int i = 0; i < 40; ++i) alice.client.send(chat_request(alice.account, alice.id(), "x"));
  for (int i = 0; i < 40; ++i) alice.client.reply({{"msgid", 6}});
  expect_refused(alice.client, {{"msgid", 6}, {"toid", 0}, {"msg", "x"}}, errors::kBadField);
  expect_refused(alice.client, chat_request(alice.account, 2'000'000'000, "x"), errors::kNotFound);
}

// Reached through an address of the machine that the limits per address do not exempt.
class PerAddress : public WithServer {
 protected:
  explicit PerAddress(const std::string& limit = "limits.register_per_minute=3")
      : WithServer(Settings{"server.listen=0.0.0.0:0", limit}) {}
  void SetUp() override {
    if (!outer_address()) GTEST_SKIP() << "this machine has no address but loopback";
  }
  RawClient connect_from_outside() {
    return RawClient(port(), RawClient::Options{Wire::kText, *outer_address(), 0});
  }
};

class RegisterRate : public PerAddress {};

TEST_F(RegisterRate, TheFourthRegistrationOfAMinuteIsRateLimited) {
  RawClient client = connect_from_outside();
  for (int i = 0; i < 3; ++i) test::register_account(client, "user " + std::to_string(i));
  RawClient other = connect_from_outside();
  expect_refused(other, {{"msgid", 4}, {"name", "user 3"}, {"password", "secret-1"}},
                 errors::kRateLimited);
  RawClient exempt(port());
  test::register_account(exempt, "user 3");
}

class LoginFailures : public PerAddress {
 protected:
  LoginFailures() : PerAddress("limits.login_failures_per_minute=4") {}
};

TEST_F(LoginFailures, AreLimitedPerAddress) {
  RawClient client = connect_from_outside();
  std::vector<Account> accounts;
  for (int i = 0; i < 6; ++i) accounts.push_back(register_account("user " + std::to_string(i)));
  for (std::size_t i = 0; i < 4; ++i) {
    expect_refused(client, login_request(accounts[i], {{"password", "wrong!"}}), errors::kFailed);
  }
  expect_refused(client, login_request(accounts[4], {{"password", "wrong!"}}),
                 errors::kRateLimited);
  log_in(accounts[5]);  // from another address
}

class HashLane : public InBothFramings {
 protected:
  HashLane() : InBothFramings(Settings{"auth.argon2_memory_kib=8192", "auth.argon2_ops=1"}) {}
};
CHAT_RUN_IN_BOTH_FRAMINGS(HashLane);

TEST_P(HashLane, HundredLoginsAtOnceAllEndLoggedIn) {
  constexpr int kClients = 100;
  std::vector<Account> accounts;
  std::vector<RawClient> clients;
  for (int i = 0; i < kClients; ++i) {
    accounts.push_back(register_account("user " + std::to_string(i)));
    clients.push_back(connect());
  }
  User alice = new_user("alice");
  std::vector<std::size_t> waiting(kClients);
  for (std::size_t i = 0; i < kClients; ++i) waiting[i] = i;
  int refusals = 0;
  const Deadline deadline(milliseconds{60'000});  // two hundred hashes, beside neighbours
  while (!waiting.empty() && !deadline.passed()) {
    for (const std::size_t i : waiting) clients[i].send(login_request(accounts[i]));
    alice.chat(alice.id(), "chat goes on meanwhile");
    std::vector<std::size_t> refused;
    Json longest_wait = Json::object();
    for (const std::size_t i : waiting) {
      const Json reply = clients[i].receive();
      if (reply.at("errno") == 0) continue;
      expect_error(reply, 2, errors::kBusy);
      if (longest_wait.value("retry_after_ms", 0) < reply.value("retry_after_ms", 0)) {
        longest_wait = reply;
      }
      refused.push_back(i);
      ++refusals;
    }
    waiting = refused;
    wait_as_told(longest_wait);
  }
  EXPECT_TRUE(waiting.empty()) << waiting.size() << " are still not logged in";
  EXPECT_GT(refusals, 0) << "a queue of 32 hashes took a hundred at once";
}

// A client that abandons a waiting login and logs in again must keep the new session.
TEST_P(HashLane, LoginOfADisconnectedClientTakesOverNobody) {
  const User first = new_user("alice");
  const Account other = register_account("other");
  std::vector<RawClient> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(connect());
    others.back().send(login_request(other, {{"password", "wrong"}}));
  }
  {
    RawClient impatient = connect();
    impatient.send(login_request(first.account, {{"takeover", true}}));
  }
  RawClient again = connect();
  const Json welcome = again.request({{"msgid", 1}, {"token", first.welcome.at("token")}});
  EXPECT_EQ(welcome.at("errno"), 0) << welcome;
  for (RawClient& client : others) client.receive();
  again.take_in(milliseconds{500});
  expect_alive(again);
  EXPECT_EQ(again.waiting(), 0U);
}

class ConnectionLimit : public WithServer {
 protected:
  ConnectionLimit() : WithServer(Settings{"limits.connections=20"}) {}
};

TEST_F(ConnectionLimit, ExcessConnectionIsRefusedUntilAPlaceIsFree) {
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(port());
    expect_alive(clients.back());
  }
  {
    RawClient extra(port());
    try {
      extra.send({{"msgid", 21}});
      extra.take_in(milliseconds{200});
      if (extra.waiting() > 0) {
        EXPECT_NE(extra.receive().value("errno", -1), 0);
      }
    } catch (const ConnectionEnded&) {
    }
  }
  for (RawClient& client : clients) expect_alive(client);
  clients.pop_back();
  EXPECT_TRUE(wait_until([&] {
    RawClient next(port());
    try {
      next.send({{"msgid", 21}});
      next.take_in(milliseconds{200});
      return next.waiting() > 0 && next.receive().value("errno", -1) == 0;
    } catch (const ConnectionEnded&) {
      return false;
    }
  }));
}

class AddressLimit : public PerAddress {
 protected:
  AddressLimit() : PerAddress("limits.connections_per_address=5") {}
};

TEST_F(AddressLimit, AppliesPerAddressExceptLoopback) {
  std::vector<RawClient> outside;
  for (int i = 0; i < 5; ++i) {
    outside.push_back(connect_from_outside());
    expect_alive(outside.back());
  }
  RawClient extra = connect_from_outside();
  try {
    extra.send({{"msgid", 21}});
    for (const Json& frame : extra.receive_to_end()) EXPECT_NE(frame.value("errno", -1), 0);
  } catch (const ConnectionEnded&) {
  }
  std::vector<RawClient> inside;
  for (int i = 0; i < 20; ++i) {
    inside.emplace_back(port());
    expect_alive(inside.back());
  }
  for (RawClient& client : outside) expect_alive(client);
}

class FirstByteTimeout : public InBothFramings {
 protected:
  FirstByteTimeout() : InBothFramings(Settings{"limits.first_byte_timeout_ms=300"}) {}
};
CHAT_RUN_IN_BOTH_FRAMINGS(FirstByteTimeout);

TEST_P(FirstByteTimeout, EndsOnlyConnectionsThatNeverSentAByte) {
  RawClient talked = connect();
  expect_alive(talked);
  RawClient begun = connect();
  begun.send_raw(std::string_view(begun.framed({{"msgid", 21}})).substr(0, 1));
  // The silent connection was opened last, so its time-out has passed for the others too.
  RawClient silent(port());
  const std::vector<Json> told = silent.receive_to_end();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().at("msgid"), 204);
  EXPECT_EQ(told.front().at("reason"), "login_timeout");
  expect_alive(talked);
  begun.send_raw(std::string_view(begun.framed({{"msgid", 21}})).substr(1));
  expect_ok(begun.reply({{"msgid", 21}}), 121);
}

// A client that requests page after page and reads none.
class SlowClientsLimit : public WithServer {
 protected:
  SlowClientsLimit() : WithServer({"limits.slow_clients=2"}) {}

  User user_who_does_not_read(const std::string& name) {
    User user = new_user(name);
    for (int i = 0; i < 20; ++i) user.chat(user.id(), std::string(4000, 'x'));
    for (int i = 0; i < 50; ++i) {
      user.client.send({{"msgid", 25}, {"with", user.id()}, {"limit", 100}});
    }
    return user;
  }
  int closed_for_it() { return occurrences(server.log(), "reason=slow "); }
};

TEST_F(SlowClientsLimit, ClosesASlowReaderAndKeepsTheOthers) {
  std::vector<User> users;
  users.reserve(3);
  for (const char* name : {"one", "two", "three"}) users.push_back(user_who_does_not_read(name));
  // At the first check, after 10 s, data in the kernel's buffer may still count as read.
  constexpr milliseconds kTwoLooks{20'000};
  EXPECT_TRUE(wait_until([&] { return closed_for_it() > 0; }, kTwoLooks + kPatience));
  User another = new_user("another");
  expect_alive(another.client);
  int all = 0;
  for (User& user : users) {
    try {
      for (int i = 0; i < 50; ++i) expect_ok(user.client.reply({{"msgid", 25}}), 125);
      ++all;
    } catch (const ConnectionEnded&) {
    }
  }
  EXPECT_EQ(all, 2);
  EXPECT_EQ(closed_for_it(), 1);
}

}  // namespace
}  // namespace chat::test
