#include "server/config/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "server/config/command_line.h"
#include "support/temp_dir.h"

namespace chat::server {
namespace {

class Secrets : public ::testing::Test {
 protected:
  std::string file(const std::string& text, mode_t mode) {
    const std::string path = dir.file("secret");
    ::unlink(path.c_str());
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  Result<std::string> read(const std::string& text, mode_t mode = 0600) {
    return read_secret(file(text, mode));
  }
  // A file of another user than root; false if it cannot be made.
  bool disown(const std::string& path) {
    return ::geteuid() != 0 || ::chown(path.c_str(), 12345, 12345) == 0;
  }

  test::TempDir dir;
};

TEST_F(Secrets, AreTheFirstLineOfTheirFile) {
  EXPECT_EQ(*read("hush"), "hush");
  EXPECT_EQ(*read("hush hush ;\n"), "hush hush ;");
  EXPECT_EQ(*read("hush\r\nmore\n"), "hush");
  EXPECT_EQ(*read(" hush \n"), " hush ");
  EXPECT_EQ(*read(""), "");
  EXPECT_EQ(*read("\nhush\n"), "");
}

TEST_F(Secrets, AreRefusedIfOthersMayReadThem) {
  for (const mode_t mode : {0604U, 0602U, 0601U, 0644U, 0666U, 0620U, 0610U, 0444U}) {
    const auto secret = read("hush", mode);
    ASSERT_FALSE(secret) << std::oct << mode;
    EXPECT_EQ(secret.error().message.find("hush"), std::string::npos);
    EXPECT_NE(secret.error().message.find("chmod 600 " + dir.file("secret")), std::string::npos);
  }
  for (const mode_t mode : {0600U, 0400U}) EXPECT_TRUE(read("hush", mode)) << std::oct << mode;
}

TEST_F(Secrets, MayBeGroupReadableOnlyIfOwnedByRoot) {
  const std::string path = file("hush", 0440);
  if (::geteuid() == 0) {
    EXPECT_TRUE(read_secret(path)) << "what systemd makes";
    ASSERT_TRUE(disown(path));
  }
  EXPECT_FALSE(read_secret(path));
  EXPECT_TRUE(disown(file("hush", 0400)) && read_secret(path));
}

TEST_F(Secrets, ErrorsNameFileModeAndRemedy) {
  const std::string path = file("hush", 0640);
  EXPECT_EQ(check_private(path).error().message,
            path + " holds a password, and its mode 0640 lets others access it: chmod 600 " + path);
  EXPECT_TRUE(check_private(file("hush", 0600)));
  EXPECT_EQ(read_secret(dir.file("none")).error().message,
            "cannot read " + dir.file("none") + ": No such file or directory");
  EXPECT_FALSE(read_secret(dir.path().string()));
}

class SecretsOfTheCommandLine : public Secrets {
 protected:
  Result<CommandLine> run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "chatserver");
    return read_command_line(static_cast<int>(arguments.size()), arguments.data(),
                             [this](const char* name) -> const char* {
                               return name == variable ? value.c_str()
                                                       : (name == other ? "other" : nullptr);
                             });
  }

  std::string variable;
  std::string value;
  std::string other;
};

TEST_F(SecretsOfTheCommandLine, MayComeFromAFile) {
  variable = "CHAT_MYSQL_PASSWORD_FILE";
  value = file("hush ;1\n", 0600);
  auto command_line = run({});
  ASSERT_TRUE(command_line) << command_line.error().message;
  EXPECT_EQ(command_line->config->mysql.password, "hush ;1");
  EXPECT_EQ(run({"--set", "mysql.password=set"})->config->mysql.password, "set");
  variable = "CHAT_REDIS_PASSWORD_FILE";
  command_line = run({});
  ASSERT_TRUE(command_line) << command_line.error().message;
  EXPECT_EQ(command_line->config->redis.password, "hush ;1");
  value = file("", 0600);
  EXPECT_EQ(run({})->config->redis.password, "");
}

TEST_F(SecretsOfTheCommandLine, ReadableFilesAreRefusedNamingTheVariable) {
  variable = "CHAT_MYSQL_PASSWORD_FILE";
  value = file("hush", 0644);
  const auto command_line = run({});
  ASSERT_FALSE(command_line);
  EXPECT_EQ(command_line.error().message,
            "CHAT_MYSQL_PASSWORD_FILE: " + value +
                " is meant to hold a secret, and its mode 0644 lets others access it: chmod 600 " +
                value);
}

TEST_F(SecretsOfTheCommandLine, TwoVariablesAreRefused) {
  variable = "CHAT_MYSQL_PASSWORD_FILE";
  value = file("hush", 0600);
  other = "CHAT_MYSQL_PASSWORD";
  EXPECT_FALSE(run({}));
  other = "CHAT_REDIS_PASSWORD";
  EXPECT_TRUE(run({}));
}

TEST_F(SecretsOfTheCommandLine, InAConfigurationFileRequireItToBePrivate) {
  const std::string with = file("[redis]\npassword = hush\n", 0640);
  const auto command_line = run({"-c", with.c_str()});
  ASSERT_FALSE(command_line);
  EXPECT_NE(command_line.error().message.find("mode 0640"), std::string::npos);
  // An overriding value does not remove it from the file.
  EXPECT_FALSE(run({"-c", with.c_str(), "--set", "redis.password=other"}));
  EXPECT_TRUE(run({"-c", file("[redis]\npassword = hush\n", 0600).c_str()}));
  EXPECT_TRUE(run({"-c", file("[redis]\npassword =\n", 0644).c_str()}));
  variable = "CHAT_REDIS_PASSWORD";
  value = "hush";
  EXPECT_TRUE(run({"-c", file("[redis]\nport = 1\n", 0644).c_str()}));
}

TEST_F(SecretsOfTheCommandLine, AsArgumentsCauseAWarning) {
  const auto command_line = run({"--set", "redis.password=hush", "--set", "server.node=n"});
  ASSERT_EQ(command_line->warnings.size(), 1U);
  EXPECT_EQ(command_line->warnings.front(),
            "--set redis.password shows the password to everyone on this machine who runs ps: use "
            "CHAT_REDIS_PASSWORD_FILE");
  EXPECT_EQ(run({"--check", "--set", "mysql.password=hush"})->warnings.size(), 1U);
  EXPECT_TRUE(run({"--set", "mysql.password=", "--set", "mysql.user=u"})->warnings.empty());
}

}  // namespace
}  // namespace chat::server
