// Permissions: every action that concerns others, tried by every role.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

enum Role { kAnonymous, kStranger, kFriend, kMember, kCreator, kLeaver, kRoles };
constexpr std::array<const char*, kRoles> kRoleNames = {"anonymous", "stranger", "friend",
                                                        "member",    "creator",  "leaver"};
constexpr ErrorKind kOk{0, "ok"};
using errors::kExists;
using errors::kNotAllowed;
using errors::kNotFound;
using errors::kNotLoggedIn;

// The actions: `other` is a user, `group` the group to which the roles refer.
struct Scene {
  Account self;
  std::int64_t other = 0;
  std::int64_t group = 0;
};
struct Case {
  const char* action;
  std::function<Json(const Scene&)> request;
  std::array<ErrorKind, kRoles> expected;  // by role
};

Json with_own_id(int msgid, const Scene& scene, const Json& more = Json::object()) {
  Json request = {{"msgid", msgid}, {"id", scene.self.id}};
  request.update(more);
  return request;
}

std::vector<Case> cases() {
  const std::array everyone = {kNotLoggedIn, kOk, kOk, kOk, kOk, kOk};
  const std::array members = {kNotLoggedIn, kNotFound, kNotFound, kOk, kOk, kNotFound};
  const std::array nobody = {kNotLoggedIn, kNotAllowed, kNotAllowed,
                             kNotAllowed,  kNotAllowed, kNotAllowed};
  const auto sent_as_other = [](int msgid, const Json& more) {
    return [msgid, more](const Scene& scene) {
      Json request = {{"msgid", msgid}, {"id", scene.other}, {"toid", scene.self.id}};
      request.update(more);
      return request;
    };
  };
  const Json secrets = {{"password", "wrong!"}, {"new_password", "new secret"}};
  std::vector<Case> all = {
      {"chat with a user", [](const Scene& s) { return chat_request(s.self, s.other, "hello"); },
       everyone},
      {"read the conversation with a user",
       [](const Scene& s) {
         return with_own_id(25, s, {{"with", s.other}});
       },
       everyone},
      {"have a user's messages again",
       [](const Scene& s) {
         return with_own_id(24, s, {{"from", s.other}});
       },
       everyone},
      {"have all messages again", [](const Scene& s) { return with_own_id(24, s); }, everyone},
      {"chat in the group",
       [](const Scene& s) { return group_chat_request(s.self, s.group, "hello"); }, members},
      {"read the group's history",
       [](const Scene& s) {
         return with_own_id(25, s, {{"groupid", s.group}});
       },
       members},
      {"have the group's messages again",
       [](const Scene& s) {
         return with_own_id(24, s, {{"groupid", s.group}});
       },
       members},
      {"see who is in the group",
       [](const Scene& s) {
         return with_own_id(30, s, {{"groupid", s.group}});
       },
       members},
      {"list friends",
       [](const Scene& s) {
         return with_own_id(31, s, {{"kind", "friends"}});
       },
       everyone},
      {"list groups",
       [](const Scene& s) {
         return with_own_id(31, s, {{"kind", "groups"}});
       },
       everyone},
      {"see a user's profile",
       [](const Scene& s) {
         return with_own_id(35, s, {{"userid", s.other}});
       },
       everyone},
      {"change one's profile",
       [](const Scene& s) {
         return with_own_id(36, s, {{"nick", "nick"}});
       },
       everyone},
      {"find users",
       [](const Scene& s) {
         return with_own_id(37, s, {{"kind", "users"}, {"query", "other"}});
       },
       everyone},
      {"find groups",
       [](const Scene& s) {
         return with_own_id(37, s, {{"kind", "groups"}, {"query", "the"}});
       },
       everyone},
      {"list one's sessions", [](const Scene& s) { return with_own_id(28, s); }, everyone},
      {"revoke one's other sessions",
       [](const Scene& s) {
         return with_own_id(29, s, {{"others", true}});
       },
       everyone},
      {"add a friend",
       [](const Scene& s) { return add_friend_request(s.self, s.other); },
       {kNotLoggedIn, kOk, kExists, kOk, kOk, kOk}},
      {"list requests",
       [](const Scene& s) {
         return with_own_id(31, s, {{"kind", "requests"}});
       },
       everyone},
      {"list blocked users",
       [](const Scene& s) {
         return with_own_id(31, s, {{"kind", "blocked"}});
       },
       everyone},
      {"answer a request that was not made",
       [](const Scene& s) {
         return with_own_id(32, s, {{"userid", s.other}, {"accept", true}});
       },
       {kNotLoggedIn, kNotFound, kNotFound, kNotFound, kNotFound, kNotFound}},
      {"remove a friend",
       [](const Scene& s) {
         return with_own_id(33, s, {{"friendid", s.other}});
       },
       everyone},
      {"block a user",
       [](const Scene& s) {
         return with_own_id(34, s, {{"userid", s.other}, {"blocked", true}});
       },
       everyone},
      {"chat with a user whom one has blocked",
       [](const Scene& s) { return chat_request(s.self, s.other, "hello"); },
       {kNotLoggedIn, kNotAllowed, kNotAllowed, kNotAllowed, kNotAllowed, kNotAllowed}},
      {"add a user whom one has blocked",
       [](const Scene& s) { return add_friend_request(s.self, s.other); },
       {kNotLoggedIn, kNotAllowed, kNotAllowed, kNotAllowed, kNotAllowed, kNotAllowed}},
      {"list one's conversations", [](const Scene& s) { return with_own_id(54, s); }, everyone},
      {"pin the group",
       [](const Scene& s) {
         return with_own_id(55, s, {{"groupid", s.group}, {"pinned", true}});
       },
       members},
      {"see who has read a message of the group",
       [](const Scene& s) {
         return with_own_id(53, s, {{"groupid", s.group}, {"seq", 3}});
       },
       members},
      {"make a group",
       [](const Scene& s) {
         return create_group_request(s.self, "of " + std::to_string(s.self.id));
       },
       everyone},
  };
  // With a foreign id nothing is done for any role.
  for (const int msgid :
       {3, 6, 7, 8, 9, 10, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 53, 54, 55}) {
    Json more = {{"msg", "x"},     {"friendid", 1},    {"groupname", "x"}, {"groupid", 1},
                 {"with", 1},      {"kind", "groups"}, {"others", true},   {"userid", 1},
                 {"accept", true}, {"blocked", true},  {"userid", 1},      {"nick", "x"},
                 {"query", "x"},   {"seq", 1}};
    if (msgid == 24 || msgid == 25) more.erase("groupid");
    more.update(secrets);
    all.push_back({"act as another", sent_as_other(msgid, more), nobody});
  }
  // Last, because it changes the membership.
  all.push_back({"join the group",
                 [](const Scene& s) { return join_group_request(s.self, s.group); },
                 {kNotLoggedIn, kOk, kOk, kExists, kExists, kOk}});
  return all;
}

