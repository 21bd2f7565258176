// A server that was stopped for less than its lease continues with the input in its sockets, while
// its users have moved to another one.
#include <chrono>
#include <string>
#include <thread>

#include "cluster_fixture.h"
#include "integration/messages/revision_fixture.h"

namespace chat::test {
namespace {

// More than the server remembers the cids of, in a stream of direct messages.
constexpr int kManyMessages = 70;
constexpr int kUnread = 5;

class ClusterPause : public WithCluster {
 protected:
  // Alice, who is on the stopped server, sends `unread` there, and on the other server again,
  // followed by more. `send(i)` makes request number i of Alice.
  template <typename MakeRequest>
  void take_over_while_stopped(User& alice, MakeRequest make_request) {
    ServerProcess& stopped = cluster->node(0);
    stopped.freeze();
    for (int i = 0; i < kUnread; ++i) alice.client.send(make_request(i));
    User again = log_in_on(1, alice.account, taking_over());
    for (int i = 0; i < kUnread + kManyMessages; ++i) {
      EXPECT_EQ(again.client.request(make_request(i)).at("errno"), 0);
    }
    stopped.thaw();
    alice.client.receive_to_end();
    expect_alive(again.client);
    EXPECT_TRUE(stopped.running());
  }
  std::int64_t stored_twice(const std::string& table) {
    return cluster->storage().number("SELECT count(*) - count(DISTINCT cid) FROM " + table);
  }
};

TEST_F(ClusterPause, PausedServerDoesNotStoreMessagesSentElsewhere) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  alice.chat(bob.id(), "before", "before");
  take_over_while_stopped(alice, [&](int i) {
    const std::string text = std::to_string(i);
    return chat_request(alice.account, bob.id(), text, "c" + text);
  });
  EXPECT_EQ(stored_twice("directmessage"), 0);
  EXPECT_EQ(cluster->storage().number("SELECT count(*) FROM directmessage"),
            1 + kUnread + kManyMessages);
}

// The stopped server has not cached these streams, so no stale head causes a key conflict.
TEST_F(ClusterPause, PausedServerStoresNothingInNewStreamsEither) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  User carol = user_on(1, "carol");
  take_over_while_stopped(alice, [&](int i) {
    const std::string text = std::to_string(i);
    // The first ones to both, so that the streams are looked up together.
    const std::int64_t to = i == 1 ? carol.id() : bob.id();
    return chat_request(alice.account, to, text, "c" + text);
  });
  EXPECT_EQ(stored_twice("directmessage"), 0);
}

TEST_F(ClusterPause, PausedServerStoresNoGroupMessagesOfATakenOverSession) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = bob.create_group("group");
  alice.join_group(group);
  take_over_while_stopped(alice, [&](int i) {
    const std::string text = std::to_string(i);
    return group_chat_request(alice.account, group, text, "c" + text);
  });
  EXPECT_EQ(stored_twice("groupmessage"), 0);
}

// It is not resent, so only the ended session prevents its storage.
TEST_F(ClusterPause, MessageOfATakenOverSessionIsRefused) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = bob.create_group("group");
  alice.join_group(group);
  alice.chat(bob.id(), "before", "before");
  ServerProcess& stopped = cluster->node(0);
  stopped.freeze();
  alice.client.send(chat_request(alice.account, bob.id(), "late", "late"));
  alice.client.send(group_chat_request(alice.account, group, "late", "late"));
  User again = log_in_on(1, alice.account, taking_over());
  stopped.thaw();
  alice.client.receive_to_end();
  EXPECT_EQ(cluster->storage().number("SELECT count(*) FROM directmessage"), 1);
  EXPECT_EQ(cluster->storage().number("SELECT count(*) FROM groupmessage WHERE kind IS NULL"), 0);
  again.chat(bob.id(), "late", "late");
}

// The user has meanwhile repeated the act on the other server, and undone it there.
class ClusterPauseOfAnAct : public ClusterPause {
 protected:
  // Alice sends `act` to the stopped server, and `elsewhere` to the other one. Redis stops too, so
  // that the stopped server handles its input before it learns of the takeover.
  void act_while_stopped(User& alice, const Json& act, const std::vector<Json>& elsewhere) {
    ServerProcess& stopped = cluster->node(0);
    stopped.freeze();
    cluster->redis().freeze();
    alice.client.send(act);
    User again = log_in_on(1, alice.account, taking_over());
    for (const Json& request : elsewhere) request_ok(again.client, request);
    stopped.thaw();
    alice.client.receive_to_end();
    cluster->redis().thaw();
    expect_alive(again.client);
  }
  std::int64_t number(const std::string& sql) { return cluster->storage().number(sql); }
  static Json in_group(int msgid, std::int64_t group, const Json& more = Json::object()) {
    Json request{{"msgid", msgid}, {"groupid", group}};
    request.update(more);
    return request;
  }
};

