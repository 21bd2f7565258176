// DELIVERED: messages that a client with "ack":true has not acknowledged are repeated.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Delivered : public InBothFramings {
 protected:
  static constexpr auto kAck = [] { return Json{{"ack", true}}; };
  static std::vector<int> seqs(const Json& offline) {
    std::vector<int> numbers;
    for (const Json& message : offline) numbers.push_back(message.at("seq").get<int>());
    return numbers;
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Delivered);

using ::testing::ElementsAre;

TEST_P(Delivered, OnlyUnacknowledgedMessagesAreRepeated) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  for (int i = 1; i <= 6; ++i) alice.chat(bob.id(), std::to_string(i));
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(bob.client.push(6).at("seq"), i);
  bob.client.send(delivered_request(alice.id(), 4));
  bob.client.close();

  User again = log_in(bob.account, kAck());
  EXPECT_THAT(seqs(again.welcome.at("offlinemsg")), ElementsAre(5, 6));
  again.client.send(delivered_request(alice.id(), 6));
  again.log_out();
  again.client.close();
  EXPECT_EQ(log_in(bob.account, kAck()).welcome.at("offlinemsg"), Json::array());
}

TEST_P(Delivered, EverythingIsRepeatedWithoutAcknowledgements) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  for (int i = 1; i <= 3; ++i) alice.chat(bob.id, std::to_string(i));
  for (int login = 0; login < 3; ++login) {
    User again = log_in(bob, kAck());
    EXPECT_THAT(seqs(again.welcome.at("offlinemsg")), ElementsAre(1, 2, 3));
    if (login == 1) again.log_out();
  }
}

TEST_P(Delivered, ValidAcknowledgementsHaveNoReply) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  alice.chat(bob.id(), "1");
  bob.client.push(6);
  Json request = delivered_request(alice.id(), 1);
  request["cid"] = "d";
  bob.client.send(request);
  bob.client.send(request);  // again: no harm
  bob.client.send(delivered_request(alice.id(), 0));
  expect_alive(bob.client);
  bob.client.expect_no_push_for(milliseconds{100});
  EXPECT_EQ(bob.client.waiting(), 0U);
}

TEST_P(Delivered, CursorNeverMovesBack) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  for (int i = 1; i <= 3; ++i) alice.chat(bob.id(), std::to_string(i));
  for (int i = 1; i <= 3; ++i) bob.client.push(6);
  bob.client.send(delivered_request(alice.id(), 3));
  bob.client.send(delivered_request(alice.id(), 1));
  bob.client.close();
  EXPECT_EQ(log_in(bob.account, kAck()).welcome.at("offlinemsg"), Json::array());
}

TEST_P(Delivered, SeqPastTheLastPushIsABadField) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  alice.chat(bob.id(), "1");
  bob.client.push(6);
  for (const std::int64_t seq : {std::int64_t{2}, std::int64_t{1} << 40}) {
    const Json reply =
        expect_refused(bob.client, delivered_request(alice.id(), seq), errors::kBadField);
    EXPECT_NE(reply.value("errmsg", "").find("seq"), std::string::npos);
  }
  expect_refused(bob.client, delivered_request(bob.id(), 1), errors::kBadField);
  bob.client.close();
  EXPECT_THAT(seqs(log_in(bob.account, kAck()).welcome.at("offlinemsg")), ElementsAre(1));
}

TEST_P(Delivered, GroupStreamsHaveTheirOwnCursors) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  const auto group = alice.create_group("club");
  bob.join_group(group);
  for (int i = 1; i <= 4; ++i) alice.group_chat(group, std::to_string(i));
  alice.chat(bob.id(), "direct");
  for (int i = 1; i <= 4; ++i) bob.client.push(10);
  bob.client.push(6);
  expect_refused(bob.client, group_delivered_request(group, 6), errors::kBadField);
  bob.client.send(group_delivered_request(group, 4));
  bob.client.close();

  User again = log_in(bob.account, kAck());
  ASSERT_EQ(again.welcome.at("offlinemsg").size(), 2U);
  for (const Json& message : again.welcome["offlinemsg"]) {
    EXPECT_EQ(message.at("msg"), message.at("msgid") == 10 ? "4" : "direct");
  }
  again.client.send(group_delivered_request(group, 5));
  again.client.send(delivered_request(alice.id(), 1));
  again.client.close();
  EXPECT_EQ(log_in(bob.account, kAck()).welcome.at("offlinemsg"), Json::array());
}

TEST_P(Delivered, ForeignGroupIsRefused) {
  User alice = new_user("alice");
  User bob = new_user("bob", kAck());
  const auto group = alice.create_group("club");
  alice.group_chat(group, "private");
  const Json reply = bob.client.request(group_delivered_request(group, 1));
  EXPECT_EQ(reply.at("msgid"), 122);
  EXPECT_NE(reply.at("errno"), 0);
}

TEST_P(Delivered, ThousandUnacknowledgedAreRepeatedInOrder) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  constexpr int kCount = 1000;
  std::string burst;
  for (int i = 0; i < kCount; ++i) {
    burst += alice.client.framed(chat_request(alice.account, bob.id, std::to_string(i)));
  }
  alice.client.send_raw(burst);
  for (int i = 0; i < kCount; ++i) expect_ok(alice.client.receive(), 106);

  User first = log_in(bob, kAck());
  expect_consecutive(collect_messages(first, kCount));
  first.client.send(delivered_request(alice.id(), 300));
  first.client.close();
  User second = log_in(bob, kAck());
  expect_consecutive(collect_messages(second, kCount - 300), 301);
  second.client.send(delivered_request(alice.id(), kCount));
  second.client.close();
  EXPECT_EQ(log_in(bob, kAck()).welcome.at("offlinemsg"), Json::array());
}

}  // namespace
}  // namespace chat::test
