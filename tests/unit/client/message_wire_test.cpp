#include "client/core/wire/message_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "chat/protocol/msgid.h"
#include "client/core/wire/request_json.h"
#include "client/core/wire/wire.h"

namespace chat::client {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

Event pushed(const std::string& text) {
  const auto message = parse_message(text);
  EXPECT_TRUE(message);
  auto event = read_push(*message);
  EXPECT_TRUE(event) << text;
  return event ? *std::move(event) : Event{};
}

Event replied(const std::string& text, Question question) {
  const auto message = parse_message(text);
  auto event = read_reply(*message, question);
  EXPECT_TRUE(event) << text;
  return event ? *std::move(event) : Event{};
}

const std::string kMessage =
    R"("id":2,"name":"bob","toid":1,"msg":"x","time":"2026-11-30 00:10:49","ts":7,"seq":3)";

TEST(MessageWire, EventsNameTheirTarget) {
  const Event recall = pushed("{\"msgid\":6," + kMessage + R"(,"kind":"recall","ref":1,"prev":2})");
  EXPECT_EQ(recall.as<event::Message>()->extras.kind, "recall");
  EXPECT_EQ(recall.as<event::Message>()->extras.ref, 1);
  EXPECT_EQ(recall.as<event::Message>()->to, UserId{1});
  const Event edit = pushed("{\"msgid\":6," + kMessage + R"(,"kind":"edit","ref":1,"rev":1})");
  EXPECT_EQ(edit.as<event::Message>()->extras.kind, "edit");
  // A kind of a later server is shown as text.
  const Event other = pushed("{\"msgid\":6," + kMessage + R"(,"kind":"file"})");
  EXPECT_EQ(other.as<event::Message>()->extras.kind, "");
}

TEST(MessageWire, RepliesNameAMessageOfAStream) {
  const auto reply_in = [](const std::string& reply) {
    const Event event = pushed("{\"msgid\":6," + kMessage + ",\"reply\":" + reply + "}");
    return event.as<event::Message>()->extras.reply;
  };
  EXPECT_EQ(reply_in(R"({"id":1,"seq":5})"), (event::ReplyRef{{1}, 5}));
  EXPECT_EQ(reply_in("5"), (event::ReplyRef{{}, 5}));
}

TEST(MessageWire, HistoryHasTheFinalState) {
  const Event event = replied("{\"msgid\":125,\"errno\":0,\"messages\":[{\"msgid\":6," + kMessage +
                                  ",\"recalled\":1796048520000},{\"msgid\":6," + kMessage +
                                  ",\"edited\":1796048520000,\"rev\":2},{\"msgid\":6," + kMessage +
                                  ",\"at\":[1,4],\"at_all\":true}]}",
                              {.request = protocol::Msgid::kHistory, .target = {{2}, {}}});
  const auto& messages = event.as<event::History>()->messages;
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_TRUE(messages[0].extras.recalled);
  EXPECT_TRUE(messages[1].extras.edited);
  EXPECT_FALSE(messages[1].extras.recalled);
  EXPECT_THAT(messages[2].extras.at, ElementsAre(UserId{1}, UserId{4}));
  EXPECT_TRUE(messages[2].extras.at_all);
}

TEST(MessageWire, TheInboxListsConversations) {
  const Event event = replied(
      R"({"msgid":154,"errno":0,"cursor":"c","conversations":[)"
      R"({"with":2,"name":"bob","unread":3,"mentions":0,"read_seq":4,"pinned":true,"muted":false,)"
      R"("last":{"msgid":6,"id":2,"name":"bob","toid":1,"msg":"hi","time":"","ts":7,"seq":3}},)"
      R"({"groupid":7,"name":"Tea","unread":0,"mentions":1,"read_seq":0,)"
      R"("last":{"msgid":10,"id":2,"name":"bob","groupid":7,"msg":"","time":"","ts":7,"seq":3,)"
      R"("recalled":8}}]})",
      {.request = protocol::Msgid::kInbox});
  const auto* inbox = event.as<event::Inbox>();
  ASSERT_NE(inbox, nullptr);
  EXPECT_EQ(inbox->cursor, "c");
  ASSERT_EQ(inbox->conversations.size(), 2U);
  EXPECT_EQ(inbox->conversations[0].target.user, UserId{2});
  EXPECT_EQ(inbox->conversations[0].unread, 3);
  EXPECT_TRUE(inbox->conversations[0].pinned);
  EXPECT_EQ(inbox->conversations[0].last_text, "hi");
  EXPECT_EQ(inbox->conversations[1].target.group, GroupId{7});
  EXPECT_EQ(inbox->conversations[1].mentions, 1);
  EXPECT_EQ(inbox->conversations[0].read_seq, 4);
  EXPECT_EQ(inbox->conversations[0].last_seq, 3);
  EXPECT_EQ(inbox->conversations[1].last_seq, 3);
  EXPECT_FALSE(inbox->conversations[0].last_recalled);
  EXPECT_TRUE(inbox->conversations[1].last_recalled);
}

// The user's own newest message is in the stream that the other one reads.
TEST(MessageWire, AnOwnNewestMessageIsInTheOtherStream) {
  const Event event = replied(
      R"({"msgid":154,"errno":0,"conversations":[{"with":3,"name":"x","unread":0,"mentions":0,)"
      R"("read_seq":4,"last":{"msgid":6,"id":2,"name":"y","toid":3,"msg":"hi","time":"","ts":7,)"
      R"("seq":3}}]})",
      {.request = protocol::Msgid::kInbox});
  EXPECT_EQ(event.as<event::Inbox>()->conversations.at(0).last_seq, 0);
}

TEST(MessageWire, AConversationIsWithAUserOrAGroup) {
  const auto reads = [](const std::string& whom) {
    const std::string frame =
        R"({"msgid":154,"errno":0,"conversations":[{"name":"x","unread":0,"mentions":0,)"
        R"("read_seq":0,"last":{"msgid":6,)" +
        kMessage + "}" + whom + "}]}";
    const auto message = parse_message(frame);
    return read_reply(*message, {.request = protocol::Msgid::kInbox}).has_value();
  };
  EXPECT_TRUE(reads(R"(,"with":2)"));
  EXPECT_FALSE(reads(""));
  EXPECT_FALSE(reads(R"(,"with":2,"groupid":1)"));
}

TEST(MessageWire, ReadersAndTyping) {
  const Event readers =
      replied(R"({"msgid":153,"errno":0,"read":1,"members":2,"users":[{"id":2,"name":"bob"}]})",
              {.request = protocol::Msgid::kReaders, .where = {{7}, "Tea"}});
  EXPECT_EQ(readers.as<event::Readers>()->read, 1);
  EXPECT_THAT(readers.as<event::Readers>()->users, ElementsAre(UserRef{{2}, "bob"}));
  const Event typing = pushed(R"({"msgid":205,"id":2,"groupid":7,"on":true})");
  EXPECT_EQ(typing.as<event::Typing>()->group, GroupId{7});
  EXPECT_TRUE(typing.as<event::Typing>()->on);
}

TEST(MessageWire, ChatsCarryWhatTheyReferTo) {
  event::MessageExtras extras;
  extras.reply = event::ReplyRef{{2}, 5};
  EXPECT_EQ(json::parse(request::chat("c1", {1}, {{2}, {}}, "hi", extras)),
            json::parse(R"({"msgid":6,"id":1,"toid":2,"msg":"hi","cid":"c1",
                            "reply":{"id":2,"seq":5}})"));
  extras.at = {{3}};
  extras.at_all = true;
  EXPECT_EQ(json::parse(request::chat("c1", {1}, {{}, {7}}, "hi", extras)),
            json::parse(R"({"msgid":10,"id":1,"groupid":7,"msg":"hi","cid":"c1","reply":5,
                            "at":[3],"at_all":true})"));
  EXPECT_EQ(json::parse(request::chat("c1", {1}, {{2}, {}}, "hi", {})),
            json::parse(R"({"msgid":6,"id":1,"toid":2,"msg":"hi","cid":"c1"})"));
}

}  // namespace
}  // namespace chat::client
