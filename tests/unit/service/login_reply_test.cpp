#include "service/login/login_reply.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "support/session_rig.h"
#include "support/storage/storage_fixture.h"

namespace chat::service {
namespace {

using Json = nlohmann::json;

class LoginReplyTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
  }
  // Users "…0" to "…(count-1)", in one statement.
  void add_users(int count) {
    run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(count - 1) +
        ") INSERT INTO user (name, name_key, password, created_at)"
        " SELECT 'somebody with a long name ' || i, 'somebody ' || i, 'hash', 1 FROM n");
  }
  // The reply as decoded by a client.
  Json answer() {
    auto positions = backlog_.positions(alice_);
    EXPECT_TRUE(positions);
    const auto pending = read_pending(backlog_, alice_, std::move(*positions));
    EXPECT_TRUE(pending);
    ListsByUser lists;
    EXPECT_TRUE(read_lists(*connection_, std::vector<UserId>{alice_, bob_}, lists));
    RequestHead request;
    request.msgid = protocol::Msgid::kLogin;
    OkReply reply(request);
    write_login_reply(reply, alice_, "alice", "the-token", *pending, lists[alice_],
                      "127.0.0.1:6000");
    rig_.handler.on_request = [&](session::Session& session, const protocol::Request&) {
      reply.send(session);
    };
    auto pair = rig_.connect();
    pair.peer->send("{\"msgid\":1}\n");
    const auto line = pair.peer->line();
    EXPECT_TRUE(line);
    size_ = line->size();
    return Json::parse(*line);
  }

  test::SessionRig rig_;
  storage::Pool pool_{database_, {}, base::system_clock()};
  delivery::UserNameCache user_names_{pool_};
  delivery::Backlog backlog_{pool_, user_names_};
  UserId alice_;
  UserId bob_;
  std::size_t size_ = 0;
};

TEST_F(LoginReplyTest, ContainsEmptyLists) {
  const Json reply = answer();
  EXPECT_EQ(reply.at("msgid"), 2);
  EXPECT_EQ(reply.at("errno"), 0);
  EXPECT_EQ(reply.at("id"), alice_.value);
  EXPECT_EQ(reply.at("name"), "alice");
  for (const char* list : {"offlinemsg", "friends", "groups"}) {
    EXPECT_EQ(reply.at(list), Json::array()) << list;
  }
  for (const char* flag : {"more", "more_friends", "more_groups"}) {
    EXPECT_EQ(reply.at(flag), false) << flag;
  }
  EXPECT_EQ(reply.at("node"), "127.0.0.1:6000");
}

TEST_F(LoginReplyTest, NamesFriendsAndGroupsWithTheirMembers) {
  ASSERT_TRUE(storage::FriendModel(*connection_).insert(alice_, bob_));
  const GroupId group = add_group("group", alice_);
  const Json reply = answer();
  EXPECT_EQ(reply.at("friends"), Json::parse(R"([{"id":2,"name":"bob","state":"offline"}])"));
  const Json& only = reply.at("groups").at(0);
  EXPECT_EQ(only.at("id"), group.value);
  EXPECT_EQ(only.at("groupname"), "group");
  EXPECT_EQ(only.at("users").at(0).at("role"), "creator");
}

TEST_F(LoginReplyTest, ReadsTheListsOfManyUsers) {
  const UserId carol = add_user("carol");
  storage::FriendModel friends(*connection_);
  ASSERT_TRUE(friends.insert(alice_, carol));
  ASSERT_TRUE(friends.insert(alice_, bob_));
  ASSERT_TRUE(friends.insert(bob_, alice_));
  const GroupId shared = add_group("shared", alice_);
  add_group("bob's", bob_);
  add_member(shared, bob_);
  ListsByUser lists;
  ASSERT_TRUE(read_lists(*connection_, std::vector<UserId>{carol, bob_, alice_}, lists));
  const Lists& of_alice = lists[alice_];
  ASSERT_EQ(of_alice.friends.size(), 2u);
  EXPECT_EQ(of_alice.friends[0].id, bob_);
  EXPECT_EQ(of_alice.friends[1].name, "carol");
  const Lists& of_bob = lists[bob_];
  ASSERT_EQ(of_bob.friends.size(), 1u);
  ASSERT_EQ(of_bob.groups.size(), 2u);
  EXPECT_EQ(of_bob.groups[0], of_alice.groups.at(0)) << "a shared group is read once";
  EXPECT_EQ(Json::parse(*of_bob.groups[0]).at("users").size(), 2u);
  EXPECT_EQ(Json::parse(*of_bob.groups[1]).at("groupname"), "bob's");
  EXPECT_TRUE(lists[carol].friends.empty());
  EXPECT_TRUE(lists[carol].groups.empty());
}

