#include "client/terminal/commands/help_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "client/terminal/commands/command_parser.h"
#include "client/terminal/commands/command_text.h"

namespace chat::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Help, TheEverydayCommandsFitOnASmallScreen) {
  const auto help = help_on("");
  ASSERT_TRUE(help);
  EXPECT_THAT(*help, AllOf(HasSubstr("/to NAME"), HasSubstr("/help all"), Not(HasSubstr("/kick"))));
  EXPECT_LE(std::count(help->begin(), help->end(), '\n'), 22);
}

TEST(Help, ExplainsACommandOrATopic) {
  EXPECT_THAT(help_on("pin").value_or(""), StartsWith("  /pin [NAME], /unpin"));
  EXPECT_EQ(help_on("/unpin"), help_on(" pin "));
  EXPECT_THAT(help_on("Groups").value_or(""),
              AllOf(HasSubstr("/kick"), HasSubstr("/dismiss"), Not(HasSubstr("/recall"))));
  EXPECT_EQ(help_on("all"), command_help());
  EXPECT_FALSE(help_on("nothing"));
}

TEST(Help, EveryCommandIsExplained) {
  for (const std::string_view word : command_words()) {
    EXPECT_THAT(help_on(word).value_or(""), HasSubstr(std::string(word))) << word;
  }
}

TEST(Help, ExplanationsHaveTheirOwnLinesOnANarrowTerminal) {
  const std::string row = help_on("to").value_or("");
  EXPECT_EQ(fit_help(row, 80), row);
  EXPECT_EQ(fit_help(row, 40),
            "  /to NAME\n"
            "      plain lines now go to this user or\n"
            "      group; /to alone shows to whom,\n"
            "      /to - ends that\n");
  const std::string all = fit_help(command_help(), 40);
  EXPECT_THAT(all, HasSubstr("\nGroups:\n  /groups\n"));
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view line = take_until(rest, '\n');
    EXPECT_TRUE(line.size() <= 40 || line.starts_with("  /")) << line;
  }
}

}  // namespace
}  // namespace chat::client
