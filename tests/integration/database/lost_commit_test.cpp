// The answer to the COMMIT of a write is lost: the connection to the database is cut before or
// after the COMMIT arrives. Either way each write takes effect once, its client gets success, and
// everyone concerned sees the state of the tables. If the database is down at that moment, the
// client gets `unavailable`, and the rest follows once it is back.
#include "integration/database/lost_answer_fixture.h"

namespace chat::test {
namespace {

constexpr int kContact = 201;
constexpr int kGroup = 202;

INSTANTIATE_TEST_SUITE_P(AllWays, LostAnswer, ::testing::ValuesIn(ways()), way_name);

TEST_P(LostAnswer, OfARegistrationIsReadBack) {
  lose("INSERT INTO user");
  const Account alice = account("alice");
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE name = 'alice'"), 1);
  EXPECT_EQ(number("SELECT id FROM user WHERE name = 'alice'"), alice.id);
  EXPECT_TRUE(can_log_in_soon(1, alice));
}

TEST_P(LostAnswer, OfAFriendRequestStillNotifiesTheFriend) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  lose("INSERT INTO friend");
  const Json reply = request_ok(alice.client, add_friend_request(alice.account, bob.id()));
  expect_lost();
  EXPECT_EQ(reply.at("friend").at("name"), "bob");
  EXPECT_EQ(bob.client.push(kContact).at("id"), alice.id());
  expect_refused(alice.client, add_friend_request(alice.account, bob.id()), errors::kExists);
}

TEST_P(LostAnswer, OfAGroupCreationMakesTheGroupLive) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  lose("INSERT INTO allgroup");
  const std::int64_t group = alice.create_group("club");
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM allgroup"), 1);
  bob.join_group(group);
  bob.group_chat(group, "hello");
  EXPECT_EQ(alice.client.push(10).at("msg"), "hello");
  RawClient other(port(1));
  expect_refused(bob.client, create_group_request(bob.account, "CLUB"), errors::kExists);
}

TEST_P(LostAnswer, OfAJoinMakesTheUserAMember) {
  User alice = user_on(1, "alice");
  User bob = user_on(0, "bob");
  const std::int64_t group = alice.create_group("club");
  for (int i = 0; i < 3; ++i) alice.group_chat(group, "before");
  lose("INSERT INTO groupuser");
  bob.join_group(group);
  expect_lost();
  EXPECT_EQ(alice.client.push(202).at("id"), bob.id());
  alice.group_chat(group, "live");
  EXPECT_EQ(seqs_up_to(bob, "live"), (std::vector<std::int64_t>{5}));
  cluster->links(0).redis.reset_all();
  alice.group_chat(group, "in the gap");
  EXPECT_EQ(seqs_up_to(bob, "in the gap"), (std::vector<std::int64_t>{6}));
}

TEST_P(LostAnswer, OfAChangeOfAGroupIsDoneOnceAndTold) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  const auto change = [&](const char* statement, Json request, const char* event) {
    request["groupid"] = group;
    lose(statement);
    request_ok(alice.client, request);
    expect_lost();
    EXPECT_EQ(bob.client.notice().value("event", ""), event);
    EXPECT_EQ(number("SELECT COUNT(*) FROM groupmessage WHERE extra LIKE '%\"" +
                     std::string(event) + "\"%'"),
              1);
  };
  change("UPDATE groupuser SET muted_until", {{"msgid", 43}, {"userid", bob.id()}, {"seconds", 60}},
         "muted");
  change("UPDATE allgroup SET groupname", {{"msgid", 44}, {"groupdesc", "new"}}, "settings");
  change("UPDATE groupuser SET grouprole", {{"msgid", 42}, {"userid", bob.id()}, {"role", "admin"}},
         "role");
  change("UPDATE groupuser SET left_seq", {{"msgid", 41}, {"userid", bob.id()}}, "removed");
  bob.join_group(group);
  change("UPDATE allgroup SET dismissed_at", {{"msgid", 47}}, "dismissed");
}

