// Groups: creating, joining, talking.
#include <gtest/gtest.h>

#include <set>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Groups : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(Groups);

Json member(const Account& account, const char* state, const char* role) {
  return {{"id", account.id}, {"name", account.name}, {"state", state}, {"role", role}};
}

void expect_users(const Json& group, const std::set<Json>& expected) {
  const Json& users = group.at("users");
  EXPECT_EQ(std::set<Json>(users.begin(), users.end()), expected);
  EXPECT_EQ(users.size(), expected.size());
}

TEST_P(Groups, CreationReturnsAnIdAndMakesTheCreatorAMember) {
  User alice = new_user("alice");
  Json request = create_group_request(alice.account, "Chess Club", "64 squares");
  request["cid"] = "g";
  const Json reply = alice.client.request(request);
  expect_ok(reply, 108);
  EXPECT_EQ(reply.at("cid"), "g");
  const auto id = reply.at("groupid").get<std::int64_t>();
  EXPECT_GT(id, 0);
  alice.log_out();

  const User again = log_in(alice.account);
  ASSERT_EQ(again.welcome.at("groups").size(), 1U);
  const Json& group = again.welcome["groups"][0];
  EXPECT_EQ(group.at("id"), id);
  EXPECT_EQ(group.at("groupname"), "Chess Club");
  EXPECT_EQ(group.at("groupdesc"), "64 squares");
  expect_users(group, {member(alice.account, "online", "creator")});
}

TEST_P(Groups, JoinReturnsTheGroupWithRolesAndStates) {
  User alice = new_user("alice");
  const auto id = alice.create_group("club", "");
  alice.log_out();
  alice.client.close();

  User bob = new_user("bob");
  Json request = join_group_request(bob.account, id);
  request["cid"] = "j";
  const Json reply = bob.client.request(request);
  expect_ok(reply, 109);
  EXPECT_EQ(reply.at("cid"), "j");
  const Json& group = reply.at("group");
  EXPECT_EQ(group.at("id"), id);
  EXPECT_EQ(group.at("groupname"), "club");
  EXPECT_EQ(group.at("groupdesc"), "");
  const std::set<Json> members = {member(alice.account, "offline", "creator"),
                                  member(bob.account, "online", "normal")};
  expect_users(group, members);

  bob.log_out();
  const User again = log_in(bob.account);
  ASSERT_EQ(again.welcome.at("groups").size(), 1U);
  expect_users(again.welcome["groups"][0], members);
}

TEST_P(Groups, OnlineMembersAreNotifiedOfAJoin) {
  User alice = new_user("alice");
  User stranger = new_user("stranger");
  const auto id = alice.create_group("club");
  User bob = new_user("bob");
  bob.join_group(id);
  const Json push = alice.client.push(202);
  EXPECT_EQ(push.at("groupid"), id);
  EXPECT_EQ(push.at("id"), bob.id());
  EXPECT_FALSE(push.contains("errno"));
  expect_no_push(stranger);
  expect_no_push(alice);
}

TEST_P(Groups, MessageReachesAllOtherMembersAndNotItsSender) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  User stranger = new_user("stranger");
  const auto id = alice.create_group("club");
  bob.join_group(id);
  carol.join_group(id);

  const Json ack = bob.group_chat(id, "hello all", "cid-g");
  expect_ok(ack, 110);
  EXPECT_EQ(ack.at("cid"), "cid-g");
  EXPECT_EQ(ack.at("groupid"), id);
  EXPECT_EQ(ack.at("seq"), 3) << "each join is a row of the stream";
  EXPECT_GT(ack.at("ts").get<std::int64_t>(), 1'600'000'000'000);
  for (User* member : {&alice, &carol}) {
    const Json push = member->client.push(10);
    EXPECT_EQ(push.at("id"), bob.id());
    EXPECT_EQ(push.at("name"), "bob");
    EXPECT_EQ(push.at("groupid"), id);
    EXPECT_EQ(push.at("msg"), "hello all");
    EXPECT_EQ(push.at("seq"), 3);
    EXPECT_EQ(push.at("ts"), ack.at("ts"));
    EXPECT_EQ(push.at("cid"), "cid-g");
    EXPECT_EQ(push.at("time").get<std::string>().size(), 19U);
    EXPECT_FALSE(push.contains("toid"));
  }
  bob.client.push(202);  // carol joined
  expect_no_push(bob);
  expect_no_push(stranger);
}

TEST_P(Groups, SeqCountsTheMessagesOfAllSenders) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto id = alice.create_group("club");
  bob.join_group(id);
  EXPECT_EQ(alice.group_chat(id, "a").at("seq"), 2);
  EXPECT_EQ(bob.group_chat(id, "b").at("seq"), 3);
  EXPECT_EQ(alice.group_chat(id, "c").at("seq"), 4);
  const Json first = bob.client.push(10);
  const Json second = bob.client.push(10);
  EXPECT_EQ(first.at("seq"), 2);
  EXPECT_EQ(second.at("seq"), 4) << "one's own message is not pushed";
}

TEST_P(Groups, NewMemberReceivesLaterMessagesAtOnce) {
  User alice = new_user("alice");
  const auto id = alice.create_group("club");
  User bob = new_user("bob");
  for (int i = 0; i < 5; ++i) alice.group_chat(id, "before " + std::to_string(i));
  bob.join_group(id);
  alice.group_chat(id, "after");
  const Json push = bob.client.push(10);
  EXPECT_EQ(push.at("msg"), "after");
  EXPECT_EQ(push.at("seq"), 7) << "after the row of the join";
}

TEST_P(Groups, RepeatedCidReturnsTheFirstSeqHoweverLate) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto id = alice.create_group("club");
  bob.join_group(id);
  const Json first = alice.group_chat(id, "once", "the-cid");
  for (int i = 0; i < 100; ++i) alice.group_chat(id, std::to_string(i));
  const Json again = alice.group_chat(id, "once", "the-cid");
  EXPECT_EQ(again.at("seq"), first.at("seq"));
  EXPECT_EQ(bob.group_chat(id, "bob's", "the-cid").at("seq"), 103) << "cids belong to senders";
  for (int i = 0; i < 101; ++i) EXPECT_EQ(bob.client.push(10).at("seq"), i + 2);
  expect_no_push(bob);
}

TEST_P(Groups, CreatorAloneCanTalk) {
  User alice = new_user("alice");
  const auto id = alice.create_group("club");
  EXPECT_EQ(alice.group_chat(id, "anyone?").at("seq"), 1);
  expect_no_push(alice);
}

}  // namespace
}  // namespace chat::test
