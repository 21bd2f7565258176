// Invitations and codes: who may invite whom, how many wait, and how they end.
#include <gtest/gtest.h>

#include <string>

#include "integration/people/contact_requests.h"
#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kGroupPush = 202;
constexpr std::int64_t kMonthMs = 30 * std::int64_t{86'400'000};
constexpr int kCodesMax = 50;
constexpr int kPerGroup = 500;
constexpr int kPerUser = 200;

// Alice runs a group that one joins by invitation only; Bob is no member.
class Invitations : public WithServer {
 protected:
  void SetUp() override {
    group = alice.create_group("tea");
    request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "invite"}});
  }

  Json invite_request(const User& user) const {
    return {{"msgid", 46}, {"groupid", group}, {"userid", user.id()}};
  }
  Json code_request(int uses = 1) const {
    return {{"msgid", 46}, {"groupid", group}, {"code", {{"days", 1}, {"uses", uses}}}};
  }
  Json answer_by(const User& user, bool accept) const {
    return {{"msgid", 45}, {"groupid", group}, {"userid", user.id()}, {"accept", accept}};
  }
  void invite_bob() {
    request_ok(alice.client, invite_request(bob));
    EXPECT_EQ(bob.client.push(kGroupPush).at("change"), "invited");
  }
  void expect_not_invited() {
    EXPECT_EQ(list_of(bob, "invitations"), Json::array());
    expect_refused(bob.client, join_group_request(bob.account, group), errors::kNotAllowed);
  }
  void let_a_month_pass() {
    execute("UPDATE groupinvite SET created_at = created_at - " + std::to_string(kMonthMs));
  }
  std::string refusal_of_invitation(const User& user) {
    return expect_refused(alice.client, invite_request(user), errors::kNotAllowed).at("errmsg");
  }
  void execute(const std::string& sql) { server.storage().execute(sql); }
  std::int64_t number(const std::string& sql) { return server.storage().number(sql); }

  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  std::int64_t group = 0;
};

TEST_F(Invitations, AreListedUntilTheyAreUsed) {
  invite_bob();
  const Json listed = list_of(bob, "invitations");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("groupid"), group);
  EXPECT_EQ(listed[0].at("groupname"), "tea");
  EXPECT_EQ(listed[0].at("id"), alice.id());
  bob.join_group(group);
  EXPECT_EQ(list_of(bob, "invitations"), Json::array());
}

TEST_F(Invitations, WhomNobodyMayAddIsNotInvitedInTheWordsOfABlock) {
  set_policy(server.storage(), bob.id(), "who_may_add", "nobody");
  request_ok(carol.client, block_request(alice.id()));
  EXPECT_EQ(refusal_of_invitation(bob), refusal_of_invitation(carol));
  expect_not_invited();
  set_policy(server.storage(), bob.id(), "who_may_add", "approval");
  invite_bob();
}

TEST_F(Invitations, OfTheBlockedAreRefusedToo) {
  request_ok(alice.client, block_request(bob.id()));
  refusal_of_invitation(bob);
  expect_not_invited();
}

TEST_F(Invitations, RestWhileThereIsABlock) {
  invite_bob();
  request_ok(bob.client, block_request(alice.id()));
  expect_not_invited();
  request_ok(bob.client, block_request(alice.id(), false));
  request_ok(alice.client, block_request(bob.id()));
  expect_not_invited();
  request_ok(alice.client, block_request(bob.id(), false));
  EXPECT_EQ(list_of(bob, "invitations").size(), 1U);
  bob.join_group(group);
}

TEST_F(Invitations, OfABlockedAdminAreReplacedByThoseOfAnother) {
  request_ok(alice.client, invite_request(carol));
  carol.join_group(group);
  request_ok(alice.client,
             {{"msgid", 42}, {"groupid", group}, {"userid", carol.id()}, {"role", "admin"}});
  invite_bob();
  request_ok(bob.client, block_request(alice.id()));
  request_ok(carol.client, invite_request(bob));
  EXPECT_EQ(bob.client.push(kGroupPush).at("by"), carol.id());
  bob.join_group(group);
}

TEST_F(Invitations, OfAnAdminOutliveTheMemberWhoInvitedFirst) {
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "open"}});
  carol.join_group(group);
  request_ok(carol.client, invite_request(bob));
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "invite"}});
  request_ok(alice.client, invite_request(bob));
  request_ok(carol.client, {{"msgid", 40}, {"groupid", group}});
  ASSERT_EQ(list_of(bob, "invitations").size(), 1U);
  bob.join_group(group);
}

TEST_F(Invitations, DeclinedOnesStaySoAfterTheirGiverHasLeft) {
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "open"}});
  carol.join_group(group);
  request_ok(carol.client, invite_request(bob));
  EXPECT_EQ(bob.client.push(kGroupPush).at("change"), "invited");
  request_ok(bob.client, answer_by(bob, false));
  request_ok(carol.client, {{"msgid", 40}, {"groupid", group}});
  carol.join_group(group);
  request_ok(carol.client, invite_request(bob));
  EXPECT_EQ(list_of(bob, "invitations"), Json::array());
}

TEST_F(Invitations, EndAfterAMonth) {
  invite_bob();
  let_a_month_pass();
  expect_not_invited();
  invite_bob();
  bob.join_group(group);
}