// The retry finds the message itself, which must not count as another one within the minute.
TEST_P(LostAnswer, OfAMentionOfEverybodyIsStoredOnce) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  Json request = group_chat_request(alice.account, group, "all", "c1");
  request["at_all"] = true;
  request["at"] = {bob.id()};
  lose("INSERT INTO mention");
  const Json reply = request_ok(alice.client, request);
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupmessage WHERE kind IS NULL"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM mention WHERE userid = 0"), 1);
  EXPECT_EQ(bob.client.push(10).at("seq"), reply.at("seq"));
  EXPECT_EQ(request_ok(alice.client, request).at("seq"), reply.at("seq"));
  expect_no_push(bob);
}

// Positions are written later, without an answer.
TEST_P(LostAnswer, OfAReadIsWrittenAgain) {
  User alice = user_on(1, "alice", acking());
  User bob = user_on(0, "bob", acking());
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  const Json sent = alice.group_chat(group, "text");
  alice.chat(bob.id(), "text");
  bob.client.push(10);
  bob.client.push(6);
  lose("UPDATE groupuser SET read_seq");
  bob.client.send({{"msgid", 23}, {"groupid", group}, {"seq", sent.at("seq")}});
  bob.client.send({{"msgid", 23}, {"from", alice.id()}, {"seq", 1}});
  const std::string of_bob = std::to_string(bob.id());
  EXPECT_TRUE(wait_until(
      [&] {
        return number("SELECT read_seq FROM groupuser WHERE userid = " + of_bob) ==
                   sent.at("seq").get<std::int64_t>() &&
               number("SELECT read_seq FROM directcursor WHERE recipient = " + of_bob) == 1;
      },
      kAgreement));
  expect_lost();
  for (int receipts = 0; receipts < 2;) receipts += alice.client.push(203).at("kind") == "read";
  const Json inbox = request_ok(bob.client, {{"msgid", 54}});
  for (const Json& item : inbox.at("conversations")) EXPECT_EQ(item.at("unread"), 0) << item;
}

// Both of its event rows reach the members at once, not with the next message.
TEST_P(LostAnswer, OfAHandoverIsToldWhole) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  User carol = user_on(0, "carol");
  const std::int64_t group = alice.create_group("club");
  for (User* user : {&bob, &carol}) user->join_group(group);
  while (bob.client.notice().value("user", 0) != carol.id()) {
  }
  lose("UPDATE groupuser SET grouprole");
  request_ok(alice.client,
             {{"msgid", 42}, {"groupid", group}, {"userid", bob.id()}, {"role", "creator"}});
  expect_lost();
  for (User* user : {&bob, &carol}) {
    EXPECT_EQ(user->client.notice().value("role", ""), "creator");
    EXPECT_EQ(user->client.notice().value("role", ""), "admin");
  }
}

TEST_P(LostAnswer, OfARequestToJoinReachesTheAdmins) {
  User alice = user_on(1, "alice");
  User bob = user_on(0, "bob");
  const std::int64_t group = alice.create_group("club");
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "approval"}});
  lose("INSERT INTO joinrequest");
  Json request = join_group_request(bob.account, group);
  request["text"] = "please";
  EXPECT_EQ(request_ok(bob.client, request).value("pending", false), true);
  expect_lost();
  const Json push = alice.client.push(kGroup);
  EXPECT_EQ(push.at("change"), "request");
  EXPECT_EQ(push.at("id"), bob.id());
  EXPECT_EQ(push.at("text"), "please");
  expect_no_push(alice);
}

TEST_P(LostAnswer, OfAnInvitationReachesTheInvited) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  lose("REPLACE INTO groupinvite");
  request_ok(alice.client, {{"msgid", 46}, {"groupid", group}, {"userid", bob.id()}});
  expect_lost();
  const Json push = bob.client.push(kGroup);
  EXPECT_EQ(push.at("change"), "invited");
  EXPECT_EQ(push.at("by"), alice.id());
  expect_no_push(bob);
}

