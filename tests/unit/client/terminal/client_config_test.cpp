#include "client/terminal/settings/client_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "client/terminal/client_options.h"
#include "support/temp_dir.h"

namespace chat::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class ClientConfig : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path) << text; }
  // The error, or nothing.
  std::string read(const std::string& text) {
    write(text);
    const auto done = read_config(path, options);
    return done ? "" : done.error().message;
  }

  chat::test::TempDir directory;
  const std::string path = (directory.path() / "client.conf").string();
  ClientOptions options;
};

TEST_F(ClientConfig, AllKeysAreRead) {
  EXPECT_EQ(read("# mine\nserver = chat.example.org:8443\ntls = on\nca = /tmp/ca.pem\n"
                 "user = Anna Lee\n  colour = never\nmarks = lines\nbell = off\n\n"
                 "history = off\ntoken=off\n"),
            "");
  EXPECT_EQ(options.host, "chat.example.org");
  EXPECT_EQ(options.port, 8443);
  EXPECT_TRUE(options.tls);
  EXPECT_EQ(options.tls_options.ca_file, "/tmp/ca.pem");
  EXPECT_EQ(options.user, "Anna Lee");
  EXPECT_EQ(options.color, ColorWhen::kNever);
  EXPECT_EQ(options.marks, MarkStyle::kLines);
  EXPECT_EQ(options.bell, Bell::kOff);
  EXPECT_FALSE(options.keeps_history);
  EXPECT_FALSE(options.keeps_token);
}

TEST_F(ClientConfig, ServersHaveAnOptionalPort) {
  struct ServerRow {
    const char* value;
    const char* host;
    int port;
  };
  for (const ServerRow& row :
       {ServerRow{"a", "a", 6000}, ServerRow{"a:7", "a", 7}, ServerRow{"::1", "::1", 6000},
        ServerRow{"[::1]:7", "::1", 7}, ServerRow{"[::1]", "::1", 6000}}) {
    ClientOptions fresh;
    EXPECT_TRUE(set_option("server", row.value, fresh)) << row.value;
    EXPECT_EQ(fresh.host, row.host);
    EXPECT_EQ(fresh.port, row.port) << row.value;
  }
  for (const char* wrong : {"", ":7", "a:", "a:0", "a:65536", "a:b"}) {
    EXPECT_FALSE(set_option("server", wrong, options)) << wrong;
  }
}

TEST_F(ClientConfig, ErrorsNameTheFileAndTheLine) {
  EXPECT_EQ(read("user = a\nmarks = loud\n"), path + ":2: marks is one of quiet, lines, off");
  EXPECT_THAT(read("\n\nwidth = 80\n"), HasSubstr(path + ":3: width is no setting"));
  EXPECT_EQ(read("user = a\n\nnonsense\n"), path + ":3: this is not `key = value`");
  EXPECT_EQ(read("[client]\nuser = a\n"), path + ":2: this file has no sections");
  EXPECT_THAT(read("user =\n"), EndsWith(":1: user has no value"));
  EXPECT_THAT(read("user = " + std::string(5000, 'x') + "\n"),
              EndsWith(":1: the line is too long"));
}

TEST_F(ClientConfig, NoFileIsNotAnError) {
  EXPECT_TRUE(read_config(path, options));
  EXPECT_TRUE(read_config("", options));
  std::filesystem::create_directory(path);
  EXPECT_FALSE(read_config(path, options));
}

TEST_F(ClientConfig, TheCommandLineWins) {
  const auto parse = [this](std::vector<const char*> arguments, bool on_terminal) {
    ::setenv("XDG_CONFIG_HOME", directory.path().c_str(), 1);
    arguments.insert(arguments.begin(), "chatclient");
    const auto out =
        parse_options(static_cast<int>(arguments.size()), arguments.data(), on_terminal);
    ::unsetenv("XDG_CONFIG_HOME");
    return out;
  };
  std::filesystem::create_directory(directory.path() / "chat");
  std::ofstream(directory.path() / "chat/client.conf") << "server = a:7\nmarks = off\ntls = on\n";
  EXPECT_EQ(parse({}, true).host, "a");
  EXPECT_TRUE(parse({}, true).tls);
  const auto options_given = parse({"--host", "b", "--marks", "lines", "--no-tls"}, true);
  EXPECT_EQ(options_given.host, "b");
  EXPECT_EQ(options_given.port, 7);
  EXPECT_EQ(options_given.marks, MarkStyle::kLines);
  EXPECT_FALSE(options_given.tls);
  // Scripts are not affected by a person's settings.
  EXPECT_EQ(parse({}, false).host, "127.0.0.1");
  std::ofstream(directory.path() / "chat/client.conf") << "nonsense\n";
  EXPECT_EQ(parse({}, true).leave, 2);
  EXPECT_EQ(parse({}, false).leave, std::nullopt);
}

}  // namespace
}  // namespace chat::client
