#include "chat/protocol/errors.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "chat/protocol/msgid.h"

namespace chat::protocol {
namespace {

using namespace std::chrono_literals;

// Copied from PROTOCOL.md, section 7, because clients depend on these numbers.
TEST(Errno, HasTheNumbersAndWordsOfTheProtocol) {
  const std::vector<std::pair<int, std::string_view>> table = {
      {0, "ok"},
      {1, "failed"},
      {2, "already_online"},
      {10, "bad_json"},
      {11, "bad_utf8"},
      {12, "too_deep"},
      {13, "too_large"},
      {14, "bad_field"},
      {15, "unknown_msgid"},
      {20, "not_logged_in"},
      {21, "already_logged_in"},
      {22, "not_allowed"},
      {23, "not_found"},
      {24, "conflict"},
      {25, "exists"},
      {26, "invalid_token"},
      {30, "rate_limited"},
      {31, "busy"},
      {32, "unavailable"},
      {39, "internal"},
  };
  for (const auto& [number, word] : table) {
    EXPECT_EQ(name_of(static_cast<Errno>(number)), word) << number;
  }
  EXPECT_EQ(static_cast<int>(Errno::kAlreadyOnline), 2);
  EXPECT_EQ(static_cast<int>(Errno::kRateLimited), 30);
}

TEST(Msgid, HasTheNumbersOfTheProtocol) {
  const std::vector<std::pair<int, Msgid>> table = {
      {1, Msgid::kLogin},      {2, Msgid::kLoginAck},    {3, Msgid::kLogout},
      {4, Msgid::kRegister},   {5, Msgid::kRegisterAck}, {6, Msgid::kOneChat},
      {7, Msgid::kAddFriend},  {8, Msgid::kCreateGroup}, {9, Msgid::kAddGroup},
      {10, Msgid::kGroupChat}, {20, Msgid::kHello},      {21, Msgid::kPing},
      {22, Msgid::kDelivered}, {23, Msgid::kRead},       {24, Msgid::kSync},
      {25, Msgid::kHistory},   {30, Msgid::kGroupInfo},  {31, Msgid::kList},
      {100, Msgid::kError},    {200, Msgid::kPresence},  {201, Msgid::kContact},
      {202, Msgid::kGroup},    {203, Msgid::kReceipt},   {204, Msgid::kBye},
  };
  for (const auto& [number, msgid] : table) EXPECT_EQ(static_cast<int>(msgid), number);
}

int reply_number(int msgid) {
  return static_cast<int>(reply_to(static_cast<Msgid>(msgid)));
}

TEST(Msgid, RepliesAreAHundredHigherExceptTheOriginalAcks) {
  EXPECT_EQ(reply_number(1), 2);
  EXPECT_EQ(reply_number(4), 5);
  for (const int msgid : {3, 6, 7, 8, 9, 10, 20, 21, 22, 30, 31, 99}) {
    EXPECT_EQ(reply_number(msgid), msgid + 100);
  }
}

TEST(Msgid, OtherNumbersAreAnsweredByError) {
  for (const int msgid : {-2147483647 - 1, -1, 0, 100, 200, 204, 2147483647}) {
    EXPECT_EQ(reply_number(msgid), 100) << msgid;
  }
}

TEST(ErrorReply, WritesGivenFieldsInOrder) {
  EXPECT_EQ(error_reply(reply_to(Msgid::kOneChat), {Errno::kRateLimited, "slow down", 500ms}, "c1"),
            R"({"msgid":106,"errno":30,"error":"rate_limited","errmsg":"slow down",)"
            R"("retry_after_ms":500,"cid":"c1"})");
}

TEST(ErrorReply, OmitsMissingFields) {
  EXPECT_EQ(error_reply(Msgid::kError, {Errno::kBadJson, "invalid JSON at byte 7", {}}, ""),
            R"({"msgid":100,"errno":10,"error":"bad_json","errmsg":"invalid JSON at byte 7"})");
  EXPECT_EQ(error_reply(Msgid::kLoginAck, {Errno::kBusy, "", 0ms}, ""),
            R"({"msgid":2,"errno":31,"error":"busy","errmsg":"","retry_after_ms":0})");
}

TEST(ErrorReply, EscapesItsTexts) {
  EXPECT_EQ(error_reply(Msgid::kError, {Errno::kFailed, "a \"b\"\n", {}}, "\"\\"),
            R"({"msgid":100,"errno":1,"error":"failed","errmsg":"a \"b\"\n","cid":"\"\\"})");
}

}  // namespace
}  // namespace chat::protocol
