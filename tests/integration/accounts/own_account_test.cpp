// Passwords changed, accounts deleted, sessions listed and revoked (msgids 26 to 29).
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

Json change_request(const std::string& password, const std::string& new_password) {
  return {{"msgid", 26}, {"password", password}, {"new_password", new_password}};
}
Json delete_request(const std::string& password) {
  return {{"msgid", 27}, {"password", password}};
}
Json by_token(const User& user) {
  return {{"msgid", 1}, {"token", user.welcome.at("token")}};
}

class OwnAccount : public InBothFramings {
 protected:
  explicit OwnAccount(Settings settings = {}) : InBothFramings(std::move(settings)) {}
  // Closes without LOGINOUT, so that the token stays valid.
  void leave(User& user) {
    user.client.close();
    RawClient client = connect();
    const Json reply = request_patiently(client, by_token(user));
    ASSERT_EQ(reply.at("errno"), 0);
    client.close();
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(OwnAccount);

TEST_P(OwnAccount, OldPasswordFailsAfterAChange) {
  User alice = new_user("alice");
  const Json reply = request_ok(alice.client, change_request(alice.account.password, "new secret"));
  EXPECT_EQ(reply.at("msgid"), 126);
  EXPECT_EQ(reply.at("revoked"), 0);
  alice.log_out();
  RawClient client = connect();
  expect_refused(client, login_request(alice.account), errors::kFailed);
  request_ok(client, login_request(alice.account, {{"password", "new secret"}}));
}

TEST_P(OwnAccount, ChangedPasswordRevokesEveryOtherToken) {
  User first = new_user("alice");
  leave(first);
  User second = log_in(first.account, {{"takeover", true}});
  EXPECT_EQ(request_ok(second.client, change_request(second.account.password, "new secret"))
                .at("revoked"),
            1);
  second.client.close();
  RawClient client = connect();
  expect_refused(client, by_token(first), errors::kInvalidToken);
  request_ok(client, by_token(second));
}

TEST_P(OwnAccount, ChangeNeedsTheOldPassword) {
  User alice = new_user("alice");
  expect_refused(alice.client, change_request("wrong!", "new secret"), errors::kFailed);
  expect_refused(alice.client, change_request(alice.account.password, "short"), errors::kFailed);
  expect_refused(alice.client, change_request(alice.account.password, std::string(129, 'x')),
                 errors::kFailed);
  expect_refused(alice.client, {{"msgid", 26}, {"new_password", "new secret"}}, errors::kBadField);
  expect_refused(alice.client, {{"msgid", 26}, {"password", alice.account.password}},
                 errors::kBadField);
  RawClient stranger = connect();
  expect_refused(stranger, change_request(alice.account.password, "new secret"),
                 errors::kNotLoggedIn);
  alice.log_out();
  request_ok(stranger, login_request(alice.account));
}

TEST_P(OwnAccount, DeletionFreesTheName) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  const std::int64_t group = alice.create_group("tea");
  bob.join_group(group);
  alice.client.push(202);
  alice.chat(bob.id(), "to stay");
  EXPECT_EQ(bob.client.push(6).at("msg"), "to stay");
  bob.client.keep_presence();

  expect_refused(alice.client, delete_request("wrong!"), errors::kFailed);
  EXPECT_EQ(request_ok(alice.client, delete_request(alice.account.password)).at("msgid"), 127);
  expect_refused(alice.client, chat_request(alice.account, bob.id(), "x"), errors::kNotLoggedIn);

  // Her presence may be reported late.
  Json presence = bob.client.push(200);
  if (presence.at("state") == "online") presence = bob.client.push(200);
  EXPECT_EQ(presence.at("id"), alice.id());
  EXPECT_EQ(presence.at("state"), "offline");
  const Json left = bob.client.push(202);
  EXPECT_EQ(left.at("groupid"), group);
  EXPECT_EQ(left.at("change"), "left");
  EXPECT_EQ(left.at("id"), alice.id());

  RawClient client = connect();
  expect_refused(client, login_request(alice.account), errors::kFailed);
  expect_refused(client, by_token(alice), errors::kInvalidToken);
  expect_refused(bob.client, chat_request(bob.account, alice.id(), "x"), errors::kNotFound);
  expect_refused(bob.client, add_friend_request(bob.account, alice.id()), errors::kNotFound);
  EXPECT_EQ(request_ok(bob.client, {{"msgid", 31}, {"kind", "friends"}}).at("friends"),
            Json::array());
  EXPECT_EQ(request_ok(bob.client, {{"msgid", 30}, {"groupid", group}}).at("users").size(), 1U);

  const Account again = register_account("alice");
  EXPECT_NE(again.id, alice.id());
}

TEST_P(OwnAccount, MessagesOfADeletedAccountAreKept) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  const std::int64_t group = alice.create_group("tea");
  {
    User bob_there = log_in(bob);
    bob_there.join_group(group);
    bob_there.log_out();
  }
  for (int i = 1; i <= 3; ++i) alice.chat(bob.id, "direct " + std::to_string(i));
  alice.group_chat(group, "in the group");
  request_ok(alice.client, delete_request(alice.account.password));

