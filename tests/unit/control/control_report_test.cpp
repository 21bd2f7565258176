#include "client/control/control_report.h"

#include <gtest/gtest.h>

#include <clocale>

namespace chat::client::control {
namespace {

std::string report(const std::string& command, const std::string& json, Arguments arguments = {}) {
  ControlOptions options;
  options.command = command;
  options.arguments = std::move(arguments);
  return to_text(options, ControlJson::parse(json));
}

TEST(ControlReport, AlignsColumnsByTheirWidth) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  EXPECT_EQ(report("groups", R"({"groups":[{"id":1,"name":"中文","members":2,"messages":10},
                               {"id":12,"name":"tea","members":1,"messages":0,
                                "creator":{"id":3,"name":"alice"}}]})"),
            "ID  NAME  MEMBERS  MESSAGES  CREATOR    DISMISSED\n"
            "1   中文  2        10\n"
            "12  tea   1        0         alice (3)\n");
}

TEST(ControlReport, NamesTheCommandForTheNextPage) {
  const std::string text =
      report("users", R"({"users":[{"id":7,"name":"alan","state":"offline"}],"after":7})",
             {{"prefix", "al"}, {"limit", std::int64_t{1}}});
  EXPECT_NE(text.find("There are more: chatctl users --limit 1 al --after 7\n"), std::string::npos)
      << text;
  const std::string quoted =
      report("users", R"({"users":[{"id":7}],"after":7})", {{"prefix", "Anna O'L"}});
  EXPECT_NE(quoted.find("chatctl users 'Anna O'\\''L' --after 7\n"), std::string::npos) << quoted;
  EXPECT_EQ(report("who", R"({"sessions":[]})"), "none\n");
}

TEST(ControlReport, SaysWhetherSomethingChanged) {
  EXPECT_EQ(report("kick", R"({"id":7,"name":"alice","changed":true})"),
            "alice (7) was logged out\n");
  EXPECT_EQ(report("kick", R"({"id":7,"name":"alice","changed":false})"),
            "alice (7) is not online\n");
}

TEST(ControlReport, ShowsNoControlCharacters) {
  const std::string text =
      report("group", R"({"group":{"id":1,"name":"a\u001bb","desc":"x\u001b[31m","members":1}})");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace chat::client::control
