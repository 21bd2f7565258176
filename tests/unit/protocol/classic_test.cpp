#include "chat/protocol/classic.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chat::protocol {
namespace {

using Json = nlohmann::json;

Json push(const std::string& text) {
  return {{"msgid", 6}, {"id", 7},     {"name", "alice"},
          {"toid", 8},  {"msg", text}, {"seq", 9},
          {"ts", 10},   {"cid", "c"},  {"time", "2026-01-02 03:04:05"}};
}

std::vector<Json> parsed(const Json& object) {
  std::vector<Json> all;
  for (const std::string& text : to_classic(object.dump())) {
    EXPECT_LE(text.size(), kClassicMaxBytes);
    all.push_back(Json::parse(text));
  }
  return all;
}

TEST(Classic, ChatPushesKeepWhatTheseClientsLookAt) {
  const Json expected = {{"msgid", 6}, {"id", 7},    {"name", "alice"},
                         {"toid", 8},  {"msg", "x"}, {"time", "2026-01-02 03:04:05"}};
  EXPECT_EQ(parsed(push("x")), std::vector{expected});
}

TEST(Classic, LongTextsComeInPiecesThatJoinToTheOriginal) {
  std::string quotes(4000, '"');
  std::string emoji;
  std::string mixed;
  for (int i = 0; i < 4000; ++i) emoji += "\U0001F600";
  for (int i = 0; i < 1000; ++i) mixed += "a\n\u00e9\u4e2d";
  for (const std::string& text : {std::string(4000, 'a'), quotes, emoji, mixed,
                                  std::string(4000, '\x01'), std::string(900, 'b')}) {
    std::string joined;
    for (const Json& piece : parsed(push(text))) {
      EXPECT_EQ(piece.at("id"), 7);
      EXPECT_EQ(piece.at("name"), "alice");
      EXPECT_FALSE(piece.at("msg").get<std::string>().empty());
      joined += piece.at("msg").get<std::string>();
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(Classic, ATextThatJustFitsIsOnePieceAndOneByteMoreAreTwo) {
  const std::size_t around = to_classic(push("").dump()).at(0).size();
  EXPECT_EQ(parsed(push(std::string(kClassicMaxBytes - around, 'a'))).size(), 1U);
  EXPECT_EQ(parsed(push(std::string(kClassicMaxBytes - around + 1, 'a'))).size(), 2U);
}

TEST(Classic, EverythingElseIsSilent) {
  for (const int msgid :
       {100, 103, 106, 107, 108, 109, 110, 120, 121, 122, 200, 201, 202, 203, 204}) {
    EXPECT_TRUE(parsed({{"msgid", msgid}, {"errno", 0}}).empty()) << msgid;
  }
}

TEST(Classic, RepliesToLoginAndRegisterTellErrnoAndErrmsg) {
  EXPECT_EQ(parsed({{"msgid", 5}, {"errno", 0}, {"id", 3}}),
            std::vector<Json>({{{"msgid", 5}, {"errno", 0}, {"id", 3}}}));
  const Json refused = {{"msgid", 2}, {"errno", 1}, {"error", "failed"}, {"errmsg", "wrong"}};
  EXPECT_EQ(parsed(refused),
            std::vector<Json>({{{"msgid", 2}, {"errno", 1}, {"errmsg", "wrong"}}}));
}

// Some look for 1 and 2 only, and read the fields of a success in every other answer.
TEST(Classic, OfErrorsOnlyFailedAndAlreadyOnlineAreTold) {
  for (const int told : {1, 2, 14, 21, 30, 31, 32, 39}) {
    const Json ack = parsed({{"msgid", 2}, {"errno", told}, {"errmsg", "why"}}).at(0);
    EXPECT_EQ(ack.at("errno"), told == 2 ? 2 : 1);
    EXPECT_EQ(ack.at("errmsg"), "why");
  }
}

Json welcome(int friends, int groups, int users, int messages) {
  Json reply = {{"msgid", 2},
                {"errno", 0},
                {"id", 1},
                {"name", "a"},
                {"token", "t"},
                {"friends", Json::array()},
                {"more", false},
                {"groups", Json::array()},
                {"offlinemsg", Json::array()}};
  for (int i = 0; i < friends; ++i) {
    reply["friends"].push_back({{"id", i + 1}, {"name", "friend"}, {"state", "online"}});
  }
  for (int i = 0; i < groups; ++i) {
    Json group = {{"id", i + 1}, {"groupname", "g"}, {"groupdesc", "d"}, {"users", Json::array()}};
    for (int j = 0; j < users; ++j) {
      group["users"].push_back(
          {{"id", j + 1}, {"name", "user"}, {"state", "offline"}, {"role", "normal"}});
    }
    reply["groups"].push_back(group);
  }
  for (int i = 0; i < messages; ++i) reply["offlinemsg"].push_back(push(std::to_string(i)));
  return reply;
}

TEST(Classic, ListsAreArraysOfTexts) {
  const Json ack = parsed(welcome(1, 1, 2, 1)).at(0);
  EXPECT_FALSE(ack.contains("token"));
  EXPECT_EQ(Json::parse(ack.at("friends").at(0).get<std::string>()).at("name"), "friend");
  const Json group = Json::parse(ack.at("groups").at(0).get<std::string>());
  EXPECT_EQ(group.at("id"), 1);
  EXPECT_EQ(group.at("groupid"), 1);
  ASSERT_EQ(group.at("users").size(), 2U);
  EXPECT_EQ(Json::parse(group["users"][1].get<std::string>()).at("role"), "normal");
  EXPECT_EQ(Json::parse(ack.at("offlinemsg").at(0).get<std::string>()).at("msg"), "0");
}

TEST(Classic, EmptyListsAreLeftOut) {
  const Json ack = parsed(welcome(0, 0, 0, 0)).at(0);
  EXPECT_EQ(ack, (Json{{"msgid", 2}, {"errno", 0}, {"id", 1}, {"name", "a"}}));
}

TEST(Classic, WhatDoesNotFitIsLeftOutAndOfflineMessagesAreCounted) {
  for (const auto& [friends, groups, users, messages] : std::vector<std::array<int, 4>>{
           {2000, 500, 200, 50}, {3, 1, 500, 50}, {3, 40, 1, 9}, {0, 0, 0, 60}, {8, 1, 1, 60}}) {
    const std::string json = welcome(friends, groups, users, messages).dump();
    const ClassicWelcome classic = to_classic_welcome(json);
    EXPECT_LE(classic.json.size(), kClassicMaxBytes);
    EXPECT_EQ(to_classic(json), std::vector{classic.json});
    const Json ack = Json::parse(classic.json);
    EXPECT_EQ(ack.value("offlinemsg", Json::array()).size(), classic.offline_count);
    EXPECT_EQ(ack.contains("friends"), friends > 0);
    EXPECT_LT(classic.offline_count, static_cast<std::size_t>(messages));
  }
}

}  // namespace
}  // namespace chat::protocol
