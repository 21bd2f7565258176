#include "delivery/events/envelope.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "chat/delivery/push_json.h"

namespace chat::delivery {
namespace {

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

TEST(Envelope, CarriesAPushOfEitherKind) {
  const std::string json = "{\"msg\":\"two\\nlines\"}\nand a raw one";
  for (const StreamKey stream : {StreamKey::from(UserId{7}), StreamKey::of(GroupId{7})}) {
    const auto decoded =
        decode(encode(Push{stream, 1LL << 40, UserId{2147483647}, 5, shared(json)}));
    ASSERT_TRUE(decoded);
    const auto& push = std::get<Push>(*decoded);
    EXPECT_EQ(push.stream, stream);
    EXPECT_EQ(push.seq, 1LL << 40);
    EXPECT_EQ(push.sender, UserId{2147483647});
    EXPECT_EQ(push.sent_at, 5);
    EXPECT_EQ(*push.json, json);
    EXPECT_FALSE(push.is_event);
  }
  Push event{StreamKey::of(GroupId{7}), 1, UserId{1}, 5, shared(json), false};
  event.is_event = true;
  const auto decoded = decode(encode(event));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(std::get<Push>(*decoded).is_event);
  EXPECT_FALSE(std::get<Push>(*decoded).receipt_wanted);
}

TEST(Envelope, CarriesAnEvent) {
  const auto decoded = decode(encode(EventEnvelope{UserId{3}, shared("{}"), {}, 1LL << 60}));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<EventEnvelope>(*decoded).mark, 1LL << 60);
  EXPECT_EQ(std::get<EventEnvelope>(*decoded).about, UserId{3});
  EXPECT_EQ(*std::get<EventEnvelope>(*decoded).json, "{}");
}

TEST(Envelope, CarriesTyping) {
  for (const bool on : {true, false}) {
    const auto decoded = decode(encode(TypingEnvelope{UserId{7}, on}));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<TypingEnvelope>(*decoded).from, UserId{7});
    EXPECT_EQ(std::get<TypingEnvelope>(*decoded).on, on);
  }
  EXPECT_FALSE(decode("y 7\n"));
  EXPECT_FALSE(decode("y 0 1\n"));
}

TEST(Envelope, CarriesTheEndOfSessions) {
  const std::string payload = encode(KickedEnvelope{});
  EXPECT_EQ(payload, "k\n");
  const auto decoded = decode(payload);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(std::holds_alternative<KickedEnvelope>(*decoded));
  EXPECT_FALSE(decode("k 1\n"));
}

TEST(Envelope, CarriesPresenceWithoutState) {
  const std::string payload = encode(PresenceEnvelope{UserId{7}});
  EXPECT_EQ(payload, "p 7\n");
  const auto decoded = decode(payload);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<PresenceEnvelope>(*decoded).user, UserId{7});
}

TEST(Envelope, CarriesAReceiptOfEitherKind) {
  for (const StreamKey target : {StreamKey::from(UserId{7}), StreamKey::of(GroupId{8})}) {
    for (const ReceiptKind kind : {ReceiptKind::kDelivered, ReceiptKind::kRead}) {
      const Receipt sent{target, kind, 1LL << 40};
      const auto decoded =
          decode(encode(EventEnvelope{UserId{3}, shared(receipt_json(sent)), sent}));
      ASSERT_TRUE(decoded);
      const auto& event = std::get<EventEnvelope>(*decoded);
      EXPECT_EQ(event.about, UserId{3});
      ASSERT_TRUE(event.receipt);
      EXPECT_EQ(event.receipt->target, target);
      EXPECT_EQ(event.receipt->kind, kind);
      EXPECT_EQ(event.receipt->seq, 1LL << 40);
      EXPECT_EQ(*event.json, receipt_json(sent));
    }
  }
}

