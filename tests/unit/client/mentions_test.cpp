#include "client/core/mentions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chat::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<Member> kMembers{{{2}, "bob", "", "normal"},
                                   {{3}, "Anna", "", "normal"},
                                   {{4}, "Anna Lee", "", "normal"},
                                   {{5}, "小明", "", "normal"}};

event::MessageExtras found(const std::string& text, bool may_mention_all = false) {
  event::MessageExtras out;
  find_mentions(text, kMembers, may_mention_all, out);
  return out;
}

TEST(Mentions, AreOfMembersOnly) {
  EXPECT_THAT(found("@bob, hello").at, ElementsAre(UserId{2}));
  EXPECT_THAT(found("hello @bob").at, ElementsAre(UserId{2}));
  EXPECT_THAT(found("@bob and (@Anna)").at, ElementsAre(UserId{2}, UserId{3}));
  EXPECT_THAT(found("@carol @").at, IsEmpty());
  EXPECT_THAT(found("@bobby @bob_").at, IsEmpty());
  EXPECT_THAT(found("mail me: x@bob").at, IsEmpty());
  EXPECT_THAT(found("bob").at, IsEmpty());
}

// Unlike Chinese, these scripts have blanks between words.
TEST(Mentions, DoNotEndWithinAWord) {
  EXPECT_THAT(found("@bobé @Annaő @bobи").at, IsEmpty());
  EXPECT_THAT(found("ren\u00e9@bob и@bob").at, IsEmpty());
}

TEST(Mentions, WordsThatMentionNobodyAreReturned) {
  event::MessageExtras out;
  EXPECT_THAT(find_mentions("@bob @Carol, @小红 (@all) @ @5pm x@y @", kMembers, false, out),
              ElementsAre("carol", "小红", "all", "5pm"));
  EXPECT_THAT(find_mentions("@bob: hi @all", kMembers, true, out), IsEmpty());
  EXPECT_THAT(find_mentions("@no @no @No", kMembers, false, out), ElementsAre("no"));
}

TEST(Mentions, TheLongestNameIsMeantAndOnce) {
  EXPECT_THAT(found("@Anna Lee and @Anna").at, ElementsAre(UserId{4}, UserId{3}));
  EXPECT_THAT(found("@bob @bob").at, ElementsAre(UserId{2}));
}

TEST(Mentions, LettersOfEitherCaseAreTheSame) {
  EXPECT_THAT(found("@Bob, @ANNA LEE: hello").at, ElementsAre(UserId{2}, UserId{4}));
  EXPECT_TRUE(found("@All: lunch", true).at_all);
}

TEST(Mentions, NamesWithoutBlanksAroundAreFound) {
  EXPECT_THAT(found("你好@小明你好").at, ElementsAre(UserId{5}));
}

TEST(Mentions, AllIsForThoseWhoMay) {
  EXPECT_FALSE(found("@all lunch").at_all);
  EXPECT_TRUE(found("@all lunch", true).at_all);
  EXPECT_FALSE(found("@allan", true).at_all);
}

TEST(Mentions, AMemberNamedAllKeepsNobodyFromReachingAll) {
  const std::vector<Member> members{{{2}, "all", "", "normal"}};
  event::MessageExtras by_admin;
  find_mentions("@all lunch", members, true, by_admin);
  EXPECT_TRUE(by_admin.at_all);
  event::MessageExtras by_member;
  find_mentions("@all lunch", members, false, by_member);
  EXPECT_THAT(by_member.at, ElementsAre(UserId{2}));
}

TEST(Mentions, AreAtMostTwenty) {
  std::vector<Member> members;
  std::string text;
  for (int i = 1; i <= 25; ++i) {
    members.push_back({{i}, "m" + std::to_string(i), "", "normal"});
    text += "@m" + std::to_string(i) + " ";
  }
  event::MessageExtras out;
  find_mentions(text, members, false, out);
  EXPECT_EQ(out.at.size(), 20U);
}

}  // namespace
}  // namespace chat::client
