// Frames that the load generator writes and reads, compared with those of the server and of a JSON
// library.
#include "client/load/frame_codec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "chat/delivery/push_json.h"
#include "tests/bench/chatbench/chat_writer.h"
#include "tests/bench/relay_protocol.h"

namespace chat::bench {
namespace {

using namespace client::load;
using Json = nlohmann::json;

const MessageId kId{0xbeef, 123'456'789, 4'000'000'000};
const Target kUser{UserId{8}, {}};
const Target kGroup{{}, GroupId{3}};

std::string cid_of(const MessageId& id) {
  std::string cid;
  id.append_to(cid);
  return cid;
}

// The payload of the only frame in `bytes`.
std::string payload_of(const std::string& bytes) {
  EXPECT_GE(bytes.size(), kRelayLengthBytes);
  EXPECT_EQ(load_big_endian(bytes.data()), bytes.size() - kRelayLengthBytes);
  return bytes.substr(kRelayLengthBytes);
}

storage::DirectMessage direct_message(const std::string& body) {
  storage::DirectMessage message;
  message.sender = UserId{7};
  message.recipient = UserId{8};
  message.seq = 42;
  message.cid = cid_of(kId);
  message.sent_at = 1'700'000'000'123;
  message.body = body;
  return message;
}

TEST(MessageIds, RoundTripThroughACid) {
  const std::string cid = cid_of(kId);
  EXPECT_EQ(cid.size(), MessageId::kBytes);
  const auto id = MessageId::read(cid);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->run, kId.run);
  EXPECT_EQ(id->stream, kId.stream);
  EXPECT_EQ(id->number, kId.number);
}

TEST(MessageIds, AreNotReadFromOtherCids) {
  EXPECT_FALSE(MessageId::read(""));
  EXPECT_FALSE(MessageId::read("0123456789abcdef-1"));
  EXPECT_FALSE(MessageId::read(std::string(MessageId::kBytes, 'G')));
  EXPECT_FALSE(MessageId::read(std::string(MessageId::kBytes + 1, '0')));
}

TEST(BenchFrames, ReadsWhatAServerPushes) {
  for (const std::size_t size : {1u, 100u, 4000u}) {
    const std::string json = delivery::push_json(direct_message(std::string(size, 'x')), "bench7");
    EXPECT_EQ(msgid_of(json), 6);
    const Push push = read_push(json, false);
    EXPECT_EQ(push.stream(), (Target{UserId{7}, {}}));
    EXPECT_EQ(push.seq, 42);
    ASSERT_TRUE(push.id);
    EXPECT_EQ(push.id->number, kId.number);
  }
}

TEST(BenchFrames, ReadsWhatAServerPushesToAGroup) {
  storage::GroupMessage message;
  message.sender = UserId{7};
  message.group = GroupId{3};
  message.seq = 9;
  message.cid = "of-another-client";
  message.body = "x";
  const Push push = read_push(delivery::push_json(message, "bench7"), true);
  EXPECT_EQ(push.sender, UserId{7});
  EXPECT_EQ(push.stream(), kGroup);
  EXPECT_EQ(push.seq, 9);
  EXPECT_FALSE(push.id);
}

TEST(BenchFrames, MissingFieldsReadAsMinusOneOrEmpty) {
  EXPECT_EQ(find_number(R"({"msgid":6})", "\"seq\":"), -1);
  EXPECT_EQ(find_text(R"({"cid":"open)", "\"cid\":\""), "");
  EXPECT_EQ(msgid_of(R"({"errno":0,"msgid":6})"), -1);
}

TEST(BenchFrames, ChatsAreValidJson) {
  std::string bytes;
  ChatWriter(100, false).append(bytes, UserId{7}, kUser, kId);
  const Json direct = Json::parse(payload_of(bytes));
  EXPECT_EQ(direct["msgid"], 6);
  EXPECT_EQ(direct["toid"], 8);
  EXPECT_EQ(direct["msg"].get<std::string>().size(), 100u);
  EXPECT_EQ(direct["cid"], cid_of(kId));

  bytes.clear();
  ChatWriter(1, false).append(bytes, UserId{7}, kGroup, kId);
  const Json group = Json::parse(payload_of(bytes));
  EXPECT_EQ(group["msgid"], 10);
  EXPECT_EQ(group["groupid"], 3);
}

TEST(BenchFrames, AcknowledgementsAreValidJson) {
  std::string bytes;
  append_delivered(bytes, kGroup, 9);
  EXPECT_EQ(Json::parse(payload_of(bytes)), Json::parse(R"({"msgid":22,"groupid":3,"seq":9})"));
  bytes.clear();
  append_delivered(bytes, kUser, 9);
  EXPECT_EQ(Json::parse(payload_of(bytes)), Json::parse(R"({"msgid":22,"from":8,"seq":9})"));
}

TEST(BenchFrames, PingReplyTellsWhenThePingWasSent) {
  const base::SteadyTime time{base::SteadyTime::duration(1'234'567'890'123'456'789)};
  std::string bytes;
  append_ping(bytes, time);
  const Json ping = Json::parse(payload_of(bytes));
  EXPECT_EQ(ping["msgid"], 21);
  EXPECT_EQ(read_ping_time(R"({"msgid":121,"errno":0,"cid":)" + ping["cid"].dump() + "}"), time);
  EXPECT_FALSE(read_ping_time(R"({"msgid":121,"errno":0})"));
}

TEST(BenchFrames, RelayedFrameReadsLikeAPush) {
  std::string bytes;
  ChatWriter(100, true).append(bytes, UserId{7}, kGroup, kId);
  const std::string payload = payload_of(bytes);
  EXPECT_EQ(load_big_endian(payload.data()), kRelayGroupBit | 3);
  const Push push = read_push(payload.substr(kRelayIdBytes), true);
  EXPECT_EQ(push.sender, UserId{7});
  EXPECT_EQ(push.stream(), kGroup);
  EXPECT_EQ(push.seq, Seq{kId.number} + 1);
  ASSERT_TRUE(push.id);
  EXPECT_EQ(push.id->stream, kId.stream);
}

TEST(BenchFrames, RelayFramesHaveTheirSizes) {
  EXPECT_EQ(payload_of(relay_hello(7)).size(), kRelayHelloBytes);
  const std::string group = payload_of(relay_group(1, 2, 3));
  EXPECT_EQ(group.size(), kRelayGroupFrameBytes);
  EXPECT_EQ(load_big_endian(group.data()), kRelayGroupFrame);
  EXPECT_EQ(load_big_endian(group.data() + 12), 3u);
}

}  // namespace
}  // namespace chat::bench
