#include "client/terminal/names.h"

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

TEST(ResolveNames, ReplacesNamesByIds) {
  EXPECT_EQ(resolved("/chat bob hello bob"), "/chat 2 hello bob");
  EXPECT_EQ(resolved("/chat \"Anna Lee\" hi"), "/chat 3 hi");
  EXPECT_EQ(resolved("/group bob hi"), "/group 8 hi");
  EXPECT_EQ(resolved("/group \"book club\" hi"), "/group 7 hi");
  EXPECT_EQ(resolved("/history bob 5"), "/history 2 5");
  EXPECT_EQ(resolved("/history group \"book club\""), "/history group 7");
}

TEST(ResolveNames, LeavesOtherLinesUnchanged) {
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
  EXPECT_EQ(of("/group \"b"), (List{"/group \"book club\"", "/group \"bob\""}));
  EXPECT_EQ(of("/history group b"), List{"/history group bob"});
  EXPECT_TRUE(of("").empty());
  EXPECT_TRUE(of("/chat bob he").empty());
  EXPECT_TRUE(of("/login b").empty());
}

// An unquoted number is an id, even if a name looks like it.
TEST(Completions, QuoteAmbiguousNames) {
  using List = std::vector<std::string>;
  const std::vector<Friend> friends{{UserId{6}, "5", ""},         {UserId{7}, "77", ""},
                                    {UserId{8}, "Anna Lee", ""},  {UserId{9}, "Annabel", ""},
                                    {UserId{10}, "\"quoted", ""}, {UserId{11}, "7\" nails", ""}};
  const std::vector<Group> groups{{GroupId{3}, "2", "", {}}};
  const auto of = [&](std::string_view before) { return completions(before, friends, groups); };
  EXPECT_EQ(of("/chat 5"), List{"/chat \"5\""});
  EXPECT_EQ(of("/chat 7"), List{"/chat \"77\""});
  EXPECT_EQ(of("/history 5"), List{"/history \"5\""});
  EXPECT_EQ(of("/group 2"), List{"/group \"2\""});
  EXPECT_EQ(of("/chat Anna"), List{"/chat Annabel"});
  EXPECT_EQ(of("/chat Anna L"), List{"/chat \"Anna Lee\""});
  EXPECT_EQ(of("/chat \"Anna"), (List{"/chat \"Anna Lee\"", "/chat \"Annabel\""}));
  EXPECT_TRUE(of("/chat \"q").empty());
  EXPECT_EQ(resolve_names("/chat \"5\" hi", friends, groups), "/chat 6 hi");
}

}  // namespace
}  // namespace chat::client
