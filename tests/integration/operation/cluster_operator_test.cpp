// What an operator does on one server takes effect on all of them, with and without Redis.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "integration/cluster/cluster_fixture.h"
#include "support/clients/secrets.h"
#include "support/figure.h"
#include "support/processes/operator_tool.h"

namespace chat::test {
namespace {

using std::chrono::steady_clock;

constexpr int kAnnouncement = 207;
constexpr milliseconds kActPromise{2'000};
constexpr milliseconds kActPromiseWithoutRedis{10'000};

class OperatorInACluster : public WithCluster {
 protected:
  Json ask(std::size_t node, std::vector<std::string> words) {
    return OperatorTool(cluster->node(node)).ask(std::move(words));
  }
  std::int64_t number(const std::string& sql) { return cluster->storage().number(sql); }

  // Expects BYE of this reason as the last frame, within the promise.
  static void expect_ended(User& user, const std::string& reason, milliseconds promise) {
    const auto began = steady_clock::now();
    const auto words = user.client.receive_to_end();
    EXPECT_LE(steady_clock::now() - began, scaled(promise));
    ASSERT_FALSE(words.empty());
    EXPECT_EQ(words.back().at("msgid"), kBye);
    EXPECT_EQ(words.back().at("reason"), reason);
  }
  // Sends without a pause until the connection ends.
  static void send_until_the_end(User& from, std::int64_t to, std::int64_t group) {
    try {
      for (int i = 0;; ++i) {
        from.client.send(chat_request(from.account, to, std::to_string(i)));
        from.client.send(group_chat_request(from.account, group, std::to_string(i)));
      }
    } catch (const std::exception&) {
    }
  }
  bool has_logged_out(std::int64_t user) {
    return cluster->node(0).log().find("event=logout user=" + std::to_string(user)) !=
           std::string::npos;
  }
  std::int64_t sent_by(std::int64_t user) {
    const std::string by = " WHERE sender = " + std::to_string(user);
    return number("SELECT COUNT(*) FROM directmessage" + by) +
           number("SELECT COUNT(*) FROM groupmessage" + by);
  }
  // A busy sender on node 0 is `act`ed upon on node 1: nothing of it is stored once its session has
  // ended, and it has within the promise.
  void expect_fenced(const std::string& act, const std::string& reason, milliseconds promise);
};

TEST_F(OperatorInACluster, KickReachesTheOtherNode) {
  User alice = user_on(0, "alice");
  EXPECT_EQ(ask(1, {"kick", "alice"}).at("changed"), true);
  expect_ended(alice, "kicked", kActPromise);
  RawClient again(port(1));
  request_ok(again, token_login(alice.welcome));
}

TEST_F(OperatorInACluster, KickReachesTheOtherNodeWithoutRedis) {
  User alice = user_on(0, "alice");
  cluster->redis().kill9();
  ask(1, {"kick", "alice"});
  expect_ended(alice, "kicked", kActPromiseWithoutRedis);
}

TEST_F(OperatorInACluster, DisableReachesTheOtherNodeWithoutRedis) {
  User alice = user_on(0, "alice");
  cluster->redis().kill9();
  ask(1, {"disable", "alice"});
  expect_ended(alice, "account_disabled", kActPromiseWithoutRedis);
  RawClient again(port(0));
  expect_refused(again, token_login(alice.welcome), errors::kInvalidToken);
  expect_refused(again, login_request(alice.account), errors::kFailed);
}

void OperatorInACluster::expect_fenced(const std::string& act, const std::string& reason,
                                       milliseconds promise) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = bob.create_group("tea");
  alice.join_group(group);
  auto sending =
      std::async(std::launch::async, [&] { send_until_the_end(alice, bob.id(), group); });
  ASSERT_TRUE(wait_until([&] { return sent_by(alice.id()) > 50; }));
  ask(1, {act, "alice"});
  // The connection may live on for a moment, because the client does not read.
  EXPECT_TRUE(wait_until([&] { return has_logged_out(alice.id()); }, promise));
  const std::int64_t at_the_end = sent_by(alice.id());
  sending.get();
  const auto words = alice.client.receive_to_end();
  ASSERT_FALSE(words.empty());
  EXPECT_EQ(words.back().value("reason", ""), reason);
  bob.chat(bob.id(), "stored after everything that was queued");
  EXPECT_EQ(sent_by(alice.id()), at_the_end);
}

TEST_F(OperatorInACluster, NothingIsStoredAfterAKick) {
  expect_fenced("kick", "kicked", kActPromise);
}

TEST_F(OperatorInACluster, NothingIsStoredAfterADisableWithoutRedis) {
  cluster->redis().kill9();
  expect_fenced("disable", "account_disabled", kActPromiseWithoutRedis);
}

TEST_F(OperatorInACluster, KickOfAPausedNodesUserStoresNothingLater) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  alice.chat(bob.id(), "before");
  cluster->node(0).freeze();
  alice.client.send(chat_request(alice.account, bob.id(), "too late"));
  ask(1, {"kick", "alice"});
  // A node may use the epoch of a sender that it has looked up within 400 ms.
  const auto kicked = steady_clock::now();
  wait_until([&] { return steady_clock::now() - kicked > milliseconds{500}; });
  cluster->node(0).thaw();
  expect_ended(alice, "kicked", kActPromiseWithoutRedis);
  EXPECT_EQ(sent_by(alice.id()), 1);
}

TEST_F(OperatorInACluster, ResetPasswordEndsTheSessionElsewhere) {
  User alice = user_on(0, "alice");
  const std::string password = ask(1, {"reset-password", "alice"}).at("password");
  note_secret(password);
  expect_ended(alice, "kicked", kActPromise);
  RawClient again(port(0));
  request_ok(again, login_request(alice.account, {{"password", password}}));
}

TEST_F(OperatorInACluster, DeleteEndsTheSessionElsewhere) {
  User alice = user_on(0, "alice");
  ask(1, {"delete", "alice", "--yes"});
  expect_ended(alice, "account_deleted", kActPromiseWithoutRedis);
}

TEST_F(OperatorInACluster, WhoShowsTheSessionsOfAllNodes) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const Json sessions = ask(1, {"who"}).at("sessions");
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].at("name"), "alice");
  EXPECT_EQ(sessions[0].at("node"), "node-1");
  EXPECT_FALSE(sessions[0].contains("address"));
  EXPECT_EQ(sessions[1].at("node"), "node-2");
  EXPECT_TRUE(sessions[1].contains("address"));
}