  User back = log_in(bob, {{"takeover", true}});
  const auto messages = collect_messages(back, 4);
  ASSERT_EQ(messages.size(), 4U);
  const Json history = request_ok(back.client, {{"msgid", 25}, {"with", alice.id()}});
  ASSERT_EQ(history.at("messages").size(), 3U);
  EXPECT_EQ(history.at("messages")[2].at("msg"), "direct 3");
  // Followed by the events: bob is the creator now, and alice has left.
  EXPECT_EQ(request_ok(back.client, {{"msgid", 25}, {"groupid", group}}).at("messages").size(), 3U);
}

TEST_P(OwnAccount, MessagesAreAcknowledgedAgainAfterTheRecipientsDeletion) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  Json request = chat_request(alice.account, bob.id(), "hello");
  request["cid"] = "c-1";
  const auto seq = request_ok(alice.client, request).at("seq");
  request_ok(bob.client, delete_request(bob.account.password));
  EXPECT_EQ(request_ok(alice.client, request).at("seq"), seq);
  request["cid"] = "c-2";
  const Json refused = alice.client.request(request);
  EXPECT_EQ(refused.at("errno"), errors::kNotFound.number) << refused;
  EXPECT_EQ(refused.at("errmsg"), "there is no such user");
  request["toid"] = 4711;
  EXPECT_EQ(alice.client.request(request).at("errmsg"), "there is no such user");
}

TEST_P(OwnAccount, DeletionWaitsForTheAccountsOwnMessages) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  for (int i = 0; i < 50; ++i) alice.client.send(chat_request(alice.account, bob.id(), "last"));
  alice.client.send(delete_request(alice.account.password));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(alice.client.receive().at("errno"), 0);
  EXPECT_EQ(alice.client.receive().at("msgid"), 127);
  EXPECT_EQ(collect_messages(bob, 50).size(), 50U);
}

TEST_P(OwnAccount, SessionsAreListedAndRevoked) {
  User first = new_user("alice");
  leave(first);
  User second = log_in(first.account, {{"takeover", true}});
  const Json listed = request_ok(second.client, {{"msgid", 28}, {"cid", "s"}});
  EXPECT_EQ(listed.at("msgid"), 128);
  ASSERT_EQ(listed.at("sessions").size(), 2U);
  std::string other;
  for (const Json& session : listed.at("sessions")) {
    EXPECT_GT(session.at("expires"), session.at("created"));
    // The listed sessions cannot be used to log in.
    EXPECT_LT(session.at("session").get<std::string>().size(), 32U);
    if (!session.at("current").get<bool>()) other = session.at("session");
  }
  ASSERT_FALSE(other.empty());

  EXPECT_EQ(request_ok(second.client, {{"msgid", 29}, {"session", other}}).at("revoked"), 1);
  expect_refused(second.client, {{"msgid", 29}, {"session", other}}, errors::kNotFound);
  RawClient client = connect();
  expect_refused(client, by_token(first), errors::kInvalidToken);
  EXPECT_EQ(request_ok(second.client, {{"msgid", 28}}).at("sessions").size(), 1U);
}

TEST_P(OwnAccount, AllOtherSessionsAreRevokedAtOnce) {
  User alice = new_user("alice");
  for (int i = 0; i < 3; ++i) alice = log_in(alice.account, {{"takeover", true}});
  EXPECT_EQ(request_ok(alice.client, {{"msgid", 29}, {"others", true}}).at("revoked"), 3);
  EXPECT_EQ(request_ok(alice.client, {{"msgid", 29}, {"others", true}}).at("revoked"), 0);
  EXPECT_EQ(request_ok(alice.client, {{"msgid", 28}}).at("sessions").size(), 1U);
}

TEST_P(OwnAccount, RevocationIsLimitedToOwnSessions) {
  User alice = new_user("alice");
  User mallory = new_user("mallory");
  const Json listed = request_ok(alice.client, {{"msgid", 28}});
  const Json name = listed.at("sessions")[0].at("session");
  expect_refused(mallory.client, {{"msgid", 29}, {"session", name}}, errors::kNotFound);
  expect_refused(mallory.client, {{"msgid", 29}, {"session", ""}}, errors::kNotFound);
  expect_refused(mallory.client, {{"msgid", 29}}, errors::kBadField);
  expect_refused(mallory.client, {{"msgid", 29}, {"session", name}, {"others", true}},
                 errors::kBadField);
  alice.client.close();
  RawClient client = connect();
  request_ok(client, by_token(alice));
}

// The account was made with lower parameters.
class Rehash : public WithServer {
 protected:
  Rehash() : WithServer(Settings{"auth.argon2_memory_kib=64"}) {}
};

TEST_F(Rehash, LoginRehashesWithRaisedParameters) {
  const Account alice = register_account("alice");
  const auto with_memory = [this](const std::string& kib) {
    return server.storage().number("SELECT count(*) FROM user WHERE password LIKE '%$m=" + kib +
                                   ",%'");
  };
  ASSERT_EQ(with_memory("64"), 1);
  server.terminate();
  server.set("auth.argon2_memory_kib=128");
  server.start();
  { User there = log_in(alice); }
  EXPECT_EQ(with_memory("128"), 1);
  server.terminate();
  server.set("auth.argon2_memory_kib=64");
  server.start();
  { User there = log_in(alice, Wire::kText, {{"takeover", true}}); }
  EXPECT_EQ(with_memory("128"), 1) << "made weaker";
}

}  // namespace
}  // namespace chat::test
