// USER_INFO and SET_PROFILE.
#include <gtest/gtest.h>

#include <string>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kUserInfoRequest = 35;
constexpr int kSetProfileRequest = 36;

class Profiles : public InBothFramings {
 protected:
  static Json set(User& user, Json fields) {
    fields["msgid"] = kSetProfileRequest;
    return request_ok(user.client, fields).at("user");
  }
  static Json info(User& viewer, const User& user) {
    return request_ok(viewer.client, {{"msgid", kUserInfoRequest}, {"userid", user.id()}})
        .at("user");
  }
  // Stands for BLOCK.
  void block(const User& blocker, const User& blocked) {
    server.storage().execute("INSERT INTO block (userid, blocked, created_at) VALUES (" +
                             std::to_string(blocker.id()) + ", " + std::to_string(blocked.id()) +
                             ", 1)");
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Profiles);

TEST_P(Profiles, AreShownToOthersWithoutThePolicies) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const Json own = set(alice, {{"nick", "Queen"}, {"bio", "two\nlines"}, {"avatar", "a.png"}});
  Json expected = {{"id", alice.id()},    {"name", "alice"},   {"nick", "Queen"},
                   {"bio", "two\nlines"}, {"avatar", "a.png"}, {"state", "online"},
                   {"friend", false},     {"blocked", false}};
  EXPECT_EQ(info(bob, alice), expected);
  const Json by_name = request_ok(bob.client, {{"msgid", kUserInfoRequest}, {"name", "ALICE"}});
  expect_ok(by_name, 135);
  EXPECT_EQ(by_name.at("user"), expected);
  expected["who_may_add"] = "anyone";
  expected["who_may_chat"] = "anyone";
  EXPECT_EQ(own, expected);
  EXPECT_EQ(info(alice, alice), expected);
}

TEST_P(Profiles, AChangeKeepsWhatIsMissingAndMayBeRepeated) {
  User alice = new_user("alice");
  set(alice, {{"nick", "Queen"}, {"who_may_add", "approval"}});
  const Json after = set(alice, {{"bio", "x"}, {"who_may_chat", "friends"}});
  EXPECT_EQ(after.at("nick"), "Queen");
  EXPECT_EQ(after.at("who_may_add"), "approval");
  EXPECT_EQ(set(alice, {{"bio", "x"}, {"who_may_chat", "friends"}}), after);
  EXPECT_EQ(server.storage().number("SELECT contact_rev FROM user"), 1);
  EXPECT_EQ(set(alice, {{"nick", ""}}).at("nick"), "");
}

TEST_P(Profiles, RefuseUnknownWordsAndEmptyChanges) {
  User alice = new_user("alice");
  const auto refused = [&](Json fields) {
    fields["msgid"] = kSetProfileRequest;
    return expect_refused(alice.client, fields, errors::kBadField).at("errmsg").get<std::string>();
  };
  EXPECT_THAT(refused({{"who_may_add", "friends"}}),
              testing::HasSubstr("anyone, approval or nobody"));
  EXPECT_THAT(refused({{"who_may_chat", "nobody"}}), testing::HasSubstr("anyone or friends"));
  EXPECT_THAT(refused({{"nick", "ok"}, {"who_may_chat", ""}}), testing::HasSubstr("who_may_chat"));
  EXPECT_THAT(refused(Json::object()), testing::HasSubstr("must be given"));
  EXPECT_EQ(info(alice, alice).at("nick"), "");
}

TEST_P(Profiles, OfUnknownAndDeletedUsersAreNotFound) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  set(bob, {{"nick", "Bobby"}});
  request_ok(bob.client, {{"msgid", 27}, {"password", bob.account.password}});
  for (const Json& which : {Json{{"userid", bob.id()}}, Json{{"name", "bob"}},
                            Json{{"userid", 2'000'000'000}}, Json{{"name", ""}}}) {
    Json request = {{"msgid", kUserInfoRequest}};
    request.update(which);
    expect_refused(alice.client, request, errors::kNotFound);
  }
}

TEST_P(Profiles, NeedEitherAnIdOrAName) {
  User alice = new_user("alice");
  expect_refused(alice.client, {{"msgid", kUserInfoRequest}}, errors::kBadField);
  expect_refused(alice.client,
                 {{"msgid", kUserInfoRequest}, {"userid", alice.id()}, {"name", "alice"}},
                 errors::kBadField);
}

TEST_P(Profiles, OfUsersWhoAllowNobodyAreHidden) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  set(alice, {{"nick", "Queen"}, {"bio", "b"}, {"avatar", "a"}, {"who_may_add", "nobody"}});
  EXPECT_EQ(info(bob, alice), (Json{{"id", alice.id()},
                                    {"name", "alice"},
                                    {"state", "online"},
                                    {"friend", false},
                                    {"blocked", false}}));
  EXPECT_EQ(info(alice, alice).at("nick"), "Queen");
}

TEST_P(Profiles, OfABlockerAreHiddenAndShowItOffline) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  set(alice, {{"nick", "Queen"}});
  set(bob, {{"nick", "Bobby"}});
  request_ok(bob.client, add_friend_request(bob.account, alice.id()));
  block(alice, bob);
  EXPECT_EQ(info(bob, alice), (Json{{"id", alice.id()},
                                    {"name", "alice"},
                                    {"state", "offline"},
                                    {"friend", true},
                                    {"blocked", false}}));
  const Json of_bob = info(alice, bob);
  EXPECT_EQ(of_bob.at("nick"), "Bobby");
  EXPECT_EQ(of_bob.at("state"), "online");
  EXPECT_EQ(of_bob.at("friend"), false);
  EXPECT_EQ(of_bob.at("blocked"), true);
}

TEST_P(Profiles, ShowWhetherTheUserIsOnline) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  EXPECT_EQ(info(alice, bob).at("state"), "online");
  bob.log_out();
  EXPECT_EQ(info(alice, bob).at("state"), "offline");
}

}  // namespace
}  // namespace chat::test
