#include "client/names.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

const std::vector<Friend> kFriends{{UserId{2}, "bob", "online"},
                                   {UserId{3}, "Anna Lee", "online"},
                                   {UserId{4}, "twin", "online"},
                                   {UserId{5}, "twin", "online"},
                                   {UserId{6}, "bobby", "offline"}};
const std::vector<Group> kGroups{{GroupId{7}, "book club", "", {}}, {GroupId{8}, "bob", "", {}}};

std::string resolved(std::string_view line) {
  return resolve_names(line, kFriends, kGroups);
}

TEST(ResolveNames, PutsIdsInTheirPlace) {
  EXPECT_EQ(resolved("/chat bob hello bob"), "/chat 2 hello bob");
  EXPECT_EQ(resolved("/chat \"Anna Lee\" hi"), "/chat 3 hi");
  EXPECT_EQ(resolved("/group bob hi"), "/group 8 hi");
  EXPECT_EQ(resolved("/group \"book club\" hi"), "/group 7 hi");
  EXPECT_EQ(resolved("/history bob 5"), "/history 2 5");
  EXPECT_EQ(resolved("/history group \"book club\""), "/history group 7");
}

TEST(ResolveNames, LeavesEverythingElseAlone) {
  for (const char* line : {"/chat 2 hello", "/chat nobody hi", "/chat twin hi", "/chat", "/chat ",
                           "/chat \"Anna", "hello bob", "/login bob secret1", "chat:2:bob", ""}) {
    EXPECT_EQ(resolved(line), line);
  }
}

TEST(Completions, AreCommandsFirstAndThenNames) {
  using List = std::vector<std::string>;
  const auto of = [](std::string_view before) { return completions(before, kFriends, kGroups); };
  EXPECT_EQ(of("/ch"), List{"/chat"});
  EXPECT_EQ(of("/group"), (List{"/group", "/groups"}));
  EXPECT_EQ(of("/chat bo"), (List{"/chat bob", "/chat bobby"}));
  EXPECT_EQ(of("/chat \"An"), List{"/chat \"Anna Lee\""});
  EXPECT_EQ(of("/group \"b"), List{"/group \"book club\""});
  EXPECT_EQ(of("/history group b"), List{"/history group bob"});
  EXPECT_TRUE(of("").empty());
  EXPECT_TRUE(of("/chat bob he").empty());
  EXPECT_TRUE(of("/login b").empty());
}

}  // namespace
}  // namespace chat::client
