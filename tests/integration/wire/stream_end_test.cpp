// Byte streams: split, joined, ended.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Framing : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(Framing);

class Text : public WithServer {};

TEST_P(Framing, RequestThenFinIsAnsweredBeforeTheEnd) {
  RawClient client = connect();
  client.send({{"msgid", 21}});
  client.half_close();
  const auto frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 1U);
  expect_ok(frames[0], 121);
  EXPECT_FALSE(client.was_reset());
}

TEST_P(Framing, ChatThenFinIsAcknowledgedBeforeTheEnd) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  constexpr int kChats = 50;
  std::string burst;
  for (int i = 0; i < kChats; ++i) {
    burst += alice.client.framed(chat_request(alice.account, bob.id(), std::to_string(i)));
  }
  alice.client.send_raw(burst);
  alice.client.half_close();
  const auto acks = alice.client.receive_to_end();
  ASSERT_EQ(acks.size(), static_cast<std::size_t>(kChats));
  for (const Json& ack : acks) expect_ok(ack, 106);
  expect_consecutive(acks);
  expect_consecutive(collect_messages(bob, kChats));
}

TEST_P(Framing, RegisterThenFinIsAnsweredBeforeTheEnd) {
  RawClient client = connect();
  client.send({{"msgid", 4}, {"name", "alice"}, {"password", "secret-1"}});
  client.half_close();
  const auto frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 1U);
  expect_ok(frames[0], 5);
}

TEST_P(Framing, WholeConversationInOneWriteThenFin) {
  const Account alice = register_account("alice");
  User bob = new_user("bob");
  RawClient client = connect();
  std::string burst = client.framed(login_request(alice));
  burst += client.framed(chat_request(alice, bob.id(), "in passing"));
  burst += client.framed(logout_request(alice));
  client.send_raw(burst);
  client.half_close();
  const auto frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 3U);
  expect_ok(frames[0], 2);
  expect_ok(frames[1], 106);
  expect_ok(frames[2], 103);
  EXPECT_EQ(bob.client.push(6).at("msg"), "in passing");
}

TEST_P(Framing, FinWithoutDataClosesQuietly) {
  RawClient client = connect();
  client.half_close();
  EXPECT_TRUE(client.receive_to_end().empty());
}

TEST_P(Framing, TwoHundredRequestsInOneWriteAreAllAnswered) {
  RawClient client = connect();
  std::string burst;
  for (int i = 0; i < 200; ++i) {
    burst += client.framed({{"msgid", 21}, {"cid", std::to_string(i)}});
  }
  client.send_raw(burst);
  for (int i = 0; i < 200; ++i) {
    const Json reply = client.receive();
    expect_ok(reply, 121);
    EXPECT_EQ(reply.at("cid"), std::to_string(i));
  }
}

TEST_P(Framing, OneByteAtATimeIsUnderstood) {
  RawClient client = connect();
  std::string bytes = client.framed({{"msgid", 4}, {"name", "älice"}, {"password", "secret-1"}});
  bytes += client.framed({{"msgid", 21}, {"cid", "after-it"}});
  for (const char byte : bytes) client.send_raw({&byte, 1});
  expect_ok(client.receive(), 5);
  expect_ok(client.receive(), 121);
}

TEST_P(Framing, TwoFramingsAtOnceTalkToEachOther) {
  User alice = new_user("alice");
  User bob = WithServer::new_user("bob", GetParam() == Wire::kText ? Wire::kBinary : Wire::kText);
  alice.chat(bob.id(), "from one framing");
  bob.chat(alice.id(), "to the other");
  EXPECT_EQ(bob.client.push(6).at("msg"), "from one framing");
  EXPECT_EQ(alice.client.push(6).at("msg"), "to the other");
}

TEST_P(Framing, LargestFramesAreAcceptedBeforeAndAfterLogin) {
  const Account account = register_account("alice");
  RawClient client = connect();
  const auto ping_of = [&](std::size_t bytes) {
    Json ping = {{"msgid", 21}, {"pad", ""}};
    ping["pad"] = std::string(bytes - ping.dump().size(), 'x');
    return ping;
  };
  expect_ok(client.request(ping_of(4096)), 121);
  request_ok(client, login_request(account));
  expect_ok(client.request(ping_of(65536)), 121);
}

TEST_F(Text, AnswerToAPrintfThroughNcIsOneLine) {
  RawClient client(port());
  client.send_raw("{\"msgid\":21}\n");
  client.half_close();
  const auto frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].at("msgid"), 121);
}

TEST_F(Text, CrLfBlankLinesAndLeadingSpacesAreFine) {
  RawClient client(port());
  client.send_raw(
      "\r\n\n  \t{\"msgid\":21,\"cid\":\"1\"}\r\n\r\n{\"msgid\" : 21 , \"cid\":\"2\"} \n");
  EXPECT_EQ(client.receive().at("cid"), "1");
  EXPECT_EQ(client.receive().at("cid"), "2");
  client.half_close();
  EXPECT_TRUE(client.receive_to_end().empty());
}

}  // namespace
}  // namespace chat::test