TEST_F(Invitations, DeclinedOnesLookPendingToTheInviter) {
  invite_bob();
  for (int i = 0; i < 2; ++i) request_ok(bob.client, answer_by(bob, false));
  expect_not_invited();
  request_ok(alice.client, invite_request(bob));
  expect_no_push(bob);
  expect_no_push(alice);
  expect_not_invited();
  let_a_month_pass();
  invite_bob();
}

TEST_F(Invitations, OnlyTheInvitedDeclinesThem) {
  expect_refused(bob.client, answer_by(bob, false), errors::kNotFound);
  invite_bob();
  expect_refused(carol.client, answer_by(bob, false), errors::kNotFound);
  expect_refused(bob.client, answer_by(bob, true), errors::kNotFound);
  EXPECT_EQ(list_of(bob, "invitations").size(), 1U);
}

TEST_F(Invitations, EndWithTheGroup) {
  invite_bob();
  request_ok(alice.client, code_request());
  request_ok(alice.client, {{"msgid", 47}, {"groupid", group}});
  EXPECT_EQ(list_of(bob, "invitations"), Json::array());
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupinvite"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupcode"), 0);
}

TEST_F(Invitations, ToOneGroupAreLimited) {
  const std::string now = std::to_string(number("SELECT MAX(sent_at) FROM groupmessage"));
  insert_numbered(server.storage(), kPerGroup,
                  "groupinvite (groupid, userid, invited_by, created_at)",
                  "SELECT " + std::to_string(group) + ", 10000 + i, 1, " + now + " FROM n");
  EXPECT_THAT(refusal_of_invitation(bob),
              ::testing::HasSubstr("too many invitations to this group"));
  execute("UPDATE groupinvite SET created_at = 1 WHERE userid < 10005");
  invite_bob();
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupinvite"), kPerGroup - 5 + 1)
      << "the old ones are erased";
}

TEST_F(Invitations, OfOneUserAreLimited) {
  const std::string now = std::to_string(number("SELECT MAX(sent_at) FROM groupmessage"));
  const std::string row = std::to_string(bob.id()) + ", " + std::to_string(carol.id()) + ", " + now;
  insert_numbered(server.storage(), kPerUser,
                  "groupinvite (groupid, userid, invited_by, created_at)",
                  "SELECT 10000 + i, " + row + " FROM n");
  EXPECT_THAT(refusal_of_invitation(bob), ::testing::HasSubstr("too many invitations to answer"));
  request_ok(bob.client, block_request(carol.id()));
  invite_bob();
  request_ok(bob.client, block_request(carol.id(), false));
  execute("UPDATE groupinvite SET created_at = 1 WHERE groupid BETWEEN 10000 AND 10004");
  execute("DELETE FROM groupinvite WHERE groupid = " + std::to_string(group));
  invite_bob();
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupinvite"), kPerUser - 5 + 1)
      << "the old ones are erased";
}

TEST_F(Invitations, CodesOfAGroupAreLimited) {
  std::string code;
  for (int i = 0; i < kCodesMax; ++i) code = request_ok(alice.client, code_request()).at("code");
  const Json refused = expect_refused(alice.client, code_request(), errors::kNotAllowed);
  EXPECT_THAT(refused.at("errmsg").get<std::string>(), ::testing::HasSubstr("50 valid codes"));
  request_ok(bob.client, {{"msgid", 9}, {"code", code}});  // uses it up
  request_ok(alice.client, code_request());
  expect_refused(alice.client, code_request(), errors::kNotAllowed);
  execute("UPDATE groupcode SET expires_at = 1");
  request_ok(alice.client, code_request());
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupcode"), 1) << "the old ones are erased";
}

// The first answer may have been lost.
TEST_F(Invitations, WhoHasUsedTheCodeIsToldSoWhenAskingAgain) {
  const std::string code = request_ok(alice.client, code_request()).at("code");
  request_ok(bob.client, {{"msgid", 9}, {"code", code}});
  expect_refused(bob.client, {{"msgid", 9}, {"code", code}}, errors::kExists);
  expect_refused(carol.client, {{"msgid", 9}, {"code", code}}, errors::kNotFound);
}

TEST_F(Invitations, OneMemberCannotTakeAllCodes) {
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "open"}});
  bob.join_group(group);
  for (int i = 0; i < 10; ++i) request_ok(bob.client, code_request());
  const Json refused = expect_refused(bob.client, code_request(), errors::kNotAllowed);
  EXPECT_THAT(refused.at("errmsg").get<std::string>(), ::testing::HasSubstr("made 10 codes"));
  request_ok(alice.client, code_request());
  execute("UPDATE groupcode SET expires_at = 1 WHERE created_by = " + std::to_string(bob.id()));
  request_ok(bob.client, code_request());
}

TEST_F(Invitations, ExpiredRequestsToJoinAreErased) {
  request_ok(alice.client, {{"msgid", 44}, {"groupid", group}, {"joining", "approval"}});
  request_ok(bob.client, join_group_request(bob.account, group));
  execute("UPDATE joinrequest SET created_at = 1");
  request_ok(carol.client, join_group_request(carol.account, group));
  EXPECT_EQ(number("SELECT userid FROM joinrequest"), carol.id());
}

}  // namespace
}  // namespace chat::test
