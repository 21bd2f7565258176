// The answer to the COMMIT of a change between two people is lost: it takes effect once, and its
// client gets the answer that it would have got.
#include "integration/database/lost_answer_fixture.h"
#include "integration/people/contact_requests.h"

namespace chat::test {
namespace {

class LostContactAnswer : public LostAnswer {
 protected:
  void SetUp() override {
    LostAnswer::SetUp();
    if (IsSkipped()) return;
    alice.emplace(user_on(0, "alice"));
    bob.emplace(user_on(1, "bob"));
  }
  void need_approval(const User& user) {
    set_policy(cluster->storage(), user.id(), "who_may_add", "approval");
  }

  std::optional<User> alice;
  std::optional<User> bob;
};
INSTANTIATE_TEST_SUITE_P(AllWays, LostContactAnswer, ::testing::ValuesIn(ways()), way_name);

TEST_P(LostContactAnswer, OfARequestThatNeedsApproval) {
  need_approval(*bob);
  lose("REPLACE INTO friendrequest");
  EXPECT_EQ(request_ok(alice->client, ask_request(bob->id(), "hi")).at("pending"), true);
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM friendrequest"), 1);
  expect_contact(*bob, *alice, "request");
  expect_no_push(*bob);
}

TEST_P(LostContactAnswer, OfAnAcceptance) {
  need_approval(*alice);
  request_ok(bob->client, ask_request(alice->id()));
  expect_contact(*alice, *bob, "request");
  lose("INSERT INTO friend ");
  EXPECT_EQ(request_ok(alice->client, answer_request(bob->id(), true)).at("friend").at("id"),
            bob->id());
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM friend"), 2);
  expect_contact(*bob, *alice, "accepted");
}

TEST_P(LostContactAnswer, OfARefusal) {
  need_approval(*alice);
  request_ok(bob->client, ask_request(alice->id()));
  lose("UPDATE friendrequest");
  request_ok(alice->client, answer_request(bob->id(), false));
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM friendrequest WHERE state = 'refused'"), 1);
}

TEST_P(LostContactAnswer, OfARemoval) {
  request_ok(alice->client, ask_request(bob->id()));
  expect_contact(*bob, *alice, "added");
  lose("DELETE FROM friend ");
  request_ok(alice->client, remove_request(bob->id()));
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM friend"), 0);
  expect_contact(*bob, *alice, "removed");
}

TEST_P(LostContactAnswer, OfASettingOfAConversation) {
  alice->chat(bob->id(), "text");
  lose("INSERT INTO conversation");
  request_ok(alice->client, {{"msgid", 55}, {"with", bob->id()}, {"pinned", true}});
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM conversation WHERE pinned = 1"), 1);
  const Json inbox = request_ok(alice->client, {{"msgid", 54}});
  EXPECT_EQ(inbox.at("conversations").at(0).at("pinned"), true);
}

TEST_P(LostContactAnswer, OfABlockAndOfItsEnd) {
  alice->chat(bob->id(), "before");
  lose("INSERT INTO block");
  request_ok(alice->client, block_request(bob->id()));
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM block"), 1);
  expect_chat_refused(*alice, bob->id(), "you have blocked this user");
  lose("DELETE FROM block");
  request_ok(alice->client, block_request(bob->id(), false));
  expect_lost();
  EXPECT_EQ(number("SELECT COUNT(*) FROM block"), 0);
  alice->chat(bob->id(), "after");
}

class ContactInAnOutage : public LostInAnOutage {};

TEST_F(ContactInAnOutage, RequestIsPushedAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  set_policy(cluster->storage(), bob.id(), "who_may_add", "approval");
  lose_and_cut_off("REPLACE INTO friendrequest");
  expect_unavailable(alice.client, ask_request(bob.id(), "hi"));
  end_outage();
  EXPECT_EQ(bob.client.push(kContactPush).at("text"), "hi");
  EXPECT_EQ(request_patiently(alice.client, ask_request(bob.id())).at("pending"), true);
}

TEST_F(ContactInAnOutage, BlockBindsAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(0, "bob");
  request_ok(bob.client, ask_request(alice.id()));
  bob.client.keep_presence();
  lose_and_cut_off("INSERT INTO block");
  expect_unavailable(alice.client, block_request(bob.id()));
  end_outage();
  EXPECT_TRUE(hears_state(bob, alice.id(), "offline"));
  EXPECT_EQ(
      request_patiently(bob.client, chat_request(bob.account, alice.id(), "hello")).at("errno"),
      22);
}

}  // namespace
}  // namespace chat::test
