#include "chat/storage/moderation_model.h"

#include <string>
#include <vector>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class ModerationModelTest : public StorageTest {
 protected:
  ModerationModel model() { return ModerationModel(*connection_); }
  std::vector<std::string> names(const Result<std::vector<UserOverview>>& users) {
    EXPECT_TRUE(users) << users.error().message;
    std::vector<std::string> names;
    for (const UserOverview& user : users.value()) names.push_back(user.name);
    return names;
  }
  UserState state(UserId user) {
    const auto states = UserModel(*connection_).states({&user, 1});
    EXPECT_TRUE(states && states->size() == 1);
    return states->front();
  }
  using Names = std::vector<std::string>;
};

TEST_F(ModerationModelTest, ListsUsersByIdAndLeavesOutDeletedOnes) {
  const UserId carl = add_user("carl");
  const UserId gone = add_user("gone");
  add_user("alice");
  ASSERT_TRUE(write([&] { return UserModel(*connection_).remove(gone, "hash"); }).value());
  EXPECT_EQ(names(model().users("", {}, 10)), (Names{"carl", "alice"}));
  EXPECT_EQ(names(model().users("", {}, 1)), (Names{"carl"}));
  EXPECT_EQ(names(model().users("", carl, 10)), (Names{"alice"}));
  EXPECT_FALSE(model().user(gone)->has_value());
}

TEST_F(ModerationModelTest, ListsUsersByPrefix) {
  for (const char* name : {"alan", "bob", "Alice", "al", "älice", "am", "al\U0001F600"}) {
    add_user(name);
  }
  const auto all = model().users("AL", {}, 10);
  EXPECT_EQ(names(all), (Names{"alan", "Alice", "al", "al\U0001F600"}));
  EXPECT_EQ(names(model().users("al", all->at(1).id, 1)), (Names{"al"}));
  EXPECT_EQ(names(model().users("al", all->at(3).id, 10)), (Names{}));
  EXPECT_EQ(names(model().users("zz", {}, 10)), (Names{}));
}

TEST_F(ModerationModelTest, PagesGoOnAfterWhatWasDeletedOrRenamed) {
  const UserId alan = add_user("alan");
  const UserId alice = add_user("alice");
  const GroupId tea = add_group("tea", alice);
  const GroupId team = add_group("team", alice);
  ASSERT_TRUE(write([&] { return UserModel(*connection_).remove(alan, "hash"); }).value());
  EXPECT_EQ(names(model().users("al", alan, 10)), (Names{"alice"}));
  run("UPDATE allgroup SET groupname = 'zen', name_key = 'zen' WHERE id = " +
      std::to_string(tea.value));
  const auto groups = model().groups("te", tea, 10);
  ASSERT_EQ(groups.value().size(), 1U);
  EXPECT_EQ(groups->front().id, team);
}

TEST_F(ModerationModelTest, ShowsWhoIsOnlineAndWhere) {
  const UserId alice = add_user("alice");
  add_user("bob");
  const auto node = begin_node(*connection_, "node-1");
  ASSERT_TRUE(UserModel(*connection_).claim(alice, *node, false).value());
  const auto online = model().online_users({}, 10);
  EXPECT_EQ(names(online), (Names{"alice"}));
  EXPECT_EQ(online->front().node, "node-1");
  EXPECT_EQ(names(model().online_users(alice, 10)), (Names{}));
  EXPECT_TRUE((*model().user(alice))->online);
}

TEST_F(ModerationModelTest, EndingSessionsRaisesBothEpochs) {
  const UserId alice = add_user("alice");
  const auto node = begin_node(*connection_, "node-1");
  ASSERT_EQ(UserModel(*connection_).claim(alice, *node, false).value(), 1);
  ASSERT_TRUE(write([&] { return model().end_sessions(alice); }));
  EXPECT_FALSE(state(alice).online);
  EXPECT_EQ(state(alice).session_epoch, 2);
  EXPECT_EQ(state(alice).kicked_epoch, 2);
  ASSERT_EQ(UserModel(*connection_).claim(alice, *node, false).value(), 3);
  EXPECT_EQ(state(alice).kicked_epoch, 2) << "a later session was not ended";
}

TEST_F(ModerationModelTest, DisabledAccountsAreFoundAsSuch) {
  const UserId alice = add_user("alice");
  ASSERT_TRUE(model().set_disabled_at(alice, 1234));
  EXPECT_EQ((*model().user(alice))->disabled_at, 1234);
  EXPECT_TRUE(state(alice).disabled);
  UserModel users(*connection_);
  EXPECT_TRUE((*users.find(alice))->disabled);
  EXPECT_TRUE((*users.find_by_name("alice"))->disabled);
  EXPECT_TRUE(users.credentials({&alice, 1})->front().disabled);
  ASSERT_TRUE(model().set_disabled_at(alice, 0));
  EXPECT_FALSE(state(alice).disabled);
}

TEST_F(ModerationModelTest, ShowsGroups) {
  const UserId alice = add_user("alice");
  const GroupId tea = add_group("tea", alice);
  const GroupId chess = add_group("Chess", alice);
  const auto all = model().groups("", {}, 10);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().id, tea);
  EXPECT_EQ(all->front().members, 1);
  EXPECT_EQ(all->front().creator_name, "alice");
  EXPECT_EQ(model().groups("ch", {}, 10)->front().id, chess);
  EXPECT_EQ(model().groups("", tea, 10)->size(), 1U);
  EXPECT_EQ((*model().group(tea))->desc, "desc");
  EXPECT_FALSE(model().group(GroupId{77})->has_value());
}

}  // namespace
}  // namespace chat::storage
