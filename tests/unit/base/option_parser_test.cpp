#include "chat/base/option_parser.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace chat::base {
namespace {

// A program with every kind of option.
class OptionParserTest : public testing::Test {
 protected:
  OptionParserTest() {
    parser_.text("--host,host", host_, "where").show_default();
    parser_.whole_number("-p,--port,port", port_, 1, 65535, "which").show_default();
    parser_.texts("--add", added_, "more\nlines").value_name("WORD");
    parser_.number("--rate", rate_, 0.5, 10, "how fast");
    parser_.flag("--quiet", quiet_, "say less");
    parser_.flag("--no-colour", colour_, "plain", false);
    parser_.set_version("program 1.2");
    parser_.set_footer("The end.");
  }

  Result<std::optional<std::string>> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "program");
    return parser_.parse(static_cast<int>(words.size()), words.data());
  }
  // The sentence about the mistake, without the hint at --help.
  std::string mistake(std::vector<const char*> words) {
    const auto parsed = parse(std::move(words));
    if (parsed) return "none";
    const std::string& sentence = parsed.error().message;
    const auto hint = sentence.find(" (see program --help)");
    EXPECT_NE(hint, std::string::npos) << sentence;
    return sentence.substr(0, hint);
  }
  std::string shown(std::vector<const char*> words) {
    return parse(std::move(words)).value().value_or("nothing");
  }

  std::string host_ = "localhost";
  std::uint16_t port_ = 7;
  std::vector<std::string> added_{"default"};
  double rate_ = 1;
  bool quiet_ = false;
  bool colour_ = true;
  OptionParser parser_{"program", "A program."};
};

TEST_F(OptionParserTest, KeepsTheDefaultsWithoutWords) {
  EXPECT_EQ(shown({}), "nothing");
  EXPECT_EQ(host_, "localhost");
  EXPECT_EQ(port_, 7);
  EXPECT_EQ(added_, std::vector<std::string>{"default"});
  EXPECT_TRUE(colour_);
}

TEST_F(OptionParserTest, ReadsAValueInEveryForm) {
  EXPECT_EQ(mistake({"--host", "a", "-p8", "--rate=2.5", "--quiet", "--no-colour"}), "none");
  EXPECT_EQ(host_, "a");
  EXPECT_EQ(port_, 8);
  EXPECT_EQ(rate_, 2.5);
  EXPECT_TRUE(quiet_);
  EXPECT_FALSE(colour_);
}

TEST_F(OptionParserTest, ArgumentsFillTheOptionsThatAllowThem) {
  EXPECT_EQ(mistake({"a", "--quiet", "9"}), "none");
  EXPECT_EQ(host_, "a");
  EXPECT_EQ(port_, 9);
}

TEST_F(OptionParserTest, AnArgumentSkipsWhatAnOptionHasGiven) {
  EXPECT_EQ(mistake({"--host=a", "9"}), "none");
  EXPECT_EQ(port_, 9);
}

TEST_F(OptionParserTest, TwoDashesEndTheOptions) {
  EXPECT_EQ(mistake({"--", "--quiet"}), "none");
  EXPECT_EQ(host_, "--quiet");
}

TEST_F(OptionParserTest, RepeatableOptionsCollectTheirValues) {
  EXPECT_EQ(mistake({"--add", "x", "--add", "y", "--quiet", "--quiet"}), "none");
  EXPECT_EQ(added_, (std::vector<std::string>{"x", "y"}));
}

TEST_F(OptionParserTest, NamesTheMistake) {
  EXPECT_EQ(mistake({"--nothing"}), "The following argument was not expected: --nothing");
  EXPECT_EQ(mistake({"--add"}), "--add: 1 required WORD missing");
  EXPECT_EQ(mistake({"a", "9", "b"}), "The following argument was not expected: b");
  EXPECT_NE(mistake({"--quiet=1"}), "none");
}

TEST_F(OptionParserTest, RefusesAnOptionGivenTwice) {
  EXPECT_NE(mistake({"--host", "a", "--host", "b"}), "none");
}

TEST(OptionNumbers, AreInRange) {
  for (const char* wrong : {"0", "65536", "-1", "1x", " 1", "1.5", "99999999999999999999"}) {
    std::uint16_t port = 7;
    OptionParser parser("program", "A program.");
    parser.whole_number("--port", port, 1, 65535, "");
    const std::vector<const char*> words{"program", "--port", wrong};
    const auto parsed = parser.parse(3, words.data());
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().message,
              "--port: must be a number from 1 to 65535 (see program --help)");
    EXPECT_EQ(port, 7);
  }
}

