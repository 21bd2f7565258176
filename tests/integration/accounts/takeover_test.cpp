// Logging in, out, again, and taking over an older session.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Sessions : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(Sessions);

const Json kTakeover = {{"takeover", true}};

TEST_P(Sessions, TakeoverClosesTheOlderSessionWithBye) {
  User old_session = new_user("alice");
  User bob = new_user("bob");
  User new_session = log_in(old_session.account, kTakeover);

  const auto last_words = old_session.client.receive_to_end();
  ASSERT_EQ(last_words.size(), 1U);
  EXPECT_EQ(last_words[0].at("msgid"), 204);
  EXPECT_EQ(last_words[0].at("reason"), "taken_over");
  EXPECT_EQ(last_words[0].at("reconnect_after_ms"), -1);
  EXPECT_FALSE(old_session.client.was_reset());

  bob.chat(new_session.id(), "to the new one");
  EXPECT_EQ(new_session.client.push(6).at("msg"), "to the new one");
  new_session.chat(bob.id(), "from the new one");
  EXPECT_EQ(bob.client.push(6).at("msg"), "from the new one");
  RawClient third = connect();
  expect_refused(third, login_request(bob.account), errors::kAlreadyOnline);
  expect_refused(third, login_request(old_session.account), errors::kAlreadyOnline);
}

TEST_P(Sessions, ClosingATakenOverConnectionKeepsTheNewSession) {
  User first = new_user("alice");
  User second = log_in(first.account, kTakeover);
  first.client.receive_to_end();
  first.client.close();
  expect_no_push(second);
  RawClient third = connect();
  expect_refused(third, login_request(first.account), errors::kAlreadyOnline);
  const User friendly = new_user("friend");
  RawClient watcher = connect();
  const Account carol = register_account("carol");
  request_ok(watcher, login_request(carol));
  const Json added = request_ok(watcher, add_friend_request(carol, first.id()));
  EXPECT_EQ(added.at("friend").at("state"), "online");
}

TEST_P(Sessions, TakeoverWithoutAnOlderSessionIsALogin) {
  const Account alice = register_account("alice");
  for (int i = 0; i < 3; ++i) {
    User session = log_in(alice, kTakeover);
    expect_no_push(session);
    session.log_out();
  }
}

TEST_P(Sessions, LastOfSeveralTakeoversWins) {
  const Account alice = register_account("alice");
  std::vector<User> sessions;
  for (int i = 0; i < 20; ++i) sessions.push_back(log_in(alice, kTakeover));
  for (std::size_t i = 0; i + 1 < sessions.size(); ++i) {
    const auto words = sessions[i].client.receive_to_end();
    ASSERT_EQ(words.size(), 1U);
    EXPECT_EQ(words[0].at("reason"), "taken_over");
  }
  expect_no_push(sessions.back());
}

