#include "tests/bench/chatbench/frame_codec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/delivery/push_json.h"
#include "tests/bench/relay_protocol.h"

namespace chat::bench {
namespace {

using Json = nlohmann::json;

const Stamp kStamp{0xbeef, 123'456'789, 9'876'543'210'123};

std::string cid_of(const Stamp& stamp) {
  std::string cid;
  stamp.append_to(cid);
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
  message.cid = cid_of(kStamp);
  message.sent_at = 1'700'000'000'123;
  message.body = body;
  return message;
}

TEST(BenchStamp, ComesBackFromACid) {
  const std::string cid = cid_of(kStamp);
  EXPECT_EQ(cid.size(), Stamp::kBytes);
  const auto stamp = Stamp::read(cid);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->run, kStamp.run);
  EXPECT_EQ(stamp->number, kStamp.number);
  EXPECT_EQ(stamp->sent, kStamp.sent);
}

TEST(BenchStamp, IsNotReadFromOtherCids) {
  EXPECT_FALSE(Stamp::read(""));
  EXPECT_FALSE(Stamp::read("0123456789abcdef-1"));
  EXPECT_FALSE(Stamp::read(std::string(Stamp::kBytes, 'G')));
  EXPECT_FALSE(Stamp::read(std::string(Stamp::kBytes + 1, '0')));
}

TEST(BenchFrames, ReadsWhatAServerPushes) {
  for (const std::size_t size : {1u, 100u, 4000u}) {
    const std::string json = delivery::push_json(direct_message(std::string(size, 'x')), "bench7");
    EXPECT_EQ(msgid_of(json), 6);
    const Push push = read_push(json, false);
    EXPECT_EQ(push.sender, 7);
    EXPECT_EQ(push.group, 0);
    EXPECT_EQ(push.seq, 42);
    ASSERT_TRUE(push.stamp);
    EXPECT_EQ(push.stamp->number, kStamp.number);
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
  EXPECT_EQ(push.group, 3);
  EXPECT_EQ(push.seq, 9);
  EXPECT_FALSE(push.stamp);
}

TEST(BenchFrames, FindsEveryMessageOfALoginAck) {
  const std::string one = delivery::push_json(direct_message("a"), "bench7");
  for (const std::size_t number : {0u, 1u, 3u}) {
    std::string list;
    for (std::size_t i = 0; i < number; ++i) list += (i == 0 ? "" : ",") + one;
    std::vector<Push> found;
    for_each_offline("{\"msgid\":2,\"errno\":0,\"offlinemsg\":[" + list + "],\"friends\":[]}",
                     [&](const Push& push) { found.push_back(push); });
    ASSERT_EQ(found.size(), number);
    for (const Push& push : found) EXPECT_EQ(push.seq, 42);
  }
}

TEST(BenchFrames, MissingFieldsAreNoNumbers) {
  EXPECT_EQ(find_number(R"({"msgid":6})", "\"seq\":"), -1);
  EXPECT_EQ(find_text(R"({"cid":"open)", "\"cid\":\""), "");
  EXPECT_EQ(msgid_of(R"({"errno":0,"msgid":6})"), -1);
}

TEST(BenchFrames, WritesChatsThatAreJson) {
  std::string bytes;
  ChatWriter(100, false).append(bytes, 7, false, 8, kStamp);
  const Json direct = Json::parse(payload_of(bytes));
  EXPECT_EQ(direct["msgid"], 6);
  EXPECT_EQ(direct["toid"], 8);
  EXPECT_EQ(direct["msg"].get<std::string>().size(), 100u);
  EXPECT_EQ(direct["cid"], cid_of(kStamp));

  bytes.clear();
  ChatWriter(1, false).append(bytes, 7, true, 3, kStamp);
  const Json group = Json::parse(payload_of(bytes));
  EXPECT_EQ(group["msgid"], 10);
  EXPECT_EQ(group["groupid"], 3);
}

TEST(BenchFrames, WritesRequestsThatAreJson) {
  const Json by_token = Json::parse(payload_of(login_by_token(255)));
  EXPECT_EQ(by_token["token"], std::string(62, '0') + "ff");
  EXPECT_EQ(by_token["ack"], true);
  const Json by_password = Json::parse(payload_of(login_by_password(5, "benchmark")));
  EXPECT_EQ(by_password["id"], 5);
  EXPECT_EQ(by_password["password"], "benchmark");
  EXPECT_EQ(Json::parse(payload_of(logout(5)))["msgid"], 3);

  std::string bytes;
  append_ping(bytes, kStamp);
  EXPECT_EQ(Json::parse(payload_of(bytes))["cid"], cid_of(kStamp));
  bytes.clear();
  append_delivered(bytes, true, 3, 9);
  EXPECT_EQ(Json::parse(payload_of(bytes)), Json::parse(R"({"msgid":22,"groupid":3,"seq":9})"));
  bytes.clear();
  append_delivered(bytes, false, 7, 9);
  EXPECT_EQ(Json::parse(payload_of(bytes)), Json::parse(R"({"msgid":22,"from":7,"seq":9})"));
}

TEST(BenchFrames, WhatARelayForwardsReadsLikeAPush) {
  std::string bytes;
  ChatWriter(100, true).append(bytes, 7, true, 3, kStamp);
  const std::string payload = payload_of(bytes);
  EXPECT_EQ(load_big_endian(payload.data()), kRelayGroupBit | 3);
  const Push push = read_push(payload.substr(kRelayIdBytes), true);
  EXPECT_EQ(push.sender, 7);
  EXPECT_EQ(push.group, 3);
  EXPECT_EQ(push.seq, static_cast<std::int64_t>(kStamp.number));
  ASSERT_TRUE(push.stamp);
  EXPECT_EQ(push.stamp->sent, kStamp.sent);
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