TEST_F(OptionParserTest, HelpShowsOptionsDefaultsAndFooter) {
  const std::string help = shown({"--help", "--nothing"});
  for (const char* part :
       {"A program.\n", "Usage: program [OPTIONS]", "--host TEXT=localhost", "-p,--port N=7",
        "--add WORD ", "--rate NUMBER ", "--version ", "\nThe end."}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << " in\n" << help;
  }
}

TEST_F(OptionParserTest, ShowsTheVersion) {
  EXPECT_EQ(shown({"--quiet", "--version"}), "program 1.2\n");
}

TEST(OptionRules, ConnectOptions) {
  const auto mistake = [](std::vector<const char*> words) {
    bool tls = false;
    std::string ca, name;
    OptionParser parser("program", "A program.");
    const auto& flag = parser.flag("--tls", tls, "");
    const auto& file = parser.text("--ca", ca, "").needs(flag).check([](const std::string& value) {
      return value == "bad" ? "is bad" : "";
    });
    parser.text("--name", name, "").excludes(file);
    parser.text("word", name, "").required();
    words.insert(words.begin(), "program");
    const auto parsed = parser.parse(static_cast<int>(words.size()), words.data());
    return parsed ? "none" : parsed.error().message.substr(0, parsed.error().message.find(" ("));
  };
  EXPECT_EQ(mistake({}), "word is required");
  EXPECT_EQ(mistake({"w"}), "none");
  EXPECT_EQ(mistake({"w", "--ca", "a"}), "--ca requires --tls");
  EXPECT_EQ(mistake({"w", "--ca", "a", "--tls"}), "none");
  EXPECT_EQ(mistake({"w", "--ca", "bad", "--tls"}), "--ca: is bad");
  EXPECT_EQ(mistake({"w", "--ca", "a", "--tls", "--name", "b"}), "--ca excludes --name");
}

TEST(OptionCommands, HaveOptionsOfTheirOwn) {
  std::string who;
  bool json = false, yes = false;
  const auto parse = [&](std::vector<const char*> words) {
    OptionParser parser("program", "A program.");
    parser.flag("--json", json, "as JSON");
    auto& remove = parser.command("remove", "remove a user");
    remove.text("USER", who, "a name").required();
    remove.flag("--yes", yes, "do not ask");
    parser.command("list", "list the users");
    words.insert(words.begin(), "program");
    const auto parsed = parser.parse(static_cast<int>(words.size()), words.data());
    if (!parsed) return parsed.error().message.substr(0, parsed.error().message.find(" ("));
    return parsed->value_or(parser.chosen_command());
  };
  EXPECT_EQ(parse({"remove", "alice", "--json", "--yes"}), "remove");
  EXPECT_EQ(who, "alice");
  EXPECT_TRUE(json && yes);
  EXPECT_EQ(parse({"--json", "list"}), "list");
  EXPECT_EQ(parse({}), "there is no command");
  EXPECT_EQ(parse({"fly"}), "there is no such command: \"fly\"");
  EXPECT_EQ(parse({"remove"}), "USER is required");
  EXPECT_EQ(parse({"list", "--yes"}), "The following argument was not expected: --yes");
  EXPECT_EQ(parse({"list", "more"}), "The following argument was not expected: more");
  EXPECT_NE(parse({"remove", "-h"}).find("USER TEXT REQUIRED"), std::string::npos);
  EXPECT_NE(parse({"--help"}).find("remove a user"), std::string::npos);
}

TEST(OptionChecks, FilesAndWords) {
  EXPECT_EQ(is_file("/dev/null"), "");
  EXPECT_NE(is_file("/"), "");
  EXPECT_NE(is_file("/nowhere"), "");
  const auto check = is_one_of({"open", "closed"});
  EXPECT_EQ(check("open"), "");
  EXPECT_EQ(check("ope"), "must be one of open, closed");
}

TEST(OptionNumbers, CoverTheWholeRange) {
  std::uint64_t seed = 0;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  OptionParser parser("program", "A program.");
  parser.whole_number("--seed", seed, 0, kMost, "");
  const std::string word = "--seed=" + std::to_string(kMost);
  const std::vector<const char*> words{"program", word.c_str()};
  ASSERT_TRUE(parser.parse(2, words.data()));
  EXPECT_EQ(seed, kMost);
}

}  // namespace
}  // namespace chat::base