TEST_P(LostAnswer, OfALoginLeavesOneSession) {
  const Account alice = account("alice");
  lose("UPDATE user SET state = 'online'");
  User first = log_in_on(0, alice);
  expect_lost();
  RawClient second(port(1));
  expect_refused(second, login_request(alice), errors::kAlreadyOnline);
  const Json token = token_login(first.welcome);
  first.client.close();
  EXPECT_TRUE(can_log_in_soon(1, alice));
  RawClient third(port(0));
  request_ok(third, token);  // it is stored
}

TEST_P(LostAnswer, OfATakeoverEndsTheOlderSession) {
  User older = user_on(1, "alice");
  lose("UPDATE user SET state = 'online'");
  User newer = log_in_on(0, older.account, taking_over());
  expect_lost();
  EXPECT_EQ(older.client.push(kBye).at("reason"), "taken_over");
  newer.chat(newer.id(), "to myself");
  EXPECT_EQ(newer.client.push(6).at("msg"), "to myself");
}

TEST_P(LostAnswer, OfAReleaseStillNotifiesFriends) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  bob.client.keep_presence();
  lose("UPDATE user SET state = 'offline'");
  alice.client.close();
  EXPECT_TRUE(hears_state(bob, alice.id(), "offline"));
  expect_lost();
  EXPECT_TRUE(can_log_in_soon(1, alice.account));
}

TEST_P(LostAnswer, OfAnAccountDeletionLogsTheUserOut) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  bob.client.keep_presence();
  const Json welcome = alice.welcome;
  lose("UPDATE user SET name = ''");
  request_ok(alice.client, {{"msgid", 27}, {"password", alice.account.password}});
  expect_lost();
  expect_refused(alice.client, chat_request(alice.account, bob.id(), "still here"),
                 errors::kNotLoggedIn);
  EXPECT_TRUE(hears_state(bob, alice.id(), "offline"));
  RawClient client(port(1));
  expect_refused(client, token_login(welcome), errors::kInvalidToken);
  expect_refused(client, login_request(alice.account), errors::kFailed);
  EXPECT_NE(account("alice").id, alice.id()) << "the name is free";
}

