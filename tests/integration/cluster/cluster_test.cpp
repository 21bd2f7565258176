// Several servers on one database and one Redis: users on different servers chat as if on one.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cluster_fixture.h"

namespace chat::test {
namespace {

using ::testing::ElementsAre;

class TwoNodes : public WithCluster {
 protected:
  // alice on the first node, bob on the second, both in a group.
  void make_club(const Json& more = Json::object()) {
    alice = std::make_unique<User>(user_on(0, "alice", more));
    bob = std::make_unique<User>(user_on(1, "bob", more));
    club = alice->create_group("club");
    bob->join_group(club);
    alice->client.push(202);
  }
  // Expects `watcher` to be told this state of `id`.
  static void expect_presence(User& watcher, std::int64_t id, const std::string& state) {
    EXPECT_EQ(watcher.client.push(200), (Json{{"msgid", 200}, {"id", id}, {"state", state}}));
  }
  User watcher_of(const Account& watched) {
    User watcher = user_on(0, "watcher of " + watched.name);
    request_ok(watcher.client, add_friend_request(watcher.account, watched.id));
    watcher.client.keep_presence();
    return watcher;
  }

  std::unique_ptr<User> alice;
  std::unique_ptr<User> bob;
  std::int64_t club = 0;
};

TEST_F(TwoNodes, OneToOneChatCrossesBothWays) {
  User first = user_on(0, "alice");
  User second = user_on(1, "bob");
  for (int i = 1; i <= 20; ++i) {
    first.chat(second.id(), "over there", "c" + std::to_string(i));
    const Json push = second.client.push(6);
    EXPECT_EQ(push.at("msg"), "over there");
    EXPECT_EQ(push.at("id"), first.id());
    EXPECT_EQ(push.at("name"), "alice");
    EXPECT_EQ(push.at("toid"), second.id());
    EXPECT_EQ(push.at("seq"), i);
    EXPECT_EQ(push.at("cid"), "c" + std::to_string(i));
    second.chat(first.id(), "and back");
    EXPECT_EQ(first.client.push(6).at("msg"), "and back");
  }
  expect_no_push(first);
  expect_no_push(second);
}

TEST_F(TwoNodes, GroupChatCrossesBothWaysAndNotToItsSender) {
  make_club();
  User carol = user_on(1, "carol");
  carol.join_group(club);
  for (User* member : {alice.get(), bob.get()}) member->client.push(202);
  for (int i = 0; i < 10; ++i) {
    User& sender = i % 2 == 0 ? *alice : *bob;
    User& other = i % 2 == 0 ? *bob : *alice;
    sender.group_chat(club, std::to_string(i));
    for (User* member : {&other, &carol}) {
      const Json push = member->client.push(10);
      EXPECT_EQ(push.at("msg"), std::to_string(i));
      EXPECT_EQ(push.at("id"), sender.id());
      EXPECT_EQ(push.at("groupid"), club);
      EXPECT_EQ(push.at("seq"), i + 3) << "two have joined";
    }
  }
  for (User* member : {alice.get(), bob.get(), &carol}) expect_no_push(*member);
}

TEST_F(TwoNodes, ContactPushCrosses) {
  User first = user_on(0, "alice");
  User second = user_on(1, "bob");
  const Json added = request_ok(first.client, add_friend_request(first.account, second.id()));
  EXPECT_EQ(added.at("friend").at("state"), "online");
  EXPECT_EQ(second.client.push(),
            (Json{{"msgid", 201}, {"id", first.id()}, {"name", "alice"}, {"event", "added"}}));
}

TEST_F(TwoNodes, NewMemberReceivesFromTheOtherNodeAtOnce) {
  User first = user_on(0, "alice");
  User second = user_on(1, "bob");
  for (int i = 0; i < 30; ++i) {
    const std::int64_t group = first.create_group("group " + std::to_string(i));
    const Json joined = second.join_group(group);
    EXPECT_EQ(joined.at("group").at("users").size(), 2U);
    first.group_chat(group, "welcome");
    const Json push = second.client.push();
    EXPECT_EQ(push.at("msg"), "welcome");
    EXPECT_EQ(push.at("groupid"), group);
  }
}

TEST_F(TwoNodes, MembersLearnOfANewMemberOnTheOtherNode) {
  User first = user_on(0, "alice");
  User second = user_on(1, "bob");
  User third = user_on(1, "carol");
  const std::int64_t group = first.create_group("tea");
  second.join_group(group);
  second.group_chat(group, "its arrival shows that node 0 hears of the group");
  while (first.client.push().at("msgid") != 10) continue;
  third.join_group(group);
  Json push = first.client.push();
  while (push.at("id") != third.id()) push = first.client.push();
  EXPECT_EQ(push, (Json{{"msgid", 202},
                        {"groupid", group},
                        {"change", "joined"},
                        {"id", third.id()},
                        {"name", "carol"}}));
}

// The first join subscribes the channel; the second must not rely on that too early.
TEST_F(TwoNodes, SimultaneousNewMembersReceiveFromTheOtherNode) {
  User first = user_on(0, "alice");
  std::vector<User> joining;
  for (int i = 0; i < 6; ++i) joining.push_back(user_on(1, "joining " + std::to_string(i)));
  for (int round = 0; round < 30; ++round) {
    const std::int64_t group = first.create_group("group " + std::to_string(round));
    for (User& user : joining) user.client.send(join_group_request(user.account, group));
    for (User& user : joining) {
      const Json request = join_group_request(user.account, group);
      Json reply = user.client.reply(request);
      // All lock the group's row at once.
      if (reply.value("error", "") == "busy") reply = request_ok(user.client, request);
      expect_ok(reply, 109);
      first.group_chat(group, "to " + user.account.name);
      Json push = user.client.push(10);
      while (push.at("msg") != "to " + user.account.name) push = user.client.push(10);
    }
  }
}

TEST_F(TwoNodes, PresenceTellsFriendsOnTheOtherNode) {
  const Account who = account("bob");
  User watcher = watcher_of(who);
  for (int i = 0; i < 5; ++i) {
    User session = log_in_on(1, who);
    expect_presence(watcher, who.id, "online");
    session.log_out();
    expect_presence(watcher, who.id, "offline");
    session = log_in_on(1, who);
    expect_presence(watcher, who.id, "online");
    session.client.close();
    expect_presence(watcher, who.id, "offline");
    session = log_in_on(1, who);
    expect_presence(watcher, who.id, "online");
    session.client.reset();
    expect_presence(watcher, who.id, "offline");
  }
}

TEST_F(TwoNodes, LoginShowsStatesOfUsersOnTheOtherNode) {
  make_club();
  request_ok(alice->client, add_friend_request(alice->account, bob->id()));
  const auto state_of_bob = [&](const Json& welcome) {
    const Json& friends = welcome.at("friends");
    EXPECT_EQ(friends.size(), 1U);
    std::string state = friends.at(0).at("state");
    for (const Json& member : welcome.at("groups").at(0).at("users")) {
      const bool is_bob = member.at("id") == bob->id();
      EXPECT_EQ(member.at("state"), is_bob ? state : "online") << member;
    }
    return state;
  };
  alice->log_out();
  EXPECT_EQ(state_of_bob(log_in_on(0, alice->account).welcome), "online");
  bob->log_out();
  EXPECT_EQ(state_of_bob(log_in_on(0, alice->account, taking_over()).welcome), "offline");
}

TEST_F(TwoNodes, ReceiptsCross) {
  make_club(acking());
  alice->chat(bob->id(), "1");
  bob->client.push(6);
  bob->client.send(delivered_request(alice->id(), 1));
  EXPECT_EQ(alice->client.push(203),
            (Json{{"msgid", 203}, {"kind", "delivered"}, {"id", bob->id()}, {"seq", 1}}));
  bob->client.send({{"msgid", 23}, {"from", alice->id()}, {"seq", 1}});
  EXPECT_EQ(alice->client.push(203),
            (Json{{"msgid", 203}, {"kind", "read"}, {"id", bob->id()}, {"seq", 1}}));
  alice->group_chat(club, "1");
  bob->client.push(10);
  bob->client.send(group_delivered_request(club, 2));
  EXPECT_EQ(alice->client.push(203),
            (Json{{"msgid", 203}, {"kind", "delivered"}, {"groupid", club}, {"seq", 2}}));
}

TEST_F(TwoNodes, HistoryContainsMessagesOfBothNodes) {
  make_club();
  alice->chat(bob->id(), "1");
  bob->chat(alice->id(), "2");
  alice->chat(bob->id(), "3");
  bob->group_chat(club, "4");
  alice->group_chat(club, "5");
  const auto texts = [](User& user, const Json& request) {
    std::vector<std::string> all;
    const Json reply = request_ok(user.client, request);
    for (const Json& message : reply.at("messages")) all.push_back(message.at("msg"));
    return all;
  };
  for (User* user : {alice.get(), bob.get()}) {
    const std::int64_t other = user == alice.get() ? bob->id() : alice->id();
    EXPECT_THAT(texts(*user, {{"msgid", 25}, {"with", other}}), ElementsAre("1", "2", "3"));
  }
  EXPECT_THAT(texts(*alice, {{"msgid", 25}, {"groupid", club}}),
              ElementsAre("bob joined", "4", "5"));
  EXPECT_THAT(texts(*bob, {{"msgid", 25}, {"groupid", club}}), ElementsAre("4", "5"));
}

TEST_F(TwoNodes, SyncRepeatsMessagesOfTheOtherNode) {
  make_club(acking());
  for (int i = 1; i <= 4; ++i) {
    alice->chat(bob->id(), std::to_string(i));
    alice->group_chat(club, std::to_string(i));
    bob->client.push(6);
    bob->client.push(10);
  }
  request_ok(bob->client, {{"msgid", 24}, {"from", alice->id()}, {"after", 1}});
  for (int seq = 2; seq <= 4; ++seq) EXPECT_EQ(bob->client.push().at("seq"), seq);
  request_ok(bob->client, {{"msgid", 24}, {"groupid", club}, {"after", 3}});
  for (int seq = 4; seq <= 5; ++seq) EXPECT_EQ(bob->client.push().at("seq"), seq);
  alice->chat(bob->id(), "5");
  EXPECT_EQ(bob->client.push().at("seq"), 5);
  expect_no_push(*bob);
}

TEST_F(TwoNodes, CidIsRecognisedOnEveryNode) {
  make_club();
  User carol = user_on(0, "carol");
  const Json direct = alice->chat(carol.id(), "text", "same");
  const Json group = alice->group_chat(club, "text", "same");
  alice->chat(carol.id(), "other", "other");
  for (const std::size_t node : {1U, 0U, 1U}) {
    alice->log_out();
    *alice = log_in_on(node, alice->account);
    EXPECT_EQ(alice->chat(carol.id(), "text", "same").at("seq"), direct.at("seq"));
    EXPECT_EQ(alice->group_chat(club, "text", "same").at("seq"), group.at("seq"));
    for (Json changed : {chat_request(alice->account, carol.id(), "new text", "same"),
                         group_chat_request(alice->account, club, "new text", "same")}) {
      expect_error(alice->client.request(changed), changed["msgid"].get<int>() + 100,
                   errors::kConflict);
    }
  }
  for (const char* text : {"text", "other"}) EXPECT_EQ(carol.client.push(6).at("msg"), text);
  expect_no_push(carol);
  EXPECT_EQ(bob->client.push(10).at("msg"), "text");
  expect_no_push(*bob);
}

}  // namespace
}  // namespace chat::test