TEST_F(OperatorInACluster, AnnouncementReachesBothNodesOnce) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  ask(1, {"announce", "hello"});
  for (User* user : {&alice, &bob}) {
    EXPECT_EQ(user->client.push(kAnnouncement).at("text"), "hello");
    expect_no_push(*user);
  }
}

TEST_F(OperatorInACluster, AnnouncementReachesTheOtherNodeWithoutRedis) {
  User alice = user_on(0, "alice");
  cluster->redis().kill9();
  ask(1, {"announce", "hello"});
  EXPECT_EQ(alice.client.push(kAnnouncement).at("text"), "hello");
}

TEST_F(OperatorInACluster, DismissReachesTheOtherNode) {
  User alice = user_on(0, "alice");
  User bob = user_on(0, "bob");
  const std::int64_t group = alice.create_group("tea");
  bob.join_group(group);
  ask(1, {"dismiss", std::to_string(group), "--yes"});
  Json event = Json::object();
  while (event.value("event", "") != "dismissed") event = bob.client.notice();
  while (event.value("change", "") != "dismissed") event = alice.client.push(202);
  expect_refused(bob.client, group_chat_request(bob.account, group, "late"), errors::kNotAllowed);
}

TEST_F(OperatorInACluster, RegistrationClosesOnTheOtherNode) {
  RawClient client(port(0));
  int number = 0;
  const auto registers = [&] {
    const Json request = {
        {"msgid", 4}, {"name", "user" + std::to_string(++number)}, {"password", "secret-password"}};
    return client.request(request).at("errno") == 0;
  };
  EXPECT_TRUE(registers());
  ask(1, {"registration", "closed"});
  EXPECT_TRUE(wait_until([&] { return !registers(); }, milliseconds{5'000}));
  ask(1, {"registration", "open"});
  EXPECT_TRUE(wait_until(registers, milliseconds{5'000}));
}

// The answer to the COMMIT of an act is lost.
class LostActs : public WithCluster, public ::testing::WithParamInterface<MysqlProxy::Cut> {
 protected:
  LostActs() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  Json ask_losing(const std::string& statement, std::vector<std::string> words) {
    cluster->links(0).database.cut_next_commit_of(statement, GetParam());
    Json result = OperatorTool(cluster->node(0)).ask(std::move(words));
    EXPECT_FALSE(cluster->links(0).database.cut_is_due()) << "nothing was cut";
    return result;
  }
  static void expect_ended(User& user, const std::string& reason) {
    EXPECT_EQ(user.client.push(kBye).at("reason"), reason);
  }
};
INSTANTIATE_TEST_SUITE_P(BothWays, LostActs,
                         ::testing::Values(MysqlProxy::Cut::kAfterDelivery,
                                           MysqlProxy::Cut::kBeforeDelivery),
                         [](const auto& way) {
                           return way.param == MysqlProxy::Cut::kAfterDelivery ? "AfterTheEffect"
                                                                               : "BeforeTheEffect";
                         });

TEST_P(LostActs, KickIsAnsweredAsIfNothingHadHappened) {
  User alice = user_on(1, "alice");
  EXPECT_EQ(ask_losing("UPDATE user SET state = 'offline', node_id = NULL, node_epoch = 0, kicked",
                       {"kick", "alice"})
                .at("changed"),
            true);
  expect_ended(alice, "kicked");
}

TEST_P(LostActs, DisableIsAnsweredAsIfNothingHadHappened) {
  User alice = user_on(1, "alice");
  EXPECT_EQ(ask_losing("UPDATE user SET disabled_at", {"disable", "alice"}).at("changed"), true);
  expect_ended(alice, "account_disabled");
  EXPECT_EQ(ask_losing("UPDATE user SET disabled_at", {"enable", "alice"}).at("changed"), true);
  RawClient again(port(1));
  request_ok(again, login_request(alice.account));
}

TEST_P(LostActs, ResetPasswordIsAnsweredWithTheNewPassword) {
  User alice = user_on(1, "alice");
  const std::string password =
      ask_losing("UPDATE user SET password", {"reset-password", "alice"}).at("password");
  note_secret(password);
  expect_ended(alice, "kicked");
  RawClient again(port(1));
  request_ok(again, login_request(alice.account, {{"password", password}}));
}

TEST_P(LostActs, DeleteIsAnsweredAsIfNothingHadHappened) {
  User alice = user_on(1, "alice");
  EXPECT_EQ(ask_losing("UPDATE user SET name = ''", {"delete", "alice", "--yes"}).at("changed"),
            true);
  expect_ended(alice, "account_deleted");
}

TEST_P(LostActs, DismissIsAnsweredAndToldOnce) {
  User alice = user_on(1, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("tea");
  bob.join_group(group);
  EXPECT_EQ(
      ask_losing("UPDATE allgroup", {"dismiss", std::to_string(group), "--yes"}).at("changed"),
      true);
  Json event = Json::object();
  while (event.value("event", "") != "dismissed") event = bob.client.notice();
  EXPECT_EQ(
      cluster->storage().number("SELECT COUNT(*) FROM groupmessage WHERE body LIKE '%operator%'"),
      1);
}

TEST_P(LostActs, InviteCodeIsStoredOnce) {
  OperatorTool(cluster->node(0)).ask({"registration", "invite"});
  const std::string code = ask_losing("INSERT INTO registrationcode", {"invite-code"}).at("code");
  EXPECT_EQ(cluster->storage().number("SELECT COUNT(*) FROM registrationcode"), 1);
  Json request = {
      {"msgid", 4}, {"name", "alice"}, {"password", "secret-password"}, {"invite", code}};
  RawClient client(port(0));
  cluster->links(0).database.cut_next_commit_of("UPDATE registrationcode", GetParam());
  request_ok(client, request);
  EXPECT_FALSE(cluster->links(0).database.cut_is_due());
  request["name"] = "bob";
  expect_refused(client, request, errors::kFailed);
}

}  // namespace
}  // namespace chat::test
