#include "chat/protocol/messages/encode.h"

#include <gtest/gtest.h>

#include <string>

#include "chat/protocol/messages/catalogue.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/request.h"

namespace chat::protocol {
namespace {

TEST(EncodeRequest, WritesGivenFieldsInOrder) {
  EXPECT_EQ(encode_request(messages::Ping{}, "c1"), R"({"msgid":21,"cid":"c1"})");
  EXPECT_EQ(encode_request(messages::Ping{}), R"({"msgid":21})");
  EXPECT_EQ(encode_request(messages::OneChat{.sender = UserId{7}, .toid = {2}, .msg = "a\"b"}, "c"),
            R"({"msgid":6,"cid":"c","id":7,"toid":2,"msg":"a\"b"})");
  EXPECT_EQ(encode_request(messages::Login{.token = "t", .ack = true}, "c"),
            R"({"msgid":1,"cid":"c","token":"t","ack":true})");
  EXPECT_EQ(encode_request(messages::CreateGroup{.groupname = "g", .groupdesc = ""}, "c"),
            R"({"msgid":8,"cid":"c","groupname":"g","groupdesc":""})");
}

TEST(EncodeRequest, RoundTrips) {
  auto request = parse_request(
      encode_request(messages::History{.with = UserId{3}, .limit = 20, .cursor = "u1"}, "c1"));
  ASSERT_TRUE(request);
  const auto history = decode_request<messages::History>(*request);
  ASSERT_TRUE(history);
  EXPECT_EQ(history->with, UserId{3});
  EXPECT_EQ(history->groupid, std::nullopt);
  EXPECT_EQ(history->limit, 20);
  EXPECT_EQ(history->cursor, "u1");
  EXPECT_EQ(history->cid, "c1");
}

TEST(AppendReply, WritesErrnoFirstAndTheCidLast) {
  std::string json;
  append_reply(json, messages::OneChatReply{.toid = {2}, .seq = 3, .ts = 4}, "c1");
  EXPECT_EQ(json, R"({"msgid":106,"errno":0,"toid":2,"seq":3,"ts":4,"cid":"c1"})");
  json.clear();
  append_reply(json, messages::LogoutReply{}, "");
  EXPECT_EQ(json, R"({"msgid":103,"errno":0})");
}

TEST(AppendReply, WritesListsOfObjects) {
  messages::GroupItem group{.id = {1}, .groupname = "tea", .groupdesc = "talk"};
  group.users = {{.id = {7}, .name = "a", .state = "online", .role = "creator"}};
  std::string json;
  append_reply(json, messages::AddGroupReply{.group = group}, "");
  EXPECT_EQ(json, R"({"msgid":109,"errno":0,"group":{"id":1,"groupname":"tea",)"
                  R"("groupdesc":"talk","users":[{"id":7,"name":"a","state":"online",)"
                  R"("role":"creator"}]}})");
  json.clear();
  append_reply(json, messages::SessionsReply{}, "c");
  EXPECT_EQ(json, R"({"msgid":128,"errno":0,"sessions":[],"cid":"c"})");
}

TEST(EncodePush, WritesItsFieldsInOrder) {
  EXPECT_EQ(encode_push(messages::ByePush{.reason = "timeout"}),
            R"({"msgid":204,"reason":"timeout","reconnect_after_ms":-1})");
  EXPECT_EQ(encode_push(messages::ReceiptPush{.kind = "read", .groupid = GroupId{4}, .seq = 9}),
            R"({"msgid":203,"kind":"read","groupid":4,"seq":9})");
}

TEST(KeyOf, IsTheNameOfTheField) {
  EXPECT_EQ(key_of(&messages::LoginReply::more_friends), "more_friends");
  EXPECT_EQ(key_of(&messages::AddFriendReply::added), "friend");
}

}  // namespace
}  // namespace chat::protocol
