#include "server/config/command_line.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "server/config/config_file.h"
#include "server/config/config_settings.h"

namespace chat::server {
namespace {

using Variables = std::map<std::string, std::string>;

Result<CommandLine> run(std::vector<const char*> arguments, const Variables& variables = {}) {
  arguments.insert(arguments.begin(), "chatserver");
  return read_command_line(static_cast<int>(arguments.size()), arguments.data(),
                           [&variables](const char* name) -> const char* {
                             const auto found = variables.find(name);
                             return found == variables.end() ? nullptr : found->second.c_str();
                           });
}

std::string error_of(const std::vector<const char*>& arguments) {
  const auto command_line = run(arguments);
  return command_line ? "" : command_line.error().message;
}

std::string file_with(const std::string& text) {
  std::string path = testing::TempDir() + "command_line_test.ini";
  std::ofstream(path) << text;
  ::chmod(path.c_str(), 0600);
  return path;
}

TEST(CommandLine, RunsOnDefaultsWithoutArguments) {
  const auto command_line = run({});
  ASSERT_TRUE(command_line);
  ASSERT_TRUE(command_line->config);
  EXPECT_EQ(command_line->config->server.listen.to_string(), "127.0.0.1:6000");
  EXPECT_EQ(command_line->text, "");
}

TEST(CommandLine, AcceptsAddressAndPortLikeTheCourseServer) {
  const std::string file = file_with("[server]\nlisten = 127.0.0.1:1\n");
  for (const auto& [address, listen] :
       {std::pair{"127.0.0.2", "127.0.0.2:7000"}, std::pair{"::1", "[::1]:7000"}}) {
    const auto command_line = run({"-c", file.c_str(), address, "7000"});
    ASSERT_TRUE(command_line) << command_line.error().message;
    EXPECT_EQ(command_line->config->server.listen.to_string(), listen);
  }
  EXPECT_NE(error_of({"127.0.0.1"}), "");
  EXPECT_NE(error_of({"127.0.0.1", "port"}), "");
  EXPECT_NE(error_of({"127.0.0.1", "1", "2"}), "");
}

// A client of the course connects at once and sends nothing until its user has chosen.
TEST(CommandLine, AddressAndPortAloneRaiseTheFirstByteTimeout) {
  const auto time = [](const std::vector<const char*>& arguments) {
    const auto command_line = run(arguments);
    EXPECT_TRUE(command_line) << command_line.error().message;
    return command_line->config->limits.first_byte_timeout;
  };
  const std::string empty = file_with("");
  EXPECT_EQ(time({}), std::chrono::seconds(60));
  EXPECT_EQ(time({"-c", empty.c_str()}), std::chrono::seconds(60));
  EXPECT_EQ(time({"--set", "server.listen=127.0.0.1:7000"}), std::chrono::seconds(60));
  EXPECT_EQ(time({"127.0.0.1", "7000"}), std::chrono::minutes(30));
  EXPECT_EQ(time({"-c", empty.c_str(), "127.0.0.1", "7000"}), std::chrono::seconds(60));
  EXPECT_EQ(time({"127.0.0.1", "7000", "--set", "limits.first_byte_timeout_ms=1"}),
            std::chrono::milliseconds(1));
  EXPECT_NE(error_of({"--set", "limits.first_byte_timeout_ms=0"}), "");
}

TEST(CommandLine, ChecksOrMigrates) {
  EXPECT_EQ(error_of({"--check", "--migrate"}),
            "--check changes nothing and --migrate updates the database: give one of them");
  EXPECT_EQ(error_of({"--check"}), "");
  const auto command_line = run({"--migrate"});
  ASSERT_TRUE(command_line);
  EXPECT_TRUE(command_line->migrate);
}

TEST(CommandLine, SetWinsOverTheFileAndTheLastSetWins) {
  const std::string file = file_with("[server]\nnode = file\nworkers = 7\n[log]\nlevel = off\n");
  const auto command_line = run({"-c", file.c_str(), "--set", "server.node=first", "--set",
                                 "log.level=debug", "--set=server.node=last"});
  ASSERT_TRUE(command_line) << command_line.error().message;
  EXPECT_EQ(command_line->config->server.node, "last");
  EXPECT_EQ(command_line->config->server.workers, 7U);
  EXPECT_EQ(command_line->config->log.level, chat::log::Level::kDebug);
}

TEST(CommandLine, EnvironmentWinsOverTheFileAndSetOverBoth) {
  const std::string file = file_with("[mysql]\npassword = f\n[redis]\npassword = f\n");
  const Variables variables = {{"CHAT_MYSQL_PASSWORD", "e ;e"}, {"CHAT_REDIS_PASSWORD", "e"}};
  const auto command_line =
      run({"--config", file.c_str(), "--set", "redis.password=s=;t"}, variables);
  ASSERT_TRUE(command_line) << command_line.error().message;
  EXPECT_EQ(command_line->config->mysql.password, "e ;e");
  EXPECT_EQ(command_line->config->redis.password, "s=;t");
}

TEST(CommandLine, AnEmptyVariableIsNoVariable) {
  const auto command_line = run({"--set", "log.level=off"}, {{"CHAT_MYSQL_PASSWORD", ""}});
  ASSERT_TRUE(command_line);
  EXPECT_EQ(command_line->config->mysql.password, "");
}

TEST(CommandLine, OutputOfCheckCanBeReadAgain) {
  const auto command_line = run({"--check", "--set", "server.listen=[::1]:0", "--set",
                                 "storage.path=a b/c;d.db", "--set", "log.file=x"});
  ASSERT_TRUE(command_line) << command_line.error().message;
  EXPECT_FALSE(command_line->config);
  EXPECT_NE(command_line->text.find("[server]\nlisten = [::1]:0\n"), std::string::npos);
  EXPECT_NE(command_line->text.find("\npath = a b/c;d.db\n"), std::string::npos);

  Settings again;
  const auto loaded = load_ini_text(command_line->text, "printed", again);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(command_line->text.starts_with(again.to_ini() + "\n# Limits of the protocol"));
}

TEST(CommandLine, CheckPrintsTheLimitsOfTheWireAsComments) {
  const auto command_line = run({"--check"});
  ASSERT_TRUE(command_line);
  for (const char* line : {"\n# frame_max_bytes_before_login = 4096\n",
                           "\n# frame_max_bytes = 65536\n", "\n# login_timeout_ms = 10000\n"}) {
    EXPECT_NE(command_line->text.find(line), std::string::npos) << line;
  }
}

TEST(CommandLine, CheckMasksSecrets) {
  const auto command_line =
      run({"--check", "--set", "redis.password=hush-r"}, {{"CHAT_MYSQL_PASSWORD", "hush-m"}});
  ASSERT_TRUE(command_line);
  EXPECT_EQ(command_line->text.find("hush"), std::string::npos);
  EXPECT_NE(command_line->text.find("; password = ********"), std::string::npos);
  Settings again;
  EXPECT_TRUE(load_ini_text(command_line->text, "printed", again));
}

TEST(CommandLine, RefusesBadSetsByName) {
  EXPECT_EQ(error_of({"--set", "limits.connections=-1"}),
            "--set: limits.connections = \"-1\": must be a whole number from 1 to 1000000, or 0 "
            "for off");
  EXPECT_EQ(error_of({"--set", "a.b=c"}), "--set: there is no key \"a.b\"; --help lists them all");
  EXPECT_EQ(error_of({"--set", "mysql.pasword=hush"}),
            "--set: there is no key \"mysql.pasword\"; --help lists them all");
  for (const char* malformed : {"server.listen", "listen=1", "=", "server=a.b", ""}) {
    EXPECT_NE(error_of({"--set", malformed}), "") << malformed;
  }
}

TEST(CommandLine, RefusesUnsupportedCombinationsWithASentence) {
  EXPECT_EQ(
      error_of({"--set", "bus.engine=redis"}),
      "--set: bus.engine = \"redis\": needs storage.engine = mysql: several servers cannot share "
      "an SQLite file");
  EXPECT_EQ(error_of({"--set", "bus.engine=local"}), "");
}

TEST(CommandLine, RefusesOverlappingListeners) {
  EXPECT_EQ(error_of({"--set", "server.proxy_listen=127.0.0.1:6000"}),
            "--set: server.proxy_listen = \"127.0.0.1:6000\": must not be, or overlap, the "
            "address of server.listen");
  EXPECT_NE(error_of({"--set", "server.proxy_listen=[::1]:7", "--set", "server.listen=[::1]:7"}),
            "");
  const std::vector<std::vector<const char*>> overlapping = {
      {"--set", "server.listen=0.0.0.0:7", "--set", "server.proxy_listen=127.0.0.1:7"},
      {"--set", "server.listen=10.0.0.1:7", "--set", "server.proxy_listen=0.0.0.0:7"},
      {"--set", "server.listen=[::]:7", "--set", "server.proxy_listen=[::1]:7"},
      {"--set", "server.listen=10.0.0.1:7", "--set", "server.proxy_listen=[::]:7"},
  };
  for (const auto& arguments : overlapping) {
    EXPECT_NE(error_of(arguments), "") << arguments[1] << " and " << arguments[3];
  }
  EXPECT_EQ(error_of({"--set", "server.listen=0.0.0.0:7", "--set", "server.proxy_listen=[::1]:7"}),
            "");
  EXPECT_EQ(error_of({"--set", "server.proxy_listen=127.0.0.1:6001"}), "");
  EXPECT_EQ(error_of({"--set", "server.proxy_listen=127.0.0.2:6000"}), "");
  EXPECT_EQ(error_of({"--set", "server.proxy_listen="}), "");
  // Two ports 0 are different.
  EXPECT_EQ(
      error_of({"--set", "server.proxy_listen=127.0.0.1:0", "--set", "server.listen=127.0.0.1:0"}),
      "");
}

TEST(CommandLine, RefusesUnknownAndIncompleteOptions) {
  EXPECT_NE(error_of({"--nonsense"}), "");
  EXPECT_NE(error_of({"stray"}), "");
  EXPECT_NE(error_of({"--set"}), "");
  EXPECT_NE(error_of({"-c"}), "");
  EXPECT_NE(error_of({"-c", ""}), "");
  EXPECT_NE(error_of({"-c", "no/such.ini"}), "");
  EXPECT_NE(error_of({"-c", "a.ini", "-c", "b.ini"}), "");
  // One --set takes one value, so that a stray word is not silently accepted.
  EXPECT_NE(error_of({"--set", "server.node=a", "server.node=b"}), "");
}

TEST(CommandLine, HelpAndVersionIgnoreABadConfiguration) {
  const auto help = run({"--help", "-c", "no/such.ini"});
  ASSERT_TRUE(help);
  EXPECT_FALSE(help->config);
  for (const Key& key : keys()) {
    EXPECT_NE(help->text.find(key.full_name() + " ="), std::string::npos) << key.full_name();
  }
  const auto version = run({"--version"});
  ASSERT_TRUE(version);
  EXPECT_FALSE(version->config);
  EXPECT_TRUE(version->text.starts_with("chatserver "));
}

}  // namespace
}  // namespace chat::server
