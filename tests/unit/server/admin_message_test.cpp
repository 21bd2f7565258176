#include "server/admin/admin_message.h"

#include <gtest/gtest.h>

namespace chat::server {
namespace {

AdminArguments arguments_of(const std::string& json) {
  return AdminArguments(AdminJson::parse(json));
}
std::string mistake_in(const AdminArguments& arguments) {
  const auto finished = arguments.finish();
  return finished ? "" : finished.error().message;
}

TEST(AdminRequest, HasACommandAndArguments) {
  auto request = parse_admin_request(R"({"command":"kick","args":{"user":"alice"}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->command, "kick");
  EXPECT_EQ(request->arguments.required_text("user"), "alice");
  EXPECT_TRUE(request->arguments.finish());
  EXPECT_TRUE(parse_admin_request(R"({"command":"who"})"));
}

TEST(AdminRequest, IsRefusedUnlessItIsAnObjectWithACommand) {
  for (const char* line :
       {"", "x", "[]", "7", "{}", R"({"command":1})", R"({"command":"who","args":7})",
        R"({"command":"who","args":{"a":{"b":{"c":{"d":{}}}}}})", "{\"command\":\"who\"", "\xFF"}) {
    const auto request = parse_admin_request(line);
    ASSERT_FALSE(request) << line;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(request.error().message.empty());
  }
}

TEST(AdminArguments, AreTextsAndNumbers) {
  auto arguments = arguments_of(R"({"prefix":"al","limit":20,"id":7})");
  EXPECT_EQ(arguments.text_or("prefix", ""), "al");
  EXPECT_EQ(arguments.number_or("limit", 50, 1, 1000), 20);
  EXPECT_EQ(arguments.required_id("id"), 7);
  EXPECT_EQ(arguments.number_or("after", 5), 5);
  EXPECT_EQ(arguments.text("other"), std::nullopt);
  EXPECT_EQ(mistake_in(arguments), "");
}

TEST(AdminArguments, NameTheFirstMistake) {
  auto missing = arguments_of("{}");
  missing.required_text("user");
  missing.required_id("id");
  EXPECT_EQ(mistake_in(missing), "user is missing");
  auto wrong = arguments_of(R"({"user":7})");
  wrong.required_text("user");
  EXPECT_EQ(mistake_in(wrong), "user must be a text");
  EXPECT_EQ(mistake_in(arguments_of(R"({"more":1})")), "this command has no argument more");
}

TEST(AdminArguments, RefuseNumbersOutOfRange) {
  for (const char* number : {"0", "-1", "1001", "1.5", "\"7\"", "null", "18446744073709551615",
                             "-9223372036854775808", "1e300"}) {
    auto arguments = arguments_of(std::string(R"({"limit":)") + number + "}");
    arguments.number_or("limit", 50, 1, 1000);
    EXPECT_EQ(mistake_in(arguments), "limit must be a number from 1 to 1000") << number;
  }
}

TEST(AdminReply, IsALine) {
  EXPECT_EQ(admin_reply(AdminJson{{"changed", true}}),
            "{\"ok\":true,\"result\":{\"changed\":true}}\n");
  EXPECT_EQ(admin_reply(fail(ErrorCode::kInternal, "a \"sentence\"\n")),
            "{\"ok\":false,\"error\":\"a \\\"sentence\\\"\\n\"}\n");
  EXPECT_NE(admin_reply(fail(ErrorCode::kInternal, "\xFF")), "");
}

}  // namespace
}  // namespace chat::server
