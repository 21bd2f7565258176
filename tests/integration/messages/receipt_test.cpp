// READ, and the RECEIPT pushes that senders get.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Receipt : public InBothFramings {
 protected:
  static Json acking() { return {{"ack", true}}; }
  static Json read_request(std::int64_t from, std::int64_t seq) {
    return {{"msgid", 23}, {"from", from}, {"seq", seq}};
  }
  static Json group_read_request(std::int64_t group, std::int64_t seq) {
    return {{"msgid", 23}, {"groupid", group}, {"seq", seq}};
  }
  // Receipts may come in steps; they must end at exactly this one.
  static void expect_receipts_up_to(User& user, const Json& last) {
    std::int64_t before = 0;
    for (;;) {
      Json receipt = user.client.push(203);
      ASSERT_GT(receipt.at("seq"), before) << receipt;
      before = receipt["seq"];
      ASSERT_LE(before, last.at("seq")) << receipt;
      if (before < last.at("seq")) {
        receipt["seq"] = last["seq"];
        ASSERT_EQ(receipt, last);
        continue;
      }
      ASSERT_EQ(receipt, last);
      return;
    }
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Receipt);

TEST_P(Receipt, ReportsDeliveryAndReadingToTheSender) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  for (int i = 1; i <= 3; ++i) {
    alice.chat(bob.id(), std::to_string(i));
    bob.client.push(6);
  }
  bob.client.send(delivered_request(alice.id(), 3));
  expect_receipts_up_to(alice,
                        {{"msgid", 203}, {"kind", "delivered"}, {"id", bob.id()}, {"seq", 3}});
  bob.client.send(read_request(alice.id(), 2));
  expect_receipts_up_to(alice, {{"msgid", 203}, {"kind", "read"}, {"id", bob.id()}, {"seq", 2}});
  alice.client.expect_no_push_for(milliseconds{400});
}

TEST_P(Receipt, ReadingImpliesDelivery) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  alice.chat(bob.id(), "1");
  bob.client.push(6);
  bob.client.send(read_request(alice.id(), 1));
  EXPECT_EQ(alice.client.push(203),
            (Json{{"msgid", 203}, {"kind", "delivered"}, {"id", bob.id()}, {"seq", 1}}));
  EXPECT_EQ(alice.client.push(203),
            (Json{{"msgid", 203}, {"kind", "read"}, {"id", bob.id()}, {"seq", 1}}));
  bob.client.close();
  EXPECT_EQ(log_in(bob.account, acking()).welcome.at("offlinemsg"), Json::array());
}

TEST_P(Receipt, PlainRecipientsCountAsDeliveredOnceWritten) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob");
  alice.chat(bob.id(), "1");
  EXPECT_EQ(alice.client.push(203),
            (Json{{"msgid", 203}, {"kind", "delivered"}, {"id", bob.id()}, {"seq", 1}}));
}

TEST_P(Receipt, PlainSendersGetNone) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  alice.chat(bob.id(), "1");
  bob.client.push(6);
  bob.client.send(read_request(alice.id(), 1));
  alice.client.expect_no_push_for(milliseconds{600});
}

TEST_P(Receipt, OfAGroupCoversEveryOtherMember) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  User carol = new_user("carol", acking());
  const std::int64_t group = alice.create_group("everyone");
  bob.join_group(group);
  carol.join_group(group);
  alice.client.push(202);
  alice.client.push(202);
  bob.client.push(202);
  alice.group_chat(group, "1");
  for (User* member : {&bob, &carol}) member->client.push(10);
  bob.client.send(group_read_request(group, 3));
  alice.client.expect_no_push_for(milliseconds{1500});
  carol.client.send(group_delivered_request(group, 3));
  EXPECT_EQ(alice.client.push(),
            (Json{{"msgid", 203}, {"kind", "delivered"}, {"groupid", group}, {"seq", 3}}));
  carol.client.send(group_read_request(group, 3));
  EXPECT_EQ(alice.client.push(),
            (Json{{"msgid", 203}, {"kind", "read"}, {"groupid", group}, {"seq", 3}}));
  // Members who have written nothing get no receipts.
  bob.client.expect_no_push_for(milliseconds{300});
}

// The others have reached more than was told.
TEST_P(Receipt, OfAGroupIsCompletedWhenTheSlowestMemberLeaves) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  User carol = new_user("carol", acking());
  const std::int64_t group = alice.create_group("everyone");
  for (User* member : {&bob, &carol}) {
    member->join_group(group);
    alice.client.push(202);
  }
  alice.group_chat(group, "1");
  bob.client.push(10);
  bob.client.send(group_read_request(group, 3));
  alice.client.expect_no_push_for(milliseconds{1500});
  request_ok(alice.client, {{"msgid", 41}, {"groupid", group}, {"userid", carol.id()}});
  const auto next_receipt = [&] {
    Json push = alice.client.push();
    while (push.at("msgid") != 203) push = alice.client.push();
    return push;
  };
  Json receipt{{"msgid", 203}, {"kind", "delivered"}, {"groupid", group}, {"seq", 3}};
  EXPECT_EQ(next_receipt(), receipt);
  receipt["kind"] = "read";
  EXPECT_EQ(next_receipt(), receipt);
}

TEST_P(Receipt, SeqPastTheLastPushIsRefused) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  alice.chat(bob.id(), "1");
  bob.client.push(6);
  expect_refused(bob.client, read_request(alice.id(), 2), errors::kBadField);
  expect_refused(bob.client, read_request(9999, 1), errors::kBadField);
  expect_refused(bob.client, group_read_request(9999, 1), errors::kBadField);
  expect_refused(bob.client, {{"msgid", 23}, {"seq", 1}}, errors::kBadField);
  Json both = read_request(alice.id(), 1);
  both["groupid"] = 1;
  expect_refused(bob.client, both, errors::kBadField);
  RawClient stranger = connect();
  expect_refused(stranger, read_request(alice.id(), 1), errors::kNotLoggedIn);
}

}  // namespace
}  // namespace chat::test
