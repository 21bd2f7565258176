#include "chat/storage/friend_model.h"

#include "chat/storage/node_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class FriendModelTest : public StorageTest {
 protected:
  std::vector<int> list(UserId user, UserId after, std::size_t limit) {
    const auto friends = FriendModel(*connection_).list(user, after, limit);
    EXPECT_TRUE(friends) << friends.error().message;
    std::vector<int> ids;
    for (const auto& one : friends.value_or(std::vector<Friend>{})) ids.push_back(one.id.value);
    return ids;
  }
};

TEST_F(FriendModelTest, IsOneWay) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  FriendModel friends(*connection_);
  EXPECT_TRUE(friends.insert(alice, bob).value());
  EXPECT_EQ(friends.count(alice).value(), 1u);
  EXPECT_EQ(friends.count(bob).value(), 0u);
  EXPECT_EQ(list(bob, {}, 10), std::vector<int>{});
}

TEST_F(FriendModelTest, ReportsAnExistingFriend) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  FriendModel friends(*connection_);
  EXPECT_TRUE(friends.insert(alice, bob).value());
  EXPECT_FALSE(friends.insert(alice, bob).value());
  EXPECT_EQ(friends.count(alice).value(), 1u);
}

TEST_F(FriendModelTest, RefusesAnUnknownUser) {
  const auto alice = add_user("alice");
  const auto inserted = FriendModel(*connection_).insert(alice, UserId{99});
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code, ErrorCode::kConflict);
}

TEST_F(FriendModelTest, ListsByIdInPages) {
  const auto alice = add_user("alice");
  for (const auto* name : {"b", "c", "d", "e"}) add_user(name);
  FriendModel friends(*connection_);
  for (const int id : {4, 2, 5, 3}) ASSERT_TRUE(friends.insert(alice, UserId{id}));
  EXPECT_EQ(list(alice, {}, 3), (std::vector<int>{2, 3, 4}));
  EXPECT_EQ(list(alice, UserId{4}, 3), (std::vector<int>{5}));
  EXPECT_EQ(list(alice, UserId{5}, 3), std::vector<int>{});
  EXPECT_EQ(list(alice, {}, 0), std::vector<int>{});
}

TEST_F(FriendModelTest, ReturnsNameAndState) {
  const auto alice = add_user("alice");
  const auto bob = add_user("Bob \U0001F600");
  const auto carol = add_user("carol");
  FriendModel friends(*connection_);
  ASSERT_TRUE(friends.insert(alice, bob));
  ASSERT_TRUE(friends.insert(alice, carol));
  run("UPDATE user SET state = 'online' WHERE id = 2");
  const auto listed = friends.list(alice, {}, 10);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].name, "Bob \U0001F600");
  EXPECT_TRUE((*listed)[0].online);
  EXPECT_FALSE((*listed)[1].online);
}

TEST_F(FriendModelTest, OnlineWatchersAreOnlineAndListTheUser) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto carol = add_user("carol");
  FriendModel friends(*connection_);
  ASSERT_TRUE(friends.insert(bob, alice).value());
  ASSERT_TRUE(friends.insert(carol, alice).value());
  ASSERT_TRUE(friends.insert(alice, carol).value());
  const auto node = begin_node(*connection_, "a");
  ASSERT_TRUE(UserModel(*connection_).claim(bob, *node, false).value());
  const std::vector<UserId> watched{alice, carol};
  const auto watches = friends.online_watchers(watched);
  ASSERT_TRUE(watches);
  ASSERT_EQ(watches->size(), 1u);
  EXPECT_EQ(watches->front().watcher, bob);
  EXPECT_EQ(watches->front().watched, alice);
}

}  // namespace
}  // namespace chat::storage
