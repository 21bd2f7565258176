#include "chat/protocol/messages/decode_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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
