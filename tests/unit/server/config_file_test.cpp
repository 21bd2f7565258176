#include "server/config/config_file.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::server {
namespace {

std::string file_error(const std::string& text) {
  Settings settings;
  const auto done = load_ini_text(text, "f.ini", settings);
  return done ? "" : done.error().message;
}

Config load(const std::string& text) {
  Settings settings;
  const auto done = load_ini_text(text, "f.ini", settings);
  EXPECT_TRUE(done) << done.error().message;
  return *settings.finish();
}

TEST(ConfigFile, ReadsSectionsKeysAndComments) {
  const Config config = load(
      "\xEF\xBB\xBF; a byte order mark is fine\r\n"
      "[server]\r\n"
      "listen=127.0.0.1:7000   ; chosen by hand\r\n"
      "\r\n"
      "# another\n"
      "[log]\n"
      "level = warn");
  EXPECT_EQ(config.server.listen.port(), 7000);
  EXPECT_EQ(config.log.level, chat::log::Level::kWarn);
}

TEST(ConfigFile, AnEmptyFileMeansTheDefaults) {
  EXPECT_EQ(file_error(""), "");
  EXPECT_EQ(file_error("\n\n"), "");
}

TEST(ConfigFile, IndentedKeysAreNotContinuations) {
  const Config config = load("[server]\n  node = a\n\tworkers = 9\n");
  EXPECT_EQ(config.server.node, "a");
  EXPECT_EQ(config.server.workers, 9U);
}

TEST(ConfigFile, ASectionMayComeTwiceButAKeyMayNot) {
  EXPECT_EQ(file_error("[server]\nnode = a\n[log]\n[server]\nworkers = 1\n"), "");
  EXPECT_EQ(file_error("[server]\nnode = a\n[log]\n[server]\nnode = a\n"),
            "f.ini:5: the key \"server.node\" is given twice, first in line 2");
}

TEST(ConfigFile, ErrorsNameFileLineKeyValueAndRule) {
  EXPECT_EQ(file_error("\n[limits]\nchat_per_second = 12x\n"),
            "f.ini:3: limits.chat_per_second = \"12x\": must be a whole number from 1 to 1000000, "
            "or 0 for off");
}

TEST(ConfigFile, RefusesUnknownKeysAndSectionsByName) {
  EXPECT_EQ(file_error("[server]\nlisten_on = 1\n"),
            "f.ini:2: there is no key \"server.listen_on\"; --help lists them all");
  EXPECT_EQ(file_error("[sever]\nlisten = 127.0.0.1:1\n"),
            "f.ini:1: there is no section \"sever\"; --help lists all keys");
}

TEST(ConfigFile, RefusesUnknownSectionsWithoutKeys) {
  for (const char* text : {"[server]\n[limit]\n", "[server]\n[limit]\n[log]\n",
                           "[server]\r\n \t[limit] ; rates\r\n"}) {
    EXPECT_EQ(file_error(text), "f.ini:2: there is no section \"limit\"; --help lists all keys");
  }
  for (const char* text : {"[]", "[ server ]", "[Server]", "[server.listen]"}) {
    EXPECT_TRUE(file_error(text).starts_with("f.ini:1: there is no section")) << text;
  }
  EXPECT_EQ(file_error("[server]\n[storage]\n[mysql]\n[bus]\n[redis]\n[auth]\n[limits]\n[log]"),
            "");
}

TEST(ConfigFile, RefusesKeysOutsideASection) {
  EXPECT_EQ(file_error("node = a\n"), "f.ini:1: the key \"node\" comes before any [section]");
}

TEST(ConfigFile, RefusesUnknownLines) {
  const std::string sentence = ": this is neither a [section] nor key = value nor a comment";
  EXPECT_EQ(file_error("[server]\n\nnode\n"), "f.ini:3" + sentence);
  EXPECT_EQ(file_error("[server\nnode = a\n"), "f.ini:1" + sentence);
}

TEST(ConfigFile, ReportsTheFirstMistakeOfTheFile) {
  EXPECT_TRUE(
      file_error("[server]\nnonsense\nworkers = x\n").starts_with("f.ini:2: this is neither"));
  EXPECT_TRUE(file_error("[server]\nworkers = x\nnonsense\n").starts_with("f.ini:2: server.work"));
  EXPECT_TRUE(file_error("[server]\nworkers = x\nio_threads = y\n").starts_with("f.ini:2: "));
}

TEST(ConfigFile, RefusesOverlongLines) {
  for (std::size_t length = 150; length < 450; ++length) {
    const std::string path(length, 'p');
    Settings settings;
    const auto done = load_ini_text("[storage]\npath = " + path + "\n", "f.ini", settings);
    if (done) {
      EXPECT_EQ(settings.finish()->storage.path, path);
    } else {
      EXPECT_TRUE(done.error().message.starts_with("f.ini:2: a line may have at most "));
      EXPECT_GT(length, 180U);
    }
  }
  EXPECT_EQ(file_error("; " + std::string(5000, 'c') + "\n[log]\nlevel = info\n"), "");
}

TEST(ConfigFile, NeverShowsASecret) {
  const std::string error = file_error("[mysql]\npassword = hush" + std::string(1, '\x01') + "\n");
  EXPECT_TRUE(error.starts_with("f.ini:2: mysql.password = ********: must be")) << error;
  EXPECT_EQ(error.find("hush"), std::string::npos);
}

TEST(ConfigFile, RefusesBinaryFiles) {
  EXPECT_EQ(file_error(std::string("[log]\n\0", 7)),
            "f.ini:2: there is a null byte: this is not a configuration file");
}

TEST(ConfigFile, RefusesTextAfterASection) {
  EXPECT_EQ(file_error("[log]\n\n[limits] register_per_minute = 5\n"),
            "f.ini:3: \"register_per_minute = 5\" follows a [section]: it needs a line of its "
            "own");
  EXPECT_TRUE(file_error("\xEF\xBB\xBF[limits]register_per_minute = 5").starts_with("f.ini:1: "));
  EXPECT_TRUE(file_error("  [limits]\tx\r\n").starts_with("f.ini:1: \"x\" follows"));
  EXPECT_TRUE(file_error("[server][limits]\n").starts_with("f.ini:1: "));
  EXPECT_EQ(file_error("[limits] ; what one may do\n[log]# and this\n[server] \t\n"), "");
}

TEST(ConfigFile, RefusesUnusualWhiteSpace) {
  for (const std::string space : {"\v", "\f", "\r"}) {
    const std::string error = file_error("[server]\nnode = a\n" + space + "workers = 3\n");
    EXPECT_TRUE(error.starts_with("f.ini:3: a line may contain no white space")) << error;
    EXPECT_NE(file_error("[server]\nnode = a" + space + "workers = 3\n"), "");
  }
}

TEST(ConfigFile, ReadsEveryKeyWhateverTheLineEnds) {
  for (const std::string end : {"\n", "\r\n"}) {
    const Config config = load("[server]" + end + "node = a" + end + "workers = 9" + end);
    EXPECT_EQ(config.server.node, "a");
    EXPECT_EQ(config.server.workers, 9U);
  }
}

TEST(ConfigFile, NamesAnUnreadableFile) {
  Settings settings;
  EXPECT_EQ(load_ini_file("no/such.ini", settings).error().message,
            "cannot read the configuration file no/such.ini: No such file or directory");
  EXPECT_FALSE(load_ini_file(".", settings));
}

}  // namespace
}  // namespace chat::server
