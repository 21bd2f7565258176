#include "chat/protocol/messages/decode_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/protocol/messages/stream_messages.h"

namespace chat::protocol {
namespace {

using messages::OneChat;

Request parsed_request(std::string_view frame) {
  auto request = parse_request(frame);
  EXPECT_TRUE(request) << frame;
  return request ? std::move(*request) : Request();
}

template <typename Message>
tl::expected<Received<Message>, Refusal> decoded(std::string_view frame) {
  Request request = parsed_request(frame);
  return decode_request<Message>(request);
}

std::string first_fault(std::string_view frame) {
  const auto chat = decoded<OneChat>(frame);
  if (chat) return "";
  EXPECT_EQ(chat.error().code, Errno::kBadField);
  return chat.error().message;
}

TEST(DecodeRequest, ReportsTheFirstInvalidFieldAndTheCidLast) {
  EXPECT_EQ(first_fault(R"({"msgid":6,"toid":2,"msg":"x","more":[1]})"), "");
  EXPECT_EQ(first_fault(R"({"msgid":6,"toid":2,"msg":"x","time":"y","cid":"c"})"), "");
  EXPECT_EQ(first_fault(R"({"msgid":6,"cid":"","msg":""})"), "toid is missing");
  EXPECT_EQ(first_fault(R"({"msgid":6,"cid":"","toid":2,"msg":""})"),
            "msg must be text of 1 to 4000 characters");
  EXPECT_EQ(first_fault(R"({"msgid":6,"toid":2,"msg":"","time":null})"), "time must be text");
  EXPECT_EQ(first_fault(R"({"msgid":6,"toid":2,"msg":"x","cid":""})"),
            "cid must be 1 to 36 printable ASCII characters");
}

TEST(DecodeRequest, FillsTheFieldsAndTheHead) {
  const auto chat = decoded<OneChat>(R"({"msgid":6,"id":7,"toid":2,"msg":"hello","cid":"c1"})");
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->msgid, Msgid::kOneChat);
  EXPECT_EQ(chat->cid, "c1");
  EXPECT_EQ(chat->sender, UserId{7});
  EXPECT_EQ(chat->toid, UserId{2});
  EXPECT_EQ(chat->msg, "hello");
}

TEST(DecodeRequest, ReadsAReplyAndMentions) {
  const auto chat =
      decoded<OneChat>(R"({"msgid":6,"toid":2,"msg":"x","reply":{"seq":9,"id":2,"more":"x"}})");
  ASSERT_TRUE(chat && chat->reply);
  EXPECT_EQ(chat->reply->id, UserId{2});
  EXPECT_EQ(chat->reply->seq, 9);
  const auto group = decoded<messages::GroupChat>(
      R"({"msgid":10,"groupid":2,"msg":"x","reply":9,"at":[3,1],"at_all":true})");
  ASSERT_TRUE(group);
  EXPECT_EQ(group->reply, 9);
  EXPECT_EQ(group->at, (std::vector{UserId{3}, UserId{1}}));
  EXPECT_TRUE(group->at_all);
  const auto plain = decoded<messages::GroupChat>(R"({"msgid":10,"groupid":2,"msg":"x"})");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->reply || plain->at || plain->at_all);
}

TEST(DecodeRequest, RefusesWrongRepliesAndMentions) {
  for (const auto* reply :
       {"9", "[2,9]", R"({"id":2})", R"({"id":0,"seq":1})", R"({"id":2147483648,"seq":1})",
        R"({"id":2,"seq":-1})", R"({"id":2,"seq":"1"})", R"({"id":2,"seq":1.5})"}) {
    EXPECT_TRUE(first_fault(std::string(R"({"msgid":6,"toid":2,"msg":"x","reply":)") + reply + "}")
                    .starts_with("reply"))
        << reply;
  }
  std::string many = "[1";
  for (int id = 2; id <= 20; ++id) many += "," + std::to_string(id);
  const auto fault_of = [](const std::string& at) {
    const auto group =
        decoded<messages::GroupChat>(R"({"msgid":10,"groupid":2,"msg":"x","at":)" + at + "}");
    return group ? std::string() : group.error().message;
  };
  EXPECT_EQ(fault_of(many + "]"), "");
  EXPECT_EQ(fault_of("[]"), "");
  for (const std::string& at :
       {many + ",21]", std::string("[1,1]"), std::string("[0]"), std::string("[2147483648]"),
        std::string("[1,\"2\"]"), std::string("[1,null]"), std::string("[1,true]"),
        std::string("[1,[2]]"), std::string("[1.0]"), std::string("{}"), std::string("1"),
        std::string("null")}) {
    EXPECT_EQ(fault_of(at),
              "at must be an array of at most 20 different integers from 1 to 2147483647")
        << at;
  }
}

TEST(DecodeRequest, DistinguishesAbsentFromEmptyFields) {
  const auto login = decoded<messages::Login>(R"({"msgid":1,"name":"","ack":true})");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->name, "");
  EXPECT_EQ(login->password, std::nullopt);
  EXPECT_EQ(login->id, std::nullopt);
  EXPECT_TRUE(login->ack);
  EXPECT_FALSE(login->takeover);
  EXPECT_EQ(decoded<messages::Sync>(R"({"msgid":24,"after":0})")->after, 0);
  EXPECT_EQ(decoded<messages::Sync>(R"({"msgid":24})")->after, std::nullopt);
}

TEST(DecodeRequest, MovesTheTextAndKeepsTheCid) {
  const std::string text(1000, 'x');
  Request request = parsed_request(R"({"msgid":6,"toid":2,"cid":"c1","msg":")" + text + R"("})");
  const char* const bytes = std::get<std::string>(*request.find("msg")).data();
  const auto chat = decode_request<OneChat>(request);
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->msg, text);
  EXPECT_EQ(chat->msg.data(), bytes);
  EXPECT_EQ(request.cid(), "c1");
}

}  // namespace
}  // namespace chat::protocol
