#include "chat/protocol/classic.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

namespace chat::protocol {
namespace {

using Json = nlohmann::json;

Json push(const std::string& text) {
  return {{"msgid", 6}, {"id", 7},     {"name", "alice"},
          {"toid", 8},  {"msg", text}, {"seq", 9},
          {"ts", 10},   {"cid", "c"},  {"time", "2026-01-02 03:04:05"}};
}

std::vector<Json> parsed_frames(const Json& object) {
  std::vector<Json> all;
  for (const std::string& text : to_classic(object.dump())) {
    EXPECT_LE(text.size(), kClassicMaxBytes);
    all.push_back(Json::parse(text));
  }
  return all;
}

TEST(Classic, ChatPushesKeepTheFieldsTheseClientsRead) {
  const Json expected = {{"msgid", 6}, {"id", 7},    {"name", "alice"},
                         {"toid", 8},  {"msg", "x"}, {"time", "2026-01-02 03:04:05"}};
  EXPECT_EQ(parsed_frames(push("x")), std::vector{expected});
}

TEST(Classic, LongTextsAreSplitLosslessly) {
  std::string quotes(4000, '"');
  std::string emoji;
  std::string mixed;
  for (int i = 0; i < 4000; ++i) emoji += "\U0001F600";
  for (int i = 0; i < 1000; ++i) mixed += "a\n\u00e9\u4e2d";
  for (const std::string& text : {std::string(4000, 'a'), quotes, emoji, mixed,
                                  std::string(4000, '\x01'), std::string(900, 'b')}) {
    std::string joined;
    for (const Json& piece : parsed_frames(push(text))) {
      EXPECT_EQ(piece.at("id"), 7);
      EXPECT_EQ(piece.at("name"), "alice");
      EXPECT_FALSE(piece.at("msg").get<std::string>().empty());
      joined += piece.at("msg").get<std::string>();
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(Classic, OneByteOverTheLimitMakesTwoPieces) {
  const std::size_t around = to_classic(push("").dump()).at(0).size();
  EXPECT_EQ(parsed_frames(push(std::string(kClassicMaxBytes - around, 'a'))).size(), 1U);
  EXPECT_EQ(parsed_frames(push(std::string(kClassicMaxBytes - around + 1, 'a'))).size(), 2U);
}

TEST(Classic, AnnouncementsAreChatOfUser0) {
  const auto frames = parsed_frames({{"msgid", 207}, {"text", "tea is ready"}, {"ts", 1000}});
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].at("msgid"), 6);
  EXPECT_EQ(frames[0].at("id"), 0);
  EXPECT_EQ(frames[0].at("name"), "server");
  EXPECT_EQ(frames[0].at("msg"), "tea is ready");
  EXPECT_EQ(frames[0].at("time").get<std::string>().size(), 19U);
}

TEST(Classic, OtherMessagesAreDropped) {
  for (const int msgid :
       {100, 103, 106, 107, 108, 109, 110, 120, 121, 122, 200, 201, 202, 203, 204}) {
    EXPECT_TRUE(parsed_frames({{"msgid", msgid}, {"errno", 0}}).empty()) << msgid;
  }
}

TEST(Classic, RepliesToLoginAndRegisterTellErrnoAndErrmsg) {
  EXPECT_EQ(parsed_frames({{"msgid", 5}, {"errno", 0}, {"id", 3}}),
            std::vector<Json>({{{"msgid", 5}, {"errno", 0}, {"id", 3}}}));
  const Json refused = {{"msgid", 2}, {"errno", 1}, {"error", "failed"}, {"errmsg", "wrong"}};
  EXPECT_EQ(parsed_frames(refused),
            std::vector<Json>({{{"msgid", 2}, {"errno", 1}, {"errmsg", "wrong"}}}));
}

// Some check only for 1 and 2, and treat any other value as success.
TEST(Classic, ErrorsBecomeFailedOrAlreadyOnline) {
  for (const int told : {1, 2, 14, 21, 30, 31, 32, 39}) {
    const Json ack = parsed_frames({{"msgid", 2}, {"errno", told}, {"errmsg", "why"}}).at(0);
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
  const Json ack = parsed_frames(welcome(1, 1, 2, 1)).at(0);
  EXPECT_FALSE(ack.contains("token"));
  EXPECT_EQ(Json::parse(ack.at("friends").at(0).get<std::string>()).at("name"), "friend");
  const Json group = Json::parse(ack.at("groups").at(0).get<std::string>());
  EXPECT_EQ(group.at("id"), 1);
  EXPECT_EQ(group.at("groupid"), 1);
  ASSERT_EQ(group.at("users").size(), 2U);
  EXPECT_EQ(Json::parse(group["users"][1].get<std::string>()).at("role"), "normal");
  EXPECT_EQ(Json::parse(ack.at("offlinemsg").at(0).get<std::string>()).at("msg"), "0");
}

TEST(Classic, EmptyListsAreOmitted) {
  const Json ack = parsed_frames(welcome(0, 0, 0, 0)).at(0);
  EXPECT_EQ(ack, (Json{{"msgid", 2}, {"errno", 0}, {"id", 1}, {"name", "a"}}));
}

TEST(Classic, OverlongListsAreTruncatedAndOfflineMessagesCounted) {
  for (const auto& [friends, groups, users, messages] : std::vector<std::array<int, 4>>{
           {2000, 500, 20, 50}, {3, 1, 500, 50}, {3, 40, 1, 9}, {0, 0, 0, 60}, {8, 1, 1, 60}}) {
    const std::string json = welcome(friends, groups, users, messages).dump();
    const ClassicWelcome classic = to_classic_welcome(json);
    EXPECT_LE(classic.json.size(), kClassicMaxBytes);
    EXPECT_EQ(to_classic(json), std::vector{classic.json});
    const Json ack = Json::parse(classic.json);
    EXPECT_EQ(ack.value("offlinemsg", Json::array()).size(), classic.offline_count);
    EXPECT_EQ(ack.contains("groups"), groups > 0);
    if (groups < 10) {
      EXPECT_EQ(ack.contains("friends"), friends > 0);
    }
    EXPECT_LT(classic.offline_count, static_cast<std::size_t>(messages));
  }
}

TEST(Classic, RecallsAreALineOfTextAndEditsAreNotSent) {
  Json recall = push("alice recalled a message");
  recall.update({{"kind", "recall"}, {"ref", 1}});
  Json edit = push("new text");
  edit.update({{"kind", "edit"}, {"ref", 1}});
  Json recalled = push("");
  recalled["recalled"] = 5;
  Json edited = push("new text");
  edited["edited"] = 5;
  EXPECT_EQ(to_classic(recall.dump()).size(), 1U);
  EXPECT_EQ(to_classic(edit.dump()).size(), 0U);
  EXPECT_EQ(to_classic(recalled.dump()).size(), 0U);
  EXPECT_EQ(to_classic(edited.dump()).size(), 1U);
}

// What is left out is counted up to the first message that did not fit.
TEST(Classic, LoginCountsTheMessagesThatAreNotShown) {
  Json reply{{"msgid", 2}, {"errno", 0}, {"id", 1}, {"name", "alice"}};
  Json edit = push("new text");
  edit["kind"] = "edit";
  reply["offlinemsg"] = Json::array({push("1"), edit, push("2"), edit});
  ClassicWelcome classic = to_classic_welcome(reply.dump());
  EXPECT_EQ(Json::parse(classic.json).at("offlinemsg").size(), 2U);
  EXPECT_EQ(classic.offline_count, 4U);
  reply["offlinemsg"] = Json::array({push("1"), edit, push(std::string(900, 'x')), edit});
  classic = to_classic_welcome(reply.dump());
  EXPECT_EQ(Json::parse(classic.json).at("offlinemsg").size(), 1U);
  EXPECT_EQ(classic.offline_count, 2U);
}

TEST(Classic, GroupsComeBeforeFriendsAndTheirUsersLast) {
  const Json ack = parsed_frames(welcome(200, 5, 40, 0)).at(0);
  ASSERT_EQ(ack.at("groups").size(), 5U);
  EXPECT_GT(ack.at("friends").size(), 0U);
  EXPECT_LT(ack.at("friends").size(), 200U);
  for (const Json& group : ack["groups"]) {
    EXPECT_TRUE(Json::parse(group.get<std::string>()).at("users").empty());
  }
  const Json few = parsed_frames(welcome(1, 2, 40, 9)).at(0);
  EXPECT_FALSE(Json::parse(few.at("groups").at(0).get<std::string>()).at("users").empty());
  EXPECT_FALSE(few.contains("offlinemsg"));
}

// msgids of: logout, register, chat, add friend, create group, join group, group chat.
struct Numbering {
  ClassicNumbers numbers;
  std::array<int, 7> of;
};
constexpr std::array<int, 7> kOurs = {3, 4, 6, 7, 8, 9, 10};
constexpr std::array kNumberings = {Numbering{ClassicNumbers::kA, kOurs},
                                    Numbering{ClassicNumbers::kB, {10, 3, 5, 6, 7, 8, 9}}};

// The menu of a course client, in the order of Numbering.
std::vector<Json> menu() {
  return {{{"id", 1}},
          {{"name", "alice"}, {"password", "secret"}},
          {{"id", 1}, {"name", "alice"}, {"toid", 2}, {"msg", "x"}, {"time", "now"}},
          {{"id", 1}, {"friendid", 2}},
          {{"id", 1}, {"groupname", "g"}, {"groupdesc", ""}},
          {{"id", 1}, {"groupid", 3}},
          {{"id", 1}, {"name", "alice"}, {"groupid", 3}, {"msg", "x"}, {"time", "now"}}};
}

Request request_of(Json fields, int msgid) {
  fields["msgid"] = msgid;
  return *parse_request(fields.dump());
}

TEST(ClassicNumbers, AreRecognisedByTheFieldsOfEveryRequest) {
  for (const Numbering& numbering : kNumberings) {
    for (const ClassicNumbers fixed : {ClassicNumbers::kUnknown, numbering.numbers}) {
      for (std::size_t i = 0; i < kOurs.size(); ++i) {
        ClassicNumbers known = ClassicNumbers::kUnknown;
        Request request = request_of(menu()[i], numbering.of[i]);
        EXPECT_FALSE(read_classic(request, fixed, known)) << i;
        EXPECT_EQ(request.msgid, kOurs[i]);
        EXPECT_EQ(known, numbering.numbers);
      }
    }
  }
}

TEST(ClassicNumbers, RefuseNumbersOfNeitherNumbering) {
  for (std::size_t i = 0; i < kOurs.size(); ++i) {
    for (int number = 3; number <= 11; ++number) {
      ClassicNumbers known = ClassicNumbers::kUnknown;
      Request request = request_of(menu()[i], number);
      const bool fits = number == kNumberings[0].of[i] || number == kNumberings[1].of[i] ||
                        (i == 0 && (number == 4 || number == 11));
      EXPECT_EQ(!read_classic(request, ClassicNumbers::kUnknown, known), fits) << i << number;
    }
  }
}

TEST(ClassicNumbers, FixedNumberingRefusesTheOther) {
  for (std::size_t n = 0; n < kNumberings.size(); ++n) {
    for (std::size_t i = 0; i < kOurs.size(); ++i) {
      ClassicNumbers known = kNumberings[1 - n].numbers;
      Request request = request_of(menu()[i], kNumberings[n].of[i]);
      EXPECT_TRUE(read_classic(request, kNumberings[1 - n].numbers, known)) << n << i;
      EXPECT_EQ(known, kNumberings[1 - n].numbers);
    }
  }
}

TEST(ClassicNumbers, LeaveLoginsAndNewerRequestsAlone) {
  for (const int msgid : {1, 2, 20, 21, 31}) {
    ClassicNumbers known = ClassicNumbers::kB;
    Request request = request_of({{"id", 1}, {"password", "secret"}}, msgid);
    EXPECT_FALSE(read_classic(request, ClassicNumbers::kUnknown, known));
    EXPECT_EQ(request.msgid, msgid);
  }
}

TEST(ClassicNumbers, ApplyToRepliesAndPushes) {
  const auto number = [](const Json& object, ClassicNumbers numbers) {
    return Json::parse(to_classic(object.dump(), numbers).at(0)).at("msgid").get<int>();
  };
  Json to_group = push("x");
  to_group["msgid"] = 10;
  for (const auto& [numbers, registered, chat, group_chat] :
       {std::tuple{ClassicNumbers::kUnknown, 5, 6, 10}, std::tuple{ClassicNumbers::kA, 5, 6, 10},
        std::tuple{ClassicNumbers::kB, 4, 5, 9}}) {
    EXPECT_EQ(number({{"msgid", 2}, {"errno", 0}}, numbers), 2);
    EXPECT_EQ(number({{"msgid", 5}, {"errno", 0}}, numbers), registered);
    EXPECT_EQ(number(push("x"), numbers), chat);
    EXPECT_EQ(number(to_group, numbers), group_chat);
    Json reply = welcome(0, 0, 0, 0);
    reply["offlinemsg"] = Json::array({to_group});
    const Json ack = Json::parse(to_classic(reply.dump(), numbers).at(0));
    EXPECT_EQ(Json::parse(ack.at("offlinemsg").at(0).get<std::string>()).at("msgid"), group_chat);
  }
}

TEST(ClassicObjects, AreSplitIfTheFrameHasNothingElse) {
  using Objects = std::vector<std::string_view>;
  EXPECT_EQ(objects_of("{\"a\":\"}{\\\"\"} {}"), (Objects{"{\"a\":\"}{\\\"\"}", "{}"}));
  for (const std::string_view frame : {"{}", "{}x", "{}{", "{\"a\":\"}", "[]{}", "", "}{"}) {
    EXPECT_EQ(objects_of(frame), Objects{frame});
  }
  for (const std::string_view whole : {"{}", "{}{}", " {\"a\":{}}\t"}) {
    EXPECT_TRUE(is_whole_objects(whole)) << whole;
  }
  for (const std::string_view part : {"", " ", "{", "{\"a\":\"}\"", "{}x", "[]"}) {
    EXPECT_FALSE(is_whole_objects(part)) << part;
  }
}

}  // namespace
}  // namespace chat::protocol
