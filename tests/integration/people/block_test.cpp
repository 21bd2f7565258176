// Blocks (msgid 34), and users who accept messages from friends only.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "integration/people/contact_requests.h"
#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr const char* kOwnBlock = "you have blocked this user";

// Alice writes to Bob, who blocks her.
class Blocks : public WithServer {
 protected:
  void SetUp() override {
    alice.emplace(new_user("alice", Wire::kText, {{"ack", true}}));
    bob.emplace(new_user("bob", Wire::kText, {{"ack", true}}));
  }
  void block(bool blocked = true) { request_ok(bob->client, block_request(alice->id(), blocked)); }
  static std::string seen_state(User& user, std::int64_t other) {
    for (const Json& item : list_of(user, "friends")) {
      if (item.at("id") == other) return item.at("state");
    }
    return "no friend";
  }

  // Waits for that PRESENCE. The previous state may be pushed again.
  static void expect_becomes(User& watcher, std::int64_t id, const std::string& state) {
    for (;;) {
      const Json push = watcher.client.push(200);
      ASSERT_EQ(push.at("id"), id);
      if (push.at("state") == state) return;
    }
  }

  std::optional<User> alice;
  std::optional<User> bob;
};

TEST_F(Blocks, NeitherMayWriteToTheOther) {
  EXPECT_EQ(alice->chat(bob->id(), "before").at("seq"), 1);
  bob->chat(alice->id(), "before");
  block();
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  expect_chat_refused(*bob, alice->id(), kOwnBlock);
  block(false);
  EXPECT_EQ(alice->chat(bob->id(), "after").at("seq"), 2);
  EXPECT_EQ(bob->chat(alice->id(), "after").at("seq"), 2);
  EXPECT_EQ(bob->client.push(6).at("msg"), "before");
  EXPECT_EQ(bob->client.push(6).at("msg"), "after");
}

TEST_F(Blocks, BlockBindsUsersWhoNeverChattedBefore) {
  block();
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  expect_chat_refused(*bob, alice->id(), kOwnBlock);
}

TEST_F(Blocks, BlockOutlivesTheServer) {
  alice->chat(bob->id(), "before");
  block();
  server.terminate();
  server.start();
  alice.emplace(log_in(alice->account));
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
}

TEST_F(Blocks, MutualBlockIsToldAsTheOwnOne) {
  block();
  request_ok(alice->client, block_request(bob->id()));
  expect_chat_refused(*alice, bob->id(), kOwnBlock);
  block(false);
  expect_chat_refused(*bob, alice->id(), kNotAccepted);
}

TEST_F(Blocks, RepeatsSucceedAndWriteNothing) {
  block(false);
  EXPECT_EQ(server.storage().number("SELECT SUM(contact_rev) FROM user"), 0);
  for (int i = 0; i < 3; ++i) block();
  EXPECT_EQ(server.storage().number("SELECT SUM(contact_rev) FROM user"), 1);
  EXPECT_EQ(list_of(*bob, "blocked"), Json::array({{{"id", alice->id()}, {"name", "alice"}}}));
  EXPECT_EQ(list_of(*alice, "blocked"), Json::array());
  for (int i = 0; i < 3; ++i) block(false);
  EXPECT_EQ(server.storage().number("SELECT SUM(contact_rev) FROM user"), 2);
  EXPECT_EQ(list_of(*bob, "blocked"), Json::array());
}

TEST_F(Blocks, BadRequestsAreRefused) {
  expect_refused(bob->client, block_request(bob->id()), errors::kBadField);
  expect_refused(bob->client, block_request(9999), errors::kNotFound);
  expect_refused(bob->client, {{"msgid", 34}, {"userid", alice->id()}}, errors::kBadField);
}

TEST_F(Blocks, StoredCidIsAnsweredWithItsSeq) {
  const Json first = alice->chat(bob->id(), "once", "the-cid");
  block();
  const Json again = alice->chat(bob->id(), "once", "the-cid");
  EXPECT_EQ(again.at("seq"), first.at("seq"));
  EXPECT_EQ(again.at("ts"), first.at("ts"));
}