TEST_P(LostAnswer, OfAProfileChangeIsReadBack) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  lose("UPDATE user SET nick");
  const Json reply =
      request_ok(alice.client, {{"msgid", 36}, {"nick", "Queen"}, {"who_may_chat", "friends"}});
  expect_lost();
  EXPECT_EQ(reply.at("user").at("nick"), "Queen");
  EXPECT_EQ(number("SELECT contact_rev FROM user WHERE name = 'alice'"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch WHERE fold = 'queen'"), 1);
  const Json found = request_ok(bob.client, {{"msgid", 37}, {"kind", "users"}, {"query", "QUEEN"}});
  EXPECT_EQ(found.at("users").at(0).at("id"), alice.id());
}

TEST_P(LostAnswer, OfAPasswordChangeIsReadBack) {
  User first = user_on(0, "alice");
  User alice = log_in_on(0, first.account, taking_over());
  lose("UPDATE user SET password");
  const Json reply = request_ok(
      alice.client,
      {{"msgid", 26}, {"password", alice.account.password}, {"new_password", "new secret"}});
  expect_lost();
  EXPECT_EQ(reply.at("revoked"), 1);
  alice.client.close();
  RawClient client(port(1));
  expect_refused(client, login_request(alice.account), errors::kFailed);
  EXPECT_TRUE(can_log_in_soon(1, {alice.id(), "alice", "new secret"}));
}

TEST_P(LostAnswer, OfARevocationReturnsTheNumber) {
  User first = user_on(0, "alice");
  User alice = log_in_on(0, first.account, taking_over());
  lose("DELETE FROM session");
  EXPECT_EQ(request_ok(alice.client, {{"msgid", 29}, {"others", true}}).at("revoked"), 1);
  expect_lost();
  RawClient client(port(1));
  expect_refused(client, token_login(first.welcome), errors::kInvalidToken);
}

TEST_P(LostAnswer, OfALogoutRevokesTheToken) {
  User alice = user_on(0, "alice");
  lose("DELETE FROM session");
  request_ok(alice.client, logout_request(alice.account));
  expect_lost();
  RawClient client(port(1));
  expect_refused(client, token_login(alice.welcome), errors::kInvalidToken);
}

// A hash with outdated parameters is replaced during the login.
TEST_P(LostAnswer, OfARehashStillLogsIn) {
  const Account alice = account("alice");
  cluster->node(0).terminate();
  cluster->node(0).set("auth.argon2_ops=2");
  cluster->node(0).start();
  lose("UPDATE user SET password");
  User user = log_in_on(0, alice);
  expect_lost();
  user.client.close();
  EXPECT_TRUE(can_log_in_soon(1, alice));
}

TEST_F(LostInAnOutage, JoinBecomesLiveAfterwards) {
  User alice = user_on(1, "alice");
  User bob = user_on(0, "bob");
  const std::int64_t group = alice.create_group("club");
  for (int i = 0; i < 3; ++i) alice.group_chat(group, "before");
  lose_and_cut_off("INSERT INTO groupuser");
  expect_unavailable(bob.client, join_group_request(bob.account, group));
  alice.group_chat(group, "in the meantime");
  end_outage();
  EXPECT_EQ(seqs_up_to(bob, "in the meantime"), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(alice.client.push(202).at("id"), bob.id());
  alice.group_chat(group, "live");
  EXPECT_EQ(seqs_up_to(bob, "live"), (std::vector<std::int64_t>{6}));
  expect_refused(bob.client, join_group_request(bob.account, group), errors::kExists);
}

TEST_F(LostInAnOutage, NewGroupBecomesLiveAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  lose_and_cut_off("INSERT INTO allgroup");
  expect_unavailable(alice.client, create_group_request(alice.account, "club"));
  end_outage();
  const std::int64_t group = number("SELECT id FROM allgroup");
  bob.join_group(group);
  bob.group_chat(group, "hello");
  EXPECT_EQ(seqs_up_to(alice, "hello"), (std::vector<std::int64_t>{2}));
  bob.group_chat(group, "live");
  EXPECT_EQ(seqs_up_to(alice, "live"), (std::vector<std::int64_t>{3}));
}

TEST_F(LostInAnOutage, HandoverIsToldWholeAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  lose_and_cut_off("UPDATE groupuser SET grouprole");
  expect_unavailable(
      alice.client, {{"msgid", 42}, {"groupid", group}, {"userid", bob.id()}, {"role", "creator"}});
  end_outage();
  EXPECT_EQ(bob.client.notice().value("role", ""), "creator");
  EXPECT_EQ(bob.client.notice().value("role", ""), "admin");
}

TEST_F(LostInAnOutage, AdminsHearOfARequestToJoinAfterwards) {
  User alice = user_on(1, "alice");
  User bob = user_on(0, "bob");
  const std::int64_t group = alice.create_group("club");
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "approval"}});
  lose_and_cut_off("INSERT INTO joinrequest");
  expect_unavailable(bob.client, join_group_request(bob.account, group));
  end_outage();
  EXPECT_EQ(alice.client.push(kGroup).at("change"), "request");
}

TEST_F(LostInAnOutage, InvitationIsPushedAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  lose_and_cut_off("REPLACE INTO groupinvite");
  expect_unavailable(alice.client, {{"msgid", 46}, {"groupid", group}, {"userid", bob.id()}});
  end_outage();
  EXPECT_EQ(bob.client.push(kGroup).at("groupname"), "club");
}

TEST_F(LostInAnOutage, FriendIsNotifiedAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  lose_and_cut_off("INSERT INTO friend");
  expect_unavailable(alice.client, add_friend_request(alice.account, bob.id()));
  end_outage();
  EXPECT_EQ(bob.client.push(kContact).at("id"), alice.id());
}