TEST_P(Sessions, SimultaneousLoginsHaveExactlyOneWinner) {
  const Account alice = register_account("alice");
  constexpr int kClients = 16;
  std::vector<RawClient> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(connect());
  const Json request = login_request(alice);
  for (RawClient& client : clients) client.send(request);
  int winners = 0;
  for (RawClient& client : clients) {
    const Json reply = client.reply(request);
    if (reply.at("errno") == 0) {
      ++winners;
    } else {
      expect_error(reply, 2, errors::kAlreadyOnline);
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(Sessions, LoginSucceedsRightAfterClosing) {
  const Account alice = register_account("alice");
  for (int i = 0; i < 50; ++i) {
    RawClient client = connect();
    const Json reply = client.request(login_request(alice));
    ASSERT_EQ(reply.at("errno"), 0) << "login " << i << ": " << reply;
    client.close();
  }
}

TEST_P(Sessions, LoginSucceedsRightAfterAReset) {
  const Account alice = register_account("alice");
  for (int i = 0; i < 50; ++i) {
    RawClient client = connect();
    const Json reply = client.request(login_request(alice));
    ASSERT_EQ(reply.at("errno"), 0) << "login " << i << ": " << reply;
    client.reset();
  }
}

TEST_P(Sessions, LoginOfADisconnectedClientIsUndone) {
  const Account alice = register_account("alice");
  for (int i = 0; i < 10; ++i) {
    RawClient client = connect();
    client.send(login_request(alice));
    client.reset();
  }
  EXPECT_TRUE(wait_until([&] {
    RawClient client = connect();
    return client.request(login_request(alice)).at("errno") == 0;
  })) << "an account is locked by a login whose client is gone";
}

TEST_P(Sessions, LogoutAndLoginAgainOnTheSameConnection) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  User witness = new_user("witness");
  for (int i = 0; i < 10; ++i) {
    alice.log_out();
    request_ok(alice.client, login_request(bob));
    request_ok(alice.client, chat_request(bob, witness.id(), "as bob"));
    EXPECT_EQ(witness.client.push(6).at("name"), "bob");
    request_ok(alice.client, logout_request(bob));
    alice.welcome = request_ok(alice.client, login_request(alice.account));
    EXPECT_EQ(alice.welcome.at("name"), "alice");
    witness.chat(alice.id(), std::to_string(i));
    EXPECT_EQ(alice.client.push(6).at("msg"), std::to_string(i));
  }
}

TEST_P(Sessions, LogoutIsAnsweredAfterEarlierChats) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto group = alice.create_group("club");
  constexpr int kChats = 200;
  for (int round = 0; round < 3; ++round) {
    std::string burst;
    for (int i = 0; i < kChats; ++i) {
      burst += alice.client.framed(chat_request(alice.account, bob.id(), "x"));
      burst += alice.client.framed(group_chat_request(alice.account, group, "x"));
    }
    burst += alice.client.framed(logout_request(alice.account));
    alice.client.send_raw(burst);
    for (int i = 0; i < 2 * kChats; ++i) {
      const Json reply = alice.client.receive();
      ASSERT_NE(reply.at("msgid"), 103) << "logout overtook a chat";
      ASSERT_EQ(reply.at("errno"), 0) << reply;
    }
    expect_ok(alice.client.receive(), 103);
    request_ok(alice.client, login_request(alice.account));
  }
  expect_consecutive(collect_messages(bob, 3 * kChats));
}

TEST_P(Sessions, PipelinedLogoutAndLoginTakeEffectInOrder) {
  const Account alice = register_account("alice");
  const Account bob = register_account("bob");
  User witness = new_user("witness");
  RawClient client = connect();
  std::string burst;
  for (const Account& who : {alice, bob, alice}) {
    burst += client.framed(login_request(who));
    burst += client.framed(chat_request(who, witness.id(), "x"));
    burst += client.framed(logout_request(who));
  }
  client.send_raw(burst);
  for (const Account& who : {alice, bob, alice}) {
    const Json welcome = client.receive();
    expect_ok(welcome, 2);
    EXPECT_EQ(welcome.at("id"), who.id);
    expect_ok(client.receive(), 106);
    expect_ok(client.receive(), 103);
    EXPECT_EQ(witness.client.push(6).at("id"), who.id);
  }
}

TEST_P(Sessions, ChatAfterATakeoverIsNeverStored) {
  // The old connection's pipeline races with the takeover: whatever is acknowledged is stored
  // once, and the stream of the user has no gap across both sessions.
  User bob = new_user("bob");
  User old_session = new_user("alice");
  constexpr int kChats = 300;
  std::string burst;
  for (int i = 0; i < kChats; ++i) {
    burst += old_session.client.framed(
        chat_request(old_session.account, bob.id(), "old " + std::to_string(i)));
  }
  old_session.client.send_raw(burst);
  User new_session = log_in(old_session.account, kTakeover);
  const auto last_seq = new_session.chat(bob.id(), "new").at("seq").get<std::int64_t>();
  std::int64_t acknowledged = 0;
  for (const Json& frame : old_session.client.receive_to_end()) {
    if (frame.at("msgid") == 106 && frame.at("errno") == 0) ++acknowledged;
  }
  const auto messages = collect_messages(bob, static_cast<std::size_t>(last_seq));
  expect_consecutive(messages);
  EXPECT_EQ(messages.back().at("msg"), "new");
  EXPECT_LE(acknowledged, last_seq - 1);
  expect_no_push(bob);
}

}  // namespace
}  // namespace chat::test