class Authorization : public InBothFramings {
 protected:
  // One user per role, each on a connection. Only the friend lists `other`.
  void SetUp() override {
    other_ = register_account("other");
    for (int role = kStranger; role < kRoles; ++role) {
      users_.emplace(role, new_user(kRoleNames[static_cast<std::size_t>(role)]));
    }
    request_ok(users_.at(kFriend).client,
               add_friend_request(users_.at(kFriend).account, other_.id));
    group_ = users_.at(kCreator).create_group("the group");
    users_.at(kMember).join_group(group_);
    users_.at(kLeaver).join_group(group_);
    users_.at(kCreator).group_chat(group_, "before the leaver left");
    leave();
  }
  // There is no request for it, so this checks the table.
  void leave() {
    User& leaver = users_.at(kLeaver);
    server.storage().execute("DELETE FROM groupuser WHERE userid = " + std::to_string(leaver.id()));
    const Account account = leaver.account;
    leaver.log_out();
    users_.erase(kLeaver);
    users_.emplace(kLeaver, log_in(account));
  }
  Json ask(int role, const Case& tried) {
    if (role == kAnonymous) return connect().request(tried.request({other_, other_.id, group_}));
    User& user = users_.at(role);
    return user.client.request(tried.request({user.account, other_.id, group_}));
  }

  Account other_;
  std::int64_t group_ = 0;
  std::map<int, User> users_;
};
CHAT_RUN_IN_BOTH_FRAMINGS(Authorization);

TEST_P(Authorization, EveryRoleMayDoExactlyItsActions) {
  for (const Case& tried : cases()) {
    for (int role = kAnonymous; role < kRoles; ++role) {
      const ErrorKind expected = tried.expected[static_cast<std::size_t>(role)];
      const Json reply = ask(role, tried);
      EXPECT_EQ(reply.at("errno"), expected.number)
          << kRoleNames[static_cast<std::size_t>(role)] << " tries to " << tried.action << ": "
          << reply.dump();
    }
  }
  // Nobody has acted as `other`.
  User other = log_in(other_);
  EXPECT_EQ(other.welcome.at("friends"), Json::array());
  EXPECT_EQ(other.welcome.at("groups"), Json::array());
}

TEST_P(Authorization, ForbiddenObjectsLookLikeMissingOnes) {
  User& stranger = users_.at(kStranger);
  for (const int msgid : {24, 25, 30}) {
    Json there = stranger.client.request({{"msgid", msgid}, {"groupid", group_}});
    Json nowhere = stranger.client.request({{"msgid", msgid}, {"groupid", 2'000'000'000}});
    EXPECT_EQ(there, nowhere);
  }
  EXPECT_EQ(stranger.client.request({{"msgid", 10}, {"groupid", group_}, {"msg", "x"}}),
            stranger.client.request({{"msgid", 10}, {"groupid", 2'000'000'000}, {"msg", "x"}}));
}

// A group's messages from before the join are not visible, even with a cursor of another member.
TEST_P(Authorization, HistoryBeginsWhereTheMemberJoined) {
  User& stranger = users_.at(kStranger);
  stranger.join_group(group_);
  const Json history = request_ok(stranger.client, {{"msgid", 25}, {"groupid", group_}});
  EXPECT_EQ(history.at("messages"), Json::array());
  const std::string cursor = "g" + std::to_string(group_) + ".100";
  const Json guessed =
      request_ok(stranger.client, {{"msgid", 25}, {"groupid", group_}, {"cursor", cursor}});
  EXPECT_EQ(guessed.at("messages"), Json::array());
  request_ok(stranger.client, {{"msgid", 24}, {"groupid", group_}, {"after", 0}});
  expect_no_push(stranger);
}

}  // namespace
}  // namespace chat::test