// No message that is answered after the ack of BLOCK may have been stored after it.
TEST_F(Blocks, BlockBindsBeforeItsAckWhileTheOtherSendsAtFullSpeed) {
  std::atomic<bool> done = false;
  std::int64_t last_seq = 0;
  std::thread sender([&] {
    while (!done) {
      const Json reply = alice->client.request(chat_request(alice->account, bob->id(), "again"));
      if (reply.at("errno") != 0) break;
      last_seq = reply.at("seq");
    }
  });
  for (int i = 0; i < 50; ++i) bob->client.push(6);
  block();
  const std::int64_t stored = server.storage().number("SELECT MAX(seq) FROM directmessage");
  const bool grew = wait_until(
      [&] { return server.storage().number("SELECT MAX(seq) FROM directmessage") != stored; },
      milliseconds{300});
  done = true;
  sender.join();
  EXPECT_FALSE(grew) << "stored after the ack";
  EXPECT_LE(last_seq, stored);
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
}

TEST_F(Blocks, FriendRequestsAreRefusedInBothDirections) {
  set_policy(server.storage(), alice->id(), "who_may_add", "approval");
  request_ok(bob->client, ask_request(alice->id(), "before"));
  expect_contact(*alice, *bob, "request");
  block();
  EXPECT_EQ(list_of(*alice, "requests"), Json::array());
  // As for somebody who never asked: the answer does not tell of the block.
  expect_refused(alice->client, answer_request(bob->id(), true), errors::kNotFound);
  const Json refused = expect_refused(alice->client, ask_request(bob->id()), errors::kNotAllowed);
  EXPECT_EQ(refused.at("errmsg"), "this user does not accept friend requests");
  const Json own = expect_refused(bob->client, ask_request(alice->id()), errors::kNotAllowed);
  EXPECT_EQ(own.at("errmsg"), kOwnBlock);
  expect_no_push(*bob);
  block(false);
  EXPECT_EQ(list_of(*alice, "requests").size(), 1U);
  request_ok(alice->client, answer_request(bob->id(), true));
}

TEST_F(Blocks, AFriendWhoBlocksLooksLikeAnyOtherFriend) {
  request_ok(alice->client, ask_request(bob->id()));
  const Json before = expect_refused(alice->client, ask_request(bob->id()), errors::kExists);
  block();
  const Json after = expect_refused(alice->client, ask_request(bob->id()), errors::kExists);
  EXPECT_EQ(before.at("errmsg"), after.at("errmsg"));
  set_policy(server.storage(), bob->id(), "who_may_add", "approval");
  expect_refused(alice->client, ask_request(bob->id()), errors::kExists);
}

TEST_F(Blocks, RequestsToABlockerAndToWhomNobodyMayAddAreListedAlike) {
  User carol = new_user("carol");
  for (const User* other : {&*bob, &carol}) {
    set_policy(server.storage(), other->id(), "who_may_add", "approval");
    request_ok(alice->client, ask_request(other->id()));
  }
  EXPECT_EQ(list_of(*alice, "sent_requests").size(), 2U);
  block();
  set_policy(server.storage(), carol.id(), "who_may_add", "nobody");
  EXPECT_EQ(list_of(*alice, "sent_requests"), Json::array());
  block(false);
  EXPECT_EQ(list_of(*alice, "sent_requests").size(), 1U);
  request_ok(alice->client, block_request(bob->id()));
  EXPECT_EQ(list_of(*alice, "sent_requests"), Json::array());
}

TEST_F(Blocks, FriendshipStays) {
  request_ok(alice->client, ask_request(bob->id()));
  block();
  EXPECT_TRUE(lists_friend(*alice, bob->id()));
}