TEST_F(LostInAnOutage, SessionOfADeletedAccountEndsAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  bob.client.keep_presence();
  lose_and_cut_off("UPDATE user SET name = ''");
  expect_unavailable(alice.client, {{"msgid", 27}, {"password", alice.account.password}});
  end_outage();
  EXPECT_EQ(alice.client.push(kBye).at("reason"), "account_deleted");
  EXPECT_TRUE(hears_state(bob, alice.id(), "offline"));
}

// Either the repetition or the server's own check of the first request may be faster.
TEST_F(LostInAnOutage, RepeatedDeletionDoesNotReportAWrongPassword) {
  User alice = user_on(0, "alice");
  const Json request = {{"msgid", 27}, {"password", alice.account.password}};
  lose_and_cut_off("UPDATE user SET name = ''");
  expect_unavailable(alice.client, request);
  end_outage();
  try {
    for (Json reply = alice.client.request(request);; reply = alice.client.request(request)) {
      if (reply.at("errno") == 32) continue;
      EXPECT_EQ(reply.at("errno"), 0) << reply;
      break;
    }
  } catch (const ConnectionEnded&) {
    EXPECT_EQ(alice.client.push(kBye).at("reason"), "account_deleted");
  }
}

// Repeats a request like a client that is told to try again.
TEST_F(LostInAnOutage, RepeatedRegistrationReturnsTheId) {
  const Json request = {{"msgid", 4}, {"name", "alice"}, {"password", "a secret"}};
  account("bob");  // so that the one connection is open
  RawClient client(port(0));
  lose_and_cut_off("INSERT INTO user");
  expect_unavailable(client, request);
  end_outage();
  const Json reply = request_patiently(client, request);
  EXPECT_EQ(reply.at("errno"), 0) << reply;
  EXPECT_EQ(reply.value("id", 0), number("SELECT id FROM user WHERE name = 'alice'"));
  RawClient other(port(0));
  const Json another = {{"msgid", 4}, {"name", "alice"}, {"password", "another"}};
  EXPECT_EQ(request_patiently(other, another).at("errno"), 1);
}

TEST_F(LostInAnOutage, RepeatedPasswordChangeSucceeds) {
  User alice = user_on(0, "alice");
  const Json request = {
      {"msgid", 26}, {"password", alice.account.password}, {"new_password", "new secret"}};
  lose_and_cut_off("UPDATE user SET password");
  expect_unavailable(alice.client, request);
  end_outage();
  const Json wrong = {{"msgid", 26}, {"password", "nonsense"}, {"new_password", "other secret"}};
  EXPECT_EQ(request_patiently(alice.client, wrong).at("errno"), 1);
  EXPECT_EQ(request_patiently(alice.client, request).at("errno"), 0);
  request_ok(alice.client,
             {{"msgid", 26}, {"password", "new secret"}, {"new_password", "newer secret"}});
}

TEST_F(LostInAnOutage, LoginLocksNobodyOut) {
  const Account alice = account("alice");
  lose_and_cut_off("UPDATE user SET state = 'online'");
  RawClient client(port(0));
  expect_unavailable(client, login_request(alice));
  EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE state = 'online'"), 1);
  end_outage();
  EXPECT_TRUE(can_log_in_soon(1, alice));
}

TEST_F(LostInAnOutage, FriendsAreNotifiedOfAReleaseAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  bob.client.keep_presence();
  lose_and_cut_off("UPDATE user SET state = 'offline'");
  alice.client.close();
  ASSERT_TRUE(wait_until([&] { return !database(0).cut_is_due(); }));
  end_outage();
  EXPECT_TRUE(hears_state(bob, alice.id(), "offline"));
  EXPECT_TRUE(can_log_in_soon(1, alice.account));
}

}  // namespace
}  // namespace chat::test
