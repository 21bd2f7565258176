#include "client/core/name_book.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

void learn(NameBook& book, Event::What what) {
  Event event{std::move(what)};
  book.apply(event);
}

template <typename T>
T completed(NameBook& book, T what) {
  Event event{std::move(what)};
  book.apply(event);
  return *event.as<T>();
}

event::Message message(UserId from, const std::string& name, GroupId group = {}) {
  event::Message out;
  out.from = from;
  out.name = name;
  out.group = group;
  return out;
}

TEST(NameBook, LearnsNamesFromAllThatIsShown) {
  NameBook book;
  event::LoggedIn login;
  login.id = {1};
  login.name = "alice";
  login.friends = {{{2}, "bob", "online"}};
  login.groups = {{{7}, "Tea", "", {{{3}, "carol", "online", "normal"}}}};
  learn(book, login);
  learn(book, message({4}, "dave"));
  learn(book, event::UsersFound{{{{5}, "eve"}}, ""});
  learn(book, event::GroupsFound{{{{8}, "Chess", ""}}, ""});
  learn(book, event::ListPage{{{{{6}, "frank"}, "", 0}}, {}, {}, ""});
  event::ListPage waiting;
  waiting.joins = {{{{9}, "Go"}, {{10}, "grace"}, ""}};
  waiting.invitations = {{{{11}, "Tee-Zeit"}, {{12}, "heidi"}}};
  learn(book, waiting);
  for (const char* name : {"alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi"}) {
    EXPECT_EQ(book.users_named(name).size(), 1U) << name;
  }
  EXPECT_EQ(book.users_named("carol"), (std::vector<UserRef>{{{3}, "carol"}}));
  EXPECT_EQ(book.groups_named("Chess"), (std::vector<GroupRef>{{{8}, "Chess"}}));
  EXPECT_EQ(book.groups_named("CHESS").size(), 1U);
  EXPECT_EQ(book.groups_named("Go").size(), 1U);
  EXPECT_EQ(book.groups_named("Tee-Zeit"), (std::vector<GroupRef>{{{11}, "Tee-Zeit"}}));
  EXPECT_TRUE(book.users_named("nobody").empty());
  EXPECT_TRUE(book.users_named("Bob").empty());
}

TEST(NameBook, AddsNamesToEventsThatCarryIds) {
  NameBook book;
  learn(book, event::GroupCreated{{7}, "Tea", ""});
  learn(book, message({2}, "bob"));
  EXPECT_EQ(completed(book, message({2}, "bob", {7})).group_name, "Tea");
  event::GroupChanged changed{{7}, "removed", {3}, "carol"};
  changed.by.id = {2};
  changed = completed(book, changed);
  EXPECT_EQ(changed.group_name, "Tea");
  EXPECT_EQ(changed.by.name, "bob");
  EXPECT_EQ(completed(book, event::Done{"kick", {{3}, ""}, {{7}, ""}}).user.name, "carol");
  EXPECT_EQ(completed(book, event::Refused{"group", {{}, {7}}, 22, "", "", {}}).about, "Tea");
  EXPECT_EQ(completed(book, event::Refused{"chat", {{9}, {}}, 22, "", "", {}}).about, "9");
}

TEST(NameBook, FollowsANewName) {
  NameBook book;
  learn(book, event::GroupCreated{{7}, "Tea", ""});
  learn(book, event::GroupShown{{{7}, "Coffee", ""}, true});
  EXPECT_TRUE(book.groups_named("Tea").empty());
  EXPECT_EQ(book.group({7}).name, "Coffee");
}

TEST(NameBook, TheServerSaysWhoHasANameNow) {
  NameBook book;
  learn(book, message({2}, "bob"));
  learn(book, message({5}, "bob"));
  EXPECT_EQ(book.users_named("bob").size(), 2U);
  learn(book, event::Profile{{{5}, "bob"}});
  EXPECT_EQ(book.users_named("bob"), (std::vector<UserRef>{{{5}, "bob"}}));
  learn(book, event::UsersFound{{{{6}, "bob"}}, ""});
  EXPECT_EQ(book.users_named("bob"), (std::vector<UserRef>{{{6}, "bob"}}));
  book.forget({6});
  EXPECT_TRUE(book.users_named("bob").empty());
}

// The fallback text of a notice is nobody's message, so its sender's name may be missing or odd.
TEST(NameBook, IgnoresTheSenderOfANotice) {
  NameBook book;
  auto notice = message({2}, "Tea", {7});
  notice.notice = event::GroupNotice{"joined"};
  learn(book, notice);
  EXPECT_TRUE(book.users_named("Tea").empty());
}

TEST(NameBook, IsBounded) {
  NameBook book;
  for (int id = 1; id <= static_cast<int>(NameBook::kMax) + 10; ++id) {
    learn(book, event::Contact{{id}, "user " + std::to_string(id)});
  }
  EXPECT_EQ(book.users().size(), NameBook::kMax);
}

}  // namespace
}  // namespace chat::client
