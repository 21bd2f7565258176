// Friends, and chat between two: every field, every push.
#include <gtest/gtest.h>

#include <set>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Contacts : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(Contacts);

class DirectChat : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(DirectChat);

Json friend_entry(const Account& account, const char* state) {
  return {{"id", account.id}, {"name", account.name}, {"state", state}};
}

TEST_P(Contacts, AddingAFriendReturnsItsNameAndState) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  Json request = add_friend_request(alice.account, bob.id);
  request["cid"] = "f";
  const Json reply = alice.client.request(request);
  expect_ok(reply, 107);
  EXPECT_EQ(reply.at("cid"), "f");
  EXPECT_EQ(reply.at("friend"), friend_entry(bob, "offline"));

  const User carol = new_user("carol");
  const Json online = request_ok(alice.client, add_friend_request(alice.account, carol.id()));
  EXPECT_EQ(online.at("friend"), friend_entry(carol.account, "online"));
}

TEST_P(Contacts, LoginListsFriendsWithTheirStates) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  const User carol = new_user("carol");
  request_ok(alice.client, add_friend_request(alice.account, bob.id));
  request_ok(alice.client, add_friend_request(alice.account, carol.id()));
  alice.log_out();

  const User again = log_in(alice.account);
  ASSERT_EQ(again.welcome.at("friends").size(), 2U);
  std::set<Json> friends(again.welcome["friends"].begin(), again.welcome["friends"].end());
  EXPECT_TRUE(friends.contains(friend_entry(bob, "offline")));
  EXPECT_TRUE(friends.contains(friend_entry(carol.account, "online")));
}

TEST_P(Contacts, FriendshipIsOneWay) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  request_ok(alice.client, add_friend_request(alice.account, bob.id));
  EXPECT_EQ(log_in(bob).welcome.at("friends"), Json::array());
}

TEST_P(Contacts, AddedUserIsNotifiedWhenOnline) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  request_ok(alice.client, add_friend_request(alice.account, bob.id()));
  const Json push = bob.client.push(201);
  EXPECT_EQ(push.at("id"), alice.id());
  EXPECT_EQ(push.at("name"), "alice");
  EXPECT_FALSE(push.contains("errno"));
  expect_no_push(alice);
}

TEST_P(DirectChat, AckAndPushCarryEveryField) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const Json ack = alice.chat(bob.id(), "hello", "cid-1");
  expect_ok(ack, 106);
  EXPECT_EQ(ack.at("cid"), "cid-1");
  EXPECT_EQ(ack.at("toid"), bob.id());
  EXPECT_EQ(ack.at("seq"), 1);
  EXPECT_GT(ack.at("ts").get<std::int64_t>(), 1'600'000'000'000);

  const Json push = bob.client.push(6);
  EXPECT_EQ(push.at("id"), alice.id());
  EXPECT_EQ(push.at("name"), "alice");
  EXPECT_EQ(push.at("toid"), bob.id());
  EXPECT_EQ(push.at("msg"), "hello");
  EXPECT_EQ(push.at("seq"), 1);
  EXPECT_EQ(push.at("ts"), ack.at("ts"));
  EXPECT_EQ(push.at("cid"), "cid-1");
  EXPECT_FALSE(push.contains("errno"));
  EXPECT_THAT(push.at("time").get<std::string>(),
              ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"));
  EXPECT_NE(push.at("time"), "2024-05-06 07:08:09") << "the server's time, not the client's";
}

TEST_P(DirectChat, NeedsOnlyTargetAndText) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  request_ok(alice.client, {{"msgid", 6}, {"toid", bob.id()}, {"msg", "bare"}});
  const Json push = bob.client.push(6);
  EXPECT_EQ(push.at("msg"), "bare");
  EXPECT_EQ(push.at("name"), "alice");
  EXPECT_FALSE(push.at("cid").get<std::string>().empty()) << "the server makes one";
}

TEST_P(DirectChat, SenderIsTheLoggedInUserWhateverTheNameField) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  Json request = chat_request(alice.account, bob.id(), "hi");
  request["name"] = "bob";
  request_ok(alice.client, request);
  EXPECT_EQ(bob.client.push(6).at("name"), "alice");
}

TEST_P(DirectChat, DirectionsAreNumberedSeparately) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  EXPECT_EQ(alice.chat(bob.id(), "1").at("seq"), 1);
  EXPECT_EQ(alice.chat(bob.id(), "2").at("seq"), 2);
  EXPECT_EQ(bob.chat(alice.id(), "1").at("seq"), 1);
  EXPECT_EQ(bob.client.push(6).at("msg"), "1");
  EXPECT_EQ(bob.client.push(6).at("msg"), "2");
  EXPECT_EQ(alice.client.push(6).at("msg"), "1");
}

TEST_P(DirectChat, ChatWithOneselfAndWithStrangersIsAllowed) {
  User alice = new_user("alice");
  EXPECT_EQ(alice.chat(alice.id(), "note to self").at("seq"), 1);
  const Json push = alice.client.push(6);
  EXPECT_EQ(push.at("id"), alice.id());
  EXPECT_EQ(push.at("toid"), alice.id());
  EXPECT_EQ(push.at("msg"), "note to self");
  expect_no_push(alice);
}

TEST_P(DirectChat, RepeatedCidReturnsTheFirstSeqWithoutAPush) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const Json first = alice.chat(bob.id(), "once", "the-cid");
  alice.chat(bob.id(), "between");
  const Json again = alice.chat(bob.id(), "once", "the-cid");
  EXPECT_EQ(again.at("seq"), first.at("seq"));
  EXPECT_EQ(again.at("ts"), first.at("ts"));
  EXPECT_EQ(bob.client.push(6).at("msg"), "once");
  EXPECT_EQ(bob.client.push(6).at("msg"), "between");
  expect_no_push(bob);
}

TEST_P(DirectChat, RepeatsAreRecognisedAcrossLogins) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const Json first = alice.chat(bob.id(), "once", "the-cid");
  alice.log_out();
  alice.client.close();
  User again = log_in(alice.account);
  EXPECT_EQ(again.chat(bob.id(), "once", "the-cid").at("seq"), first.at("seq"));
  EXPECT_EQ(again.chat(bob.id(), "new").at("seq"), 2);
  EXPECT_EQ(bob.client.push(6).at("msg"), "once");
  EXPECT_EQ(bob.client.push(6).at("msg"), "new");
}

TEST_P(DirectChat, RepeatsInOnePipelineAreStoredOnce) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const Json request = chat_request(alice.account, bob.id(), "once", "the-cid");
  std::string burst;
  for (int i = 0; i < 20; ++i) burst += alice.client.framed(request);
  alice.client.send_raw(burst);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(alice.client.reply(request).at("seq"), 1);
  EXPECT_EQ(bob.client.push(6).at("msg"), "once");
  expect_no_push(bob);
}

TEST_P(DirectChat, SameCidToAnotherUserIsAnotherMessage) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  alice.chat(bob.id(), "to bob", "c");
  alice.chat(carol.id(), "to carol", "c");
  EXPECT_EQ(bob.client.push(6).at("msg"), "to bob");
  EXPECT_EQ(carol.client.push(6).at("msg"), "to carol");
}

TEST_P(DirectChat, TimestampsOfAStreamNeverDecrease) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  std::int64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const auto ts = alice.chat(bob.id(), std::to_string(i)).at("ts").get<std::int64_t>();
    EXPECT_GE(ts, last);
    last = ts;
  }
}

}  // namespace
}  // namespace chat::test
