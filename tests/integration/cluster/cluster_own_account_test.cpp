// Account changes apply on every server: failed logins, password changes, deletion.
#include <gtest/gtest.h>

#include <string>

#include "cluster_fixture.h"
#include "support/proxies/proxy_header_bytes.h"

namespace chat::test {
namespace {

class OwnAccountInACluster : public WithCluster {
 protected:
  explicit OwnAccountInACluster(Settings more = {}) : WithCluster(2, std::move(more)) {}
};

class FailuresInACluster : public OwnAccountInACluster {
 protected:
  FailuresInACluster()
      : OwnAccountInACluster(
            {"limits.login_failures_per_minute=50", "limits.account_failures_per_minute=6"}) {}
  // How many wrong passwords are tried before the first refusal; at most `most`.
  int failures(std::size_t node, const std::string& host, const Json& who, int most = 30) {
    for (int i = 0; i < most; ++i) {
      RawClient client(cluster->proxy_ports()[node]);
      client.send_raw(text_header(host));
      Json request = {{"msgid", 1}, {"password", "wrong!"}};
      request.update(who);
      const Json reply = client.request(request);
      if (reply.at("errno") == errors::kFailed.number) continue;
      expect_error(reply, 2, errors::kRateLimited);
      return i;
    }
    return most;
  }
};

TEST_F(FailuresInACluster, AreCountedForTheWholeCluster) {
  const Account alice = account("alice");
  const Json who = {{"id", alice.id}};
  EXPECT_EQ(failures(0, "203.0.113.1", who, 3), 3);
  EXPECT_EQ(failures(1, "203.0.113.2", who), 3);
  EXPECT_EQ(failures(0, "203.0.113.3", who), 0);
}

TEST_F(FailuresInACluster, SurviveAServersRestart) {
  const Account alice = account("alice");
  EXPECT_EQ(failures(0, "203.0.113.1", {{"id", alice.id}}), 6);
  cluster->node(0).kill9();
  cluster->node(0).start();
  EXPECT_EQ(failures(0, "203.0.113.2", {{"id", alice.id}}), 0);
}

TEST_F(FailuresInACluster, KnownAddressIsSharedBetweenServers) {
  const Account alice = account("alice");
  log_in_on(0, alice).log_out();  // from the loopback address
  for (int i = 0; i < 5; ++i) failures(1, "203.0.113." + std::to_string(i), {{"id", alice.id}});
  EXPECT_GT(log_in_on(1, alice).id(), 0);
}

// Without Redis each server counts by itself, and logins are not delayed.
TEST_F(FailuresInACluster, WithoutRedisEachServerCountsAlone) {
  const Account alice = account("alice");
  cluster->redis().kill9();
  const Json who = {{"id", alice.id}};
  EXPECT_EQ(failures(0, "203.0.113.1", who), 6);
  EXPECT_EQ(failures(1, "203.0.113.2", who), 6);
}

TEST_F(OwnAccountInACluster, DeletedAccountIsGoneOnEveryServer) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  bob.chat(alice.id(), "so that the other server knows the name");
  request_ok(alice.client, {{"msgid", 27}, {"password", alice.account.password}});
  EXPECT_TRUE(wait_until([&] {
    const Json reply = bob.client.request(chat_request(bob.account, alice.id(), "too late"));
    return reply.at("errno") == errors::kNotFound.number;
  }));
  RawClient client(port(1));
  expect_refused(client, token_login(alice.welcome), errors::kInvalidToken);
  expect_refused(client, login_request(alice.account), errors::kFailed);
}

TEST_F(OwnAccountInACluster, DeletionWithoutRedisArrivesOnceItIsBack) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  bob.chat(alice.id(), "so that the other server knows the name");
  cluster->redis().kill9();
  request_ok(alice.client, {{"msgid", 27}, {"password", alice.account.password}});
  cluster->redis().start();
  EXPECT_TRUE(wait_until([&] {
    const Json reply = bob.client.request(chat_request(bob.account, alice.id(), "too late"));
    return reply.at("errno") == errors::kNotFound.number;
  }));
}

TEST_F(OwnAccountInACluster, ChangedPasswordCountsOnEveryServer) {
  User alice = user_on(0, "alice");
  User elsewhere = log_in_on(1, alice.account, taking_over());
  request_ok(elsewhere.client,
             {{"msgid", 26}, {"password", alice.account.password}, {"new_password", "new secret"}});
  elsewhere.log_out();
  RawClient client(port(0));
  expect_refused(client, token_login(alice.welcome), errors::kInvalidToken);
  expect_refused(client, login_request(alice.account), errors::kFailed);
  request_ok(client, login_request(alice.account, {{"password", "new secret"}}));
}

}  // namespace
}  // namespace chat::test