TEST_F(ClusterPauseOfAnAct, MemberWhoIsBackStays) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = bob.create_group("group");
  alice.join_group(group);
  const Json leave = in_group(40, group);
  act_while_stopped(alice, leave, {leave, join_group_request(alice.account, group)});
  EXPECT_EQ(cluster->storage().number("SELECT COUNT(*) FROM groupuser WHERE left_seq > 0"), 0);
}

TEST_F(ClusterPauseOfAnAct, EndedMuteStaysEnded) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("group");
  bob.join_group(group);
  const Json mute = in_group(43, group, {{"userid", bob.id()}, {"seconds", 600}});
  const Json unmute = in_group(43, group, {{"userid", bob.id()}, {"seconds", 0}});
  act_while_stopped(alice, mute, {mute, unmute});
  EXPECT_EQ(bob.client.request(group_chat_request(bob.account, group, "free")).at("errno"), 0);
}

TEST_F(ClusterPauseOfAnAct, EndedBlockStaysEnded) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  Json block{{"msgid", 34}, {"userid", bob.id()}, {"blocked", true}};
  Json unblock = block;
  unblock["blocked"] = false;
  act_while_stopped(alice, block, {block, unblock});
  EXPECT_EQ(cluster->storage().number("SELECT COUNT(*) FROM block"), 0);
}

TEST_F(ClusterPauseOfAnAct, ChangedProfileStaysChanged) {
  User alice = user_on(0, "alice");
  act_while_stopped(alice, {{"msgid", 36}, {"nick", "old"}}, {{{"msgid", 36}, {"nick", "new"}}});
  EXPECT_EQ(cluster->storage().number("SELECT COUNT(*) FROM user WHERE nick = 'new'"), 1);
}

// Each act waits in the stopped server's socket, while its user does something else on the other.
TEST_F(ClusterPauseOfAnAct, LateEditChangesNothing) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("group");
  for (const Json& sent : {alice.chat(bob.id(), "text"), alice.group_chat(group, "text")}) {
    act_while_stopped(alice, edit_of(sent, "late"), {edit_of(sent, "newer")});
    const std::string table = sent.contains("toid") ? "directmessage" : "groupmessage";
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE body = 'late'"), 0);
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE body = 'newer'"), 2);
    alice = log_in_on(0, alice.account, taking_over());
  }
}

TEST_F(ClusterPauseOfAnAct, LateRecallErasesNothing) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("group");
  for (const Json& sent : {alice.chat(bob.id(), "text"), alice.group_chat(group, "text")}) {
    act_while_stopped(alice, recall_of(sent), {edit_of(sent, "kept")});
    const std::string table = sent.contains("toid") ? "directmessage" : "groupmessage";
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE body = 'kept'"), 2);
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE kind = 'recall'"), 0);
    alice = log_in_on(0, alice.account, taking_over());
  }
}

TEST_F(ClusterPauseOfAnAct, ConversationKeepsItsNewerSettings) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  alice.chat(bob.id(), "text");
  const auto set = [&](const char* what, bool on) {
    return Json{{"msgid", 55}, {"with", bob.id()}, {what, on}};
  };
  act_while_stopped(alice, set("pinned", true),
                    {set("pinned", true), set("pinned", false), set("muted", true)});
  EXPECT_EQ(number("SELECT COUNT(*) FROM conversation WHERE pinned = 0 AND muted = 1"), 1);
}

// It was declared dead, and its users have logged in elsewhere. The input in its sockets includes a
// login with takeover.
TEST_F(ClusterPause, SweptServerTakesNobodyOver) {
  const Account account = register_account(port(0), "alice");
  const auto epoch = [&] {
    return cluster->storage().number("SELECT epoch FROM node ORDER BY id LIMIT 1");
  };
  const std::int64_t before = epoch();
  RawClient late(port(0));
  request_ok(late, {{"msgid", 21}});
  ServerProcess& stopped = cluster->node(0);
  stopped.freeze();
  ASSERT_TRUE(wait_until([&] { return epoch() > before; }, milliseconds(30'000)));
  User alice = log_in_on(1, account);
  const auto session_epoch = [&] {
    return cluster->storage().number("SELECT session_epoch FROM user WHERE name = 'alice'");
  };
  const std::int64_t claimed = session_epoch();
  late.send(login_request(account, taking_over()));
  // For a while it cannot detect that by its lease.
  const std::string database = cluster->storage().database();
  std::thread lock([&database] {
    mariadb().query("BEGIN; SELECT id FROM node FOR UPDATE; SELECT SLEEP(3); ROLLBACK", database);
  });
  ASSERT_TRUE(wait_until([] {
    return mariadb().query(
               "SELECT COUNT(*) FROM information_schema.processlist"
               " WHERE info LIKE 'SELECT SLEEP(3)%'") != "0";
  }));
  stopped.thaw();
  lock.join();
  for (const Json& answer : late.receive_to_end()) {
    if (answer.at("msgid") != 2) continue;
    EXPECT_NE(answer.at("errno"), 0) << answer;
  }
  (void)stopped.wait_exit();
  EXPECT_EQ(session_epoch(), claimed);
  expect_alive(alice.client);
}

}  // namespace
}  // namespace chat::test