TEST_F(Blocks, BlockerLooksOfflineToTheBlocked) {
  request_ok(alice->client, ask_request(bob->id()));
  request_ok(bob->client, ask_request(alice->id()));
  EXPECT_EQ(seen_state(*alice, bob->id()), "online");
  alice->client.keep_presence();
  bob->client.keep_presence();
  block();
  expect_becomes(*alice, bob->id(), "offline");
  EXPECT_EQ(seen_state(*alice, bob->id()), "offline");
  EXPECT_EQ(seen_state(*bob, alice->id()), "online") << "the blocker sees the blocked";
  // Coming and going is not told.
  bob->log_out();
  bob->client.close();
  bob.emplace(log_in(bob->account));
  bob->client.keep_presence();
  alice->log_out();
  alice->client.close();
  expect_becomes(*bob, alice->id(), "offline");
  alice.emplace(log_in(alice->account));
  EXPECT_EQ(alice->welcome.at("friends")[0].at("state"), "offline");
  expect_becomes(*bob, alice->id(), "online");
  alice->client.keep_presence();
  expect_no_push(*alice);
  block(false);
  expect_becomes(*alice, bob->id(), "online");
  EXPECT_EQ(seen_state(*alice, bob->id()), "online");
}

TEST_F(Blocks, BlockedGetsNoReceipts) {
  alice->chat(bob->id(), "1");
  alice->chat(bob->id(), "2");
  bob->client.push(6);
  bob->client.push(6);
  bob->client.send(delivered_request(alice->id(), 1));
  EXPECT_EQ(alice->client.push(203).at("seq"), 1);
  block();
  bob->client.send({{"msgid", 23}, {"from", alice->id()}, {"seq", 2}});
  alice->client.expect_no_push_for(milliseconds{700});
  EXPECT_EQ(server.storage().number("SELECT read_seq FROM directcursor WHERE recipient = " +
                                    std::to_string(bob->id())),
            2);
}

TEST_F(Blocks, CommonGroupsAreNotAffected) {
  const std::int64_t group = alice->create_group("club");
  bob->join_group(group);
  block();
  alice->group_chat(group, "hello");
  EXPECT_EQ(bob->client.push(10).at("msg"), "hello");
  bob->group_chat(group, "good day");
  EXPECT_EQ(alice->client.push(10).at("msg"), "good day");
}

TEST_F(Blocks, WaitingMessagesAreStillDelivered) {
  bob->log_out();
  bob->client.close();
  alice->chat(bob->id(), "before");
  bob.emplace(log_in(bob->account, Wire::kText, {{"ack", true}}));
  block();
  EXPECT_EQ(bob->welcome.at("offlinemsg").size(), 1U);
}

TEST_F(Blocks, EndWithTheAccount) {
  block();
  request_ok(alice->client, block_request(bob->id()));
  request_ok(alice->client, {{"msgid", 27}, {"password", alice->account.password}});
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM block"), 0);
  EXPECT_EQ(list_of(*bob, "blocked"), Json::array());
}

TEST_F(Blocks, TwoThousandAtMost) {
  insert_users(server.storage(), 2000);
  insert_numbered(server.storage(), 2000, "block (userid, blocked, created_at)",
                  "SELECT " + std::to_string(bob->id()) + ", 10000 + i, 1 FROM n");
  expect_refused(bob->client, block_request(alice->id()), errors::kNotAllowed);
  request_ok(bob->client, block_request(10'000, false));
  block();
}

class FriendsOnly : public Blocks {
 protected:
  void SetUp() override {
    Blocks::SetUp();
    set_policy(server.storage(), bob->id(), "who_may_chat", "friends");
  }
};

TEST_F(FriendsOnly, TheRecipientsListDecides) {
  request_ok(alice->client, ask_request(bob->id()));  // her own list
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  bob->chat(alice->id(), "Bob may write");
  request_ok(bob->client, ask_request(alice->id()));
  EXPECT_EQ(alice->chat(bob->id(), "now").at("seq"), 1);
  request_ok(alice->client, remove_request(bob->id()));
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  bob->chat(bob->id(), "a note to himself");
}

TEST_F(FriendsOnly, AcceptedRequestAllowsBoth) {
  set_policy(server.storage(), bob->id(), "who_may_add", "approval");
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  request_ok(alice->client, ask_request(bob->id()));
  expect_chat_refused(*alice, bob->id(), kNotAccepted);
  request_ok(bob->client, answer_request(alice->id(), true));
  alice->chat(bob->id(), "friends now");
}

}  // namespace
}  // namespace chat::test
