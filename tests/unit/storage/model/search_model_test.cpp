#include "chat/storage/search_model.h"

#include <map>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class SearchModelTest : public StorageTest {
 protected:
  using Ids = std::vector<std::int64_t>;

  void add(std::int64_t id, std::string_view name, NameKind kind = NameKind::kUser) {
    ASSERT_TRUE(SearchModel(*connection_).add(kind, id, name));
  }
  std::vector<SearchHit> hits(std::string_view prefix, const SearchHit& after = {},
                              std::size_t limit = 100, NameKind kind = NameKind::kUser) {
    auto found = SearchModel(*connection_).find(kind, prefix, after, limit);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : std::vector<SearchHit>();
  }
  Ids ids(std::string_view prefix, const SearchHit& after = {}, std::size_t limit = 100,
          NameKind kind = NameKind::kUser) {
    Ids found;
    for (const SearchHit& hit : hits(prefix, after, limit, kind)) found.push_back(hit.id);
    return found;
  }
};

TEST_F(SearchModelTest, FindsByFoldedPrefix) {
  add(1, "Alice");
  add(2, "ALINE");
  add(3, "bob");
  add(4, "Ärger");
  add(5, "中文");
  EXPECT_EQ(ids("al"), (Ids{1, 2}));
  EXPECT_EQ(ids("alice"), (Ids{1}));
  EXPECT_EQ(ids("är"), (Ids{4}));
  EXPECT_EQ(ids("中"), (Ids{5}));
  EXPECT_EQ(ids("x"), Ids());
}

TEST_F(SearchModelTest, WildcardsAndQuotesAreLetters) {
  add(1, "100%");
  add(2, "1000");
  add(3, "a_b'\\");
  EXPECT_EQ(ids("100%"), (Ids{1}));
  EXPECT_EQ(ids("a_"), (Ids{3}));
  EXPECT_EQ(ids("a_b'\\"), (Ids{3}));
  EXPECT_EQ(ids("%"), Ids());
}

TEST_F(SearchModelTest, SortsByKeyAndId) {
  add(9, "ann");
  add(2, "ann");
  add(5, "an");
  add(1, "anna\U0001F600");
  add(3, "ann b");
  EXPECT_EQ(ids("an"), (Ids{5, 2, 9, 3, 1}));
}

TEST_F(SearchModelTest, EachPageContinuesAfterTheLast) {
  for (int i = 1; i <= 7; ++i) add(i, "same");
  for (int i = 11; i <= 17; ++i) add(i, "same " + std::to_string(i));
  for (std::size_t limit = 1; limit < 16; ++limit) {
    Ids all;
    SearchHit after;
    for (;;) {
      const auto page = hits("same", after, limit);
      EXPECT_LE(page.size(), limit);
      for (const SearchHit& hit : page) all.push_back(hit.id);
      if (page.size() < limit) break;
      after = page.back();
    }
    EXPECT_EQ(all, (Ids{1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17})) << limit;
  }
}

TEST_F(SearchModelTest, UsersAndGroupsAreApart) {
  add(1, "tea");
  add(2, "tea", NameKind::kGroup);
  EXPECT_EQ(ids("tea"), (Ids{1}));
  EXPECT_EQ(ids("tea", {}, 10, NameKind::kGroup), (Ids{2}));
}

TEST_F(SearchModelTest, RegistrationAndDeletionKeepTheIndex) {
  const UserId alice = add_user("Alice");
  EXPECT_EQ(ids("alice"), (Ids{alice.value}));
  EXPECT_TRUE(*write([&] { return UserModel(*connection_).remove(alice, "hash"); }));
  EXPECT_EQ(ids("alice"), Ids());
}

TEST_F(SearchModelTest, AFailedRegistrationLeavesNothing) {
  add_user("Alice");
  EXPECT_FALSE(*UserModel(*connection_).insert("alice", "hash", 1));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch"), 1);
}

TEST_F(SearchModelTest, GroupsAreFoundByTheirPresentName) {
  const GroupId group = add_group("Tea", add_user("alice"));
  EXPECT_EQ(ids("tea", {}, 10, NameKind::kGroup), (Ids{group.value}));
  ASSERT_TRUE(SearchModel(*connection_).rename_group(group, "Tea", "COFFEE"));
  EXPECT_EQ(ids("tea", {}, 10, NameKind::kGroup), Ids());
  EXPECT_EQ(ids("coffee", {}, 10, NameKind::kGroup), (Ids{group.value}));
  ASSERT_TRUE(SearchModel(*connection_).rename_group(group, "COFFEE", "coffee"));
  EXPECT_EQ(ids("coffee", {}, 10, NameKind::kGroup), (Ids{group.value}));
}

TEST_F(SearchModelTest, ANickIsARowOfItsOwnUnlessItIsTheName) {
  SearchModel search(*connection_);
  add(1, "Alice");
  ASSERT_TRUE(search.change_nick(UserId{1}, "Alice", "", "ALICE"));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch"), 1);
  ASSERT_TRUE(search.change_nick(UserId{1}, "Alice", "ALICE", "Queen"));
  EXPECT_EQ(ids("alice"), (Ids{1}));
  EXPECT_EQ(ids("queen"), (Ids{1}));
  ASSERT_TRUE(search.change_nick(UserId{1}, "Alice", "Queen", "King"));
  EXPECT_EQ(ids("queen"), Ids());
  EXPECT_EQ(ids("king"), (Ids{1}));
  ASSERT_TRUE(search.change_nick(UserId{1}, "Alice", "King", ""));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch"), 1);
}

TEST_F(SearchModelTest, OnlyGroupsThatMayBeJoinedAreOpen) {
  const UserId alice = add_user("alice");
  std::vector<GroupId> groups;
  for (const char* name : {"open", "approval", "invite", "dismissed"}) {
    groups.push_back(add_group(name, alice));
  }
  run("UPDATE allgroup SET joining = groupname WHERE groupname <> 'dismissed'");
  run("UPDATE allgroup SET dismissed_at = 1 WHERE groupname = 'dismissed'");
  groups.push_back(GroupId{999});
  const auto open = SearchModel(*connection_).open_groups(groups);
  ASSERT_TRUE(open);
  std::map<std::string, std::string> found;
  for (const OpenGroup& each : *open) found.emplace(each.group.name, each.joining);
  EXPECT_EQ(found,
            (std::map<std::string, std::string>{{"approval", "approval"}, {"open", "open"}}));
}

}  // namespace
}  // namespace chat::storage
