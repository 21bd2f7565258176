#include "client/core/group_requests.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

event::GroupChanged change(const std::string& what, UserId user) {
  event::GroupChanged out{{7}, what, user, "carol"};
  out.group_name = "Tea";
  out.by = {{2}, "bob"};
  out.text = "please";
  return out;
}

TEST(GroupRequests, KeepWhatWaitsForAnAnswer) {
  GroupRequests requests;
  requests.apply({change("request", {3})});
  requests.apply({change("request", {3})});
  requests.apply({change("request", {4})});
  ASSERT_EQ(requests.joins().size(), 2U);
  EXPECT_EQ(requests.joins()[0].user, (UserRef{{3}, "carol"}));
  EXPECT_EQ(requests.joins()[0].group, (GroupRef{{7}, "Tea"}));
  EXPECT_EQ(requests.joins()[0].text, "please");
  requests.apply({event::Done{"refuse-join", {{3}, ""}, {{7}, ""}}});
  requests.apply({change("joined", {4})});
  EXPECT_TRUE(requests.joins().empty());
}

TEST(GroupRequests, InvitationsEndWithJoining) {
  GroupRequests requests;
  requests.apply({change("invited", {1})});
  ASSERT_EQ(requests.invitations().size(), 1U);
  EXPECT_EQ(requests.invitations()[0].by, (UserRef{{2}, "bob"}));
  requests.apply({event::GroupJoined{{{7}, "Tea", ""}}});
  EXPECT_TRUE(requests.invitations().empty());
}

TEST(GroupRequests, AreOfOneUser) {
  GroupRequests requests;
  event::LoggedIn login;
  login.id = {1};
  requests.apply({login});
  requests.apply({change("request", {3})});
  requests.apply({login});
  EXPECT_EQ(requests.joins().size(), 1U);
  login.id = {2};
  requests.apply({login});
  EXPECT_TRUE(requests.joins().empty());
}

}  // namespace
}  // namespace chat::client