TEST(Envelope, RefusesMalformedPayloads) {
  for (const char* payload : {"",
                              "\n",
                              "{}",
                              "x 1\n{}",
                              "p 0\n",
                              "p 1 2\n",
                              "r 0 1\n{}",
                              "r 0 0 0 0 1\n",
                              "r 0 1 1 0 1\n",
                              "r 0 1 0 0 0\n",
                              "r 0 1 0 0 1 1\n",
                              "e\n{}",
                              "e x\n{}",
                              "e 1 2 3\n{}",
                              "e 1 0\n{}",
                              "e 1 -2\n{}",
                              "e 99999999999\n{}",
                              "m\n{}",
                              "m d 1 2\n{}",
                              "m d 1 2 3\n{}",
                              "m d 1 2 3 1\n{}",
                              "m d 1 2 3 1 4 5 6\n{}",
                              "m d 1 2 3 1 4\n{}",
                              "m d 1 2 3 1 -1\n{}",
                              "m d 1 2 3 -1 4 0\n{}",
                              "m d 1 2 3 1 4",
                              "m x 1 2 3 1 4 0\n{}",
                              "m d one 2 3 1 4 0\n{}",
                              "m d 1 2 x 1 4 0\n{}",
                              "m d 99999999999 2 3 1 4 0\n{}",
                              "m g 1 99999999999999999999 3 1 4 0\n{}",
                              "m d 0 1 1 1 4 0\n{}",
                              "m d -1 1 1 1 4 0\n{}",
                              "m d 1 0 1 1 4 0\n{}",
                              "m d 1 -5 1 1 4 0\n{}",
                              "m d 1 1 0 1 4 0\n{}",
                              "e -1\n{}",
                              "m d 12 3\n{}",
                              "m d  1 2 3 1 4 0\n{}"}) {
    EXPECT_FALSE(decode(payload)) << payload;
  }
}

TEST(Envelope, RefusesEveryShortenedHead) {
  const std::string whole =
      encode(Push{StreamKey::from(UserId{7}), 12, UserId{7}, 0, shared("{}")});
  for (std::size_t cut = 0; cut < whole.find('\n'); ++cut) {
    EXPECT_FALSE(decode(whole.substr(0, cut))) << cut;
  }
}

TEST(Envelope, CarriesATakeover) {
  for (const bool gone : {false, true}) {
    const auto decoded = decode(encode(TakeoverEnvelope{1LL << 40, gone}));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<TakeoverEnvelope>(*decoded).epoch, 1LL << 40);
    EXPECT_EQ(std::get<TakeoverEnvelope>(*decoded).gone, gone);
  }
  EXPECT_FALSE(decode("t \n"));
  EXPECT_FALSE(decode("t 0\n"));
  EXPECT_FALSE(decode("g 1 2\n"));
}

TEST(Envelope, CarriesTheEndOfANodesLife) {
  const auto decoded = decode(encode(EndedEnvelope{NodeId{7}, 1LL << 40}));
  ASSERT_TRUE(decoded);
  const auto& ended = std::get<EndedEnvelope>(*decoded);
  EXPECT_EQ(ended.node, NodeId{7});
  EXPECT_EQ(ended.epoch, 1LL << 40);
  EXPECT_FALSE(decode("x 7\n"));
  EXPECT_FALSE(decode("x 7 1 2\n"));
}

TEST(Envelope, CarriesABeat) {
  const auto decoded = decode(encode(BeatEnvelope{NodeId{7}, 1LL << 40, 3}));
  ASSERT_TRUE(decoded);
  const auto& beat = std::get<BeatEnvelope>(*decoded);
  EXPECT_EQ(beat.node, NodeId{7});
  EXPECT_EQ(beat.epoch, 1LL << 40);
  EXPECT_EQ(beat.number, 3);
  for (const char* payload : {"b \n", "b 7 1\n", "b 0 1 1\n", "b 7 1 0\n", "b 7 1 1 1\n"}) {
    EXPECT_FALSE(decode(payload)) << payload;
  }
}

TEST(Envelope, CarriesWhetherAReceiptIsWanted) {
  for (const bool wanted : {false, true}) {
    const auto decoded =
        decode(encode(Push{StreamKey::from(UserId{7}), 1, UserId{7}, 0, shared("{}"), wanted}));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Push>(*decoded).receipt_wanted, wanted);
  }
}

}  // namespace
}  // namespace chat::delivery