TEST_F(LoginReplyTest, StaysWithinItsLimitWithTheMostFriends) {
  add_users(static_cast<int>(protocol::kFriendsMax));
  run("INSERT INTO friend SELECT 1, id FROM user WHERE id > 2");
  add_group("group", alice_);
  const Json reply = answer();
  EXPECT_LE(size_, protocol::kReplyMaxBytes);
  EXPECT_GT(size_, protocol::kReplyMaxBytes / 2);
  EXPECT_EQ(reply.at("more_friends"), true);
  EXPECT_EQ(reply.at("more_groups"), true);
  EXPECT_LT(reply.at("friends").size(), protocol::kFriendsMax);
}

TEST_F(LoginReplyTest, StaysWithinItsLimitWithLargeGroups) {
  add_users(300);
  for (int i = 0; i < 20; ++i) {
    const GroupId group = add_group("group " + std::to_string(i), alice_);
    run("INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq, read_seq) SELECT " +
        std::to_string(group.value) + ", id, 0, 0, 0 FROM user WHERE id > 1");
  }
  const Json reply = answer();
  EXPECT_LE(size_, protocol::kReplyMaxBytes);
  EXPECT_EQ(reply.at("more_friends"), false);
  EXPECT_EQ(reply.at("more_groups"), true);
  ASSERT_FALSE(reply.at("groups").empty());
  EXPECT_EQ(reply.at("groups").at(0).at("users").size(), protocol::kGroupUsersInReply);
}

TEST_F(LoginReplyTest, CarriesPendingMessagesAndLeavesTheRestForPushes) {
  add_users(static_cast<int>(protocol::kFriendsMax));
  run("INSERT INTO friend SELECT 1, id FROM user WHERE id > 2");
  // The longest encoding of a text: six bytes for each control character.
  std::vector<storage::DirectMessage> rows;
  const std::string body(protocol::kTextMaxCodePoints, '\x01');
  for (Seq seq = 1; seq <= 5; ++seq) {
    rows.push_back({alice_, bob_, seq, "c" + std::to_string(seq), seq, body});
  }
  ASSERT_TRUE(send(rows));
  const Json reply = answer();
  EXPECT_LE(size_, protocol::kReplyMaxBytes);
  ASSERT_FALSE(reply.at("offlinemsg").empty());
  EXPECT_EQ(reply.at("offlinemsg").at(0).at("msg"), body);
  EXPECT_EQ(reply.at("offlinemsg").at(0).at("seq"), 1);
  EXPECT_EQ(reply.at("more"), true);
}

TEST_F(LoginReplyTest, OwnGroupMessagesAreNotPending) {
  const GroupId group = add_group("group", alice_);
  ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 1, alice_, "a", 1, "mine"},
                                                      {group, 2, bob_, "b", 2, "yours"}}));
  const Json reply = answer();
  ASSERT_EQ(reply.at("offlinemsg").size(), 1U);
  EXPECT_EQ(reply.at("offlinemsg").at(0).at("msg"), "yours");
}

TEST_F(LoginReplyTest, AwkwardTextsAreUnchanged) {
  std::vector<storage::DirectMessage> rows;
  const auto texts = storage::awkward_texts();
  for (std::size_t i = 0; i + 1 < texts.size(); ++i) {
    const Seq seq = static_cast<Seq>(i) + 1;
    rows.push_back({alice_, bob_, seq, "c" + std::to_string(seq), 1, texts[i]});
  }
  ASSERT_TRUE(send(rows));
  const Json reply = answer();
  ASSERT_EQ(reply.at("offlinemsg").size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(reply.at("offlinemsg").at(i).at("msg"), rows[i].body);
  }
}

}  // namespace
}  // namespace chat::service
