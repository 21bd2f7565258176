#include "chat/storage/group_model.h"

#include "chat/storage/group_life_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

using GroupModelTest = StorageTest;

TEST_F(GroupModelTest, CreateAddsTheGroupAndItsCreator) {
  const auto alice = add_user("alice");
  const auto group = add_group("Club", alice);
  GroupModel groups(*connection_);
  const auto found = groups.find(group);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->name, "Club");
  EXPECT_EQ((*found)->desc, "desc");
  const auto members = groups.members(group, {}, 10);
  ASSERT_EQ(members.value().size(), 1u);
  EXPECT_EQ((*members)[0].id, alice);
  EXPECT_EQ((*members)[0].name, "alice");
  EXPECT_EQ((*members)[0].role, GroupRole::kCreator);
  EXPECT_FALSE((*members)[0].online);
}

TEST_F(GroupModelTest, CreateRefusesATakenNameAndKeepsTheTransaction) {
  const auto alice = add_user("alice");
  add_group("Club", alice);
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  GroupModel groups(*connection_);
  const auto taken = groups.create("cLUB", "", alice);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(*taken);
  EXPECT_TRUE(groups.create("Club ", "", alice).value());
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(groups.count_of(alice).value(), 2u);
}

TEST_F(GroupModelTest, CreateDistinguishesOtherConflicts) {
  const auto alice = add_user("alice");
  std::string desc;
  for (int i = 0; i < 50; ++i) desc += "\U0001F600";
  EXPECT_TRUE(write([&] { return GroupModel(*connection_).create("fits", desc, alice); }).value());
  const auto too_long =
      write([&] { return GroupModel(*connection_).create("long", desc + "x", alice); });
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::kConflict);
  const auto nobody =
      write([&] { return GroupModel(*connection_).create("ghost", "", UserId{99}); });
  ASSERT_FALSE(nobody);
  EXPECT_EQ(number("SELECT COUNT(*) FROM allgroup"), 1);
}

TEST_F(GroupModelTest, NewMemberStartsAllPositionsAtTheHead) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto group = add_group("club", alice);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 1, alice, "c1", 1, "hi"},
                                             {group, 2, alice, "c2", 1, "hi"}}));
  add_member(group, bob);
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupuser WHERE userid = 2 AND grouprole = 'normal'"
                   " AND joined_seq = 2 AND delivered_seq = 2 AND read_seq = 2"),
            1);
}

TEST_F(GroupModelTest, ListsMembersAndGroupsInPages) {
  std::vector<UserId> users;
  for (const auto* name : {"a", "b", "c", "d"}) users.push_back(add_user(name));
  const auto first = add_group("first", users[3]);
  const auto second = add_group("second", users[0]);
  for (const int i : {2, 0, 1}) add_member(first, users[std::size_t(i)]);
  GroupModel groups(*connection_);
  const auto page = groups.members(first, {}, 3);
  ASSERT_EQ(page.value().size(), 3u);
  EXPECT_EQ((*page)[0].id, users[0]);
  EXPECT_EQ((*page)[2].id, users[2]);
  const auto rest = groups.members(first, (*page)[2].id, 3);
  ASSERT_EQ(rest.value().size(), 1u);
  EXPECT_EQ((*rest)[0].role, GroupRole::kCreator);

  ASSERT_EQ(groups.groups_of(users[0], {}, 10).value().size(), 2u);
  const auto after = groups.groups_of(users[0], first, 10);
  ASSERT_EQ(after.value().size(), 1u);
  EXPECT_EQ((*after)[0].id, second);
  EXPECT_EQ(groups.groups_of(users[0], {}, 1).value().size(), 1u);
  EXPECT_EQ(groups.count_of(users[0]).value(), 2u);
  EXPECT_EQ(groups.count_of(users[1]).value(), 1u);
}

TEST_F(GroupModelTest, FindsNoUnknownGroup) {
  const auto found = GroupModel(*connection_).find(GroupId{1});
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(GroupModelTest, MembershipsOfManyUsers) {
  const auto alice = add_user("alice of many");
  const auto bob = add_user("bob of many");
  const auto one = add_group("one of many", alice);
  const auto two = add_group("two of many", bob);
  add_member(two, alice);
  run("UPDATE groupuser SET delivered_seq = 7 WHERE groupid = " + std::to_string(one.value));
  const std::vector<UserId> users{alice, bob};
  const auto all = GroupModel(*connection_).memberships(users);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  for (const Membership& item : *all) {
    EXPECT_EQ(item.delivered, item.group == one ? 7 : 0);
    EXPECT_TRUE(item.group == two || item.user == alice);
  }
  EXPECT_TRUE(GroupModel(*connection_).memberships({})->empty());
}

TEST_F(GroupModelTest, OldestOfVeryManyFormerMembershipsIsForgotten) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  constexpr std::int64_t kMax = GroupLifeModel::kFormerMax;
  const auto left = [&](GroupId group) {
    return write([&] { return GroupLifeModel(*connection_).end_member(group, bob, 1); });
  };
  const auto first = add_group("first", alice);
  const auto muted = add_group("muted", alice);
  const std::string of_bob = " FROM groupuser WHERE userid = " + std::to_string(bob.value);
  ASSERT_TRUE(write([&]() -> Result<void> {
    GroupModel groups(*connection_);
    for (std::int64_t i = 2; i < kMax; ++i) {
      const auto group = groups.create("group " + std::to_string(i), "", alice);
      if (!group) return fail(group);
      auto added = GroupLifeModel(*connection_).add_member(**group, bob, GroupRole::kNormal, 0);
      if (!added) return added;
    }
    return {};
  }));
  for (const auto group : {first, muted}) add_member(group, bob);
  run("UPDATE groupuser SET left_seq = 1 WHERE userid = " + std::to_string(bob.value));
  run("UPDATE groupuser SET muted_until = 5 WHERE groupid = " + std::to_string(muted.value));
  for (const char* name : {"last but one", "last"}) {
    const auto group = add_group(name, alice);
    add_member(group, bob);
    ASSERT_TRUE(left(group));
    EXPECT_EQ(number("SELECT COUNT(*)" + of_bob), kMax);
  }
  EXPECT_EQ(number("SELECT COUNT(*)" + of_bob + " AND groupid = " + std::to_string(first.value)),
            0);
  EXPECT_EQ(number("SELECT COUNT(*)" + of_bob + " AND groupid = " + std::to_string(muted.value)),
            1);
}

// Carol joined by herself with row 5. Bob was let in with row 6, which he reads, too.
TEST_F(GroupModelTest, HeirJoinedBeforeWhoWasLetInNext) {
  const auto alice = add_user("alice");
  const auto bob = add_user("bob");
  const auto carol = add_user("carol");
  const auto group = add_group("Club", alice);
  ASSERT_TRUE(
      send(std::vector<GroupMessage>{{group, 5, carol, "a", 1, "carol joined", "notice"},
                                     {group, 6, alice, "b", 1, "alice let bob join", "notice"}}));
  ASSERT_TRUE(write([&]() -> Result<void> {
    GroupLifeModel life(*connection_);
    if (auto added = life.add_member(group, bob, GroupRole::kNormal, 5); !added) return added;
    return life.add_member(group, carol, GroupRole::kNormal, 5);
  }));
  EXPECT_EQ(GroupLifeModel(*connection_).heir(group, alice).value(), carol);
  EXPECT_EQ(GroupLifeModel(*connection_).heir(group, carol).value(), alice);
}

}  // namespace
}  // namespace chat::storage
