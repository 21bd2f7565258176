// The program's command line and configuration.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// --check warns of a port that is taken, and 6000 may be.
constexpr const char* kFreePort = "server.listen=127.0.0.1:0";

class Configuration : public ::testing::Test {
 protected:
  static RunResult run(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {chatserver_path()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_to_end(command);
  }
  static RunResult set(const std::string& setting) { return run({"--set", setting, "--check"}); }
  // Expects a refusal with a sentence that names `what`, and no other effect.
  static void expect_refused(const RunResult& result, const std::string& what) {
    EXPECT_NE(result.exit_code, 0);
    EXPECT_LT(result.exit_code, 128) << "it crashed";
    EXPECT_THAT(result.errors, HasSubstr(what));
    EXPECT_THAT(result.output, Not(HasSubstr("ready ")));
  }
  std::string write_file(const std::string& text) {
    const auto path = dir.path() / "server.ini";
    std::ofstream(path) << text;
    return path.string();
  }

  TempDir dir;
};

TEST_F(Configuration, VersionAndHelpGoToStdout) {
  const RunResult version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.output, ::testing::ContainsRegex("[0-9]+\\.[0-9]+"));
  const RunResult help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* option : {"--set", "--check", "--version", "-c"}) {
    EXPECT_THAT(help.output, HasSubstr(option));
  }
}

TEST_F(Configuration, CheckPrintsTheEffectiveConfiguration) {
  const RunResult result = run({"--set", "server.workers=7", "--check"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const char* text : {"[server]", "[storage]", "[mysql]", "[bus]", "[redis]", "[auth]",
                           "[limits]", "[log]", "workers = 7", "chat_per_second = 20"}) {
    EXPECT_THAT(result.output, HasSubstr(text));
  }
  EXPECT_THAT(result.output, Not(HasSubstr("ready ")));
}

TEST_F(Configuration, OutputOfCheckIsAnEquivalentFile) {
  const std::vector<std::string> arguments = {"--set", "limits.chat_per_second=3", "--set",
                                              "storage.path=/tmp/a b/chat.db", "--check"};
  const RunResult first = run(arguments);
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const RunResult second = run({"-c", write_file(first.output), "--check"});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(second.output, first.output);
}

TEST_F(Configuration, ShippedFileIsValid) {
  const char* root = std::getenv("CHAT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr);
  const RunResult shipped = run({"-c", std::string(root) + "/conf/server.ini", "--check"});
  EXPECT_EQ(shipped.exit_code, 0) << shipped.errors;
  EXPECT_EQ(shipped.output, run({"--check"}).output) << "it shows the defaults";
}

// The rows of conf/README.md's table of the wire's limits: "| `name` | value | unit |".
std::map<std::string, std::int64_t> limits_of_manual() {
  const char* root = std::getenv("CHAT_SOURCE_ROOT");
  std::istringstream lines(read_file(std::string(root == nullptr ? "" : root) + "/conf/README.md"));
  std::map<std::string, std::int64_t> limits;
  bool in_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "| name | value | unit |") in_table = true;
    if (line.empty()) in_table = false;
    const auto end = line.find("` | ");
    if (!in_table || !line.starts_with("| `") || end == std::string::npos) continue;
    limits[line.substr(3, end - 3)] = std::stoll(line.substr(end + 4));
  }
  return limits;
}

// The comments behind the configuration: "# name = value".
std::map<std::string, std::int64_t> limits_of_check(const std::string& output) {
  std::istringstream lines(output);
  std::map<std::string, std::int64_t> limits;
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find(" = ");
    if (!line.starts_with("# ") || equals == std::string::npos) continue;
    limits[line.substr(2, equals - 2)] = std::stoll(line.substr(equals + 3));
  }
  return limits;
}

TEST_F(Configuration, HelloCheckAndReadmeAgreeOnLimits) {
  ServerProcess server;
  RawClient client(server.port());
  const Json told = request_ok(client, {{"msgid", 20}}).at("limits");
  const auto limits = told.get<std::map<std::string, std::int64_t>>();
  EXPECT_GT(limits.size(), 20U);
  EXPECT_EQ(limits.at("frame_max_bytes"), 65536);
  EXPECT_EQ(limits_of_check(run({"--check"}).output), limits);
  EXPECT_EQ(limits_of_manual(), limits);
}

TEST_F(Configuration, SetWinsOverTheFile) {
  const std::string file = write_file("[limits]\nchat_per_second = 3\nconnections = 9\n");
  const RunResult result = run({"-c", file, "--set", "limits.chat_per_second=4", "--check"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("chat_per_second = 4\n"));
  EXPECT_THAT(result.output, HasSubstr("connections = 9\n"));
}

TEST_F(Configuration, CheckWarnsOfAnUnencryptedPublicPort) {
  for (const char* open : {"0.0.0.0:6000", "[::]:6000", "192.0.2.1:0"}) {
    const RunResult result = set(std::string("server.listen=") + open);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.errors, HasSubstr(std::string("# server.listen=") + open));
    EXPECT_THAT(result.errors, HasSubstr("in the clear"));
    EXPECT_THAT(result.errors, HasSubstr("conf/nginx-tls.conf"));
    EXPECT_THAT(result.output, Not(HasSubstr("in the clear"))) << "the ini text stays ini text";
  }
  for (const char* closed : {"127.0.0.1:0", "[::1]:0", "localhost:0", "127.1.2.3:0"}) {
    EXPECT_EQ(set(std::string("server.listen=") + closed).errors, "") << closed;
  }
  // That port is the balancer's.
  EXPECT_EQ(
      run({"--set", kFreePort, "--set", "server.proxy_listen=0.0.0.0:6200", "--check"}).errors, "");
}

TEST_F(Configuration, StartWarnsOfAnUnencryptedPublicPort) {
  ServerProcess server({"server.listen=0.0.0.0:0"});
  EXPECT_THAT(read_file(server.dir() / "stderr"),
              HasSubstr("chatserver: warning: server.listen=0.0.0.0:0 is open"));
  const std::string log = read_file(server.dir() / "server.log");
  EXPECT_THAT(log, HasSubstr("event=plain_port_open what=\""));
  const std::string line = log.substr(0, log.find('\n', log.find("event=plain_port_open")));
  EXPECT_THAT(line.substr(line.rfind('\n') + 1), HasSubstr("level=warn"));

  ServerProcess quiet({"server.proxy_listen=0.0.0.0:0"});
  EXPECT_THAT(quiet.log(), Not(HasSubstr("plain_port_open")));
  EXPECT_THAT(read_file(quiet.dir() / "stderr"), Not(HasSubstr("in the clear")));
}

TEST_F(Configuration, UnknownKeysAreRefusedByName) {
  expect_refused(set("server.lisen=127.0.0.1:0"), "server.lisen");
  expect_refused(set("sever.listen=127.0.0.1:0"), "sever");
  expect_refused(run({"-c", write_file("[limits]\nchats_per_second = 3\n"), "--check"}),
                 "chats_per_second");
  expect_refused(run({"-c", write_file("[limits]\nchats_per_second = 3\n")}), "chats_per_second");
}

TEST_F(Configuration, BadValuesAreRefusedByName) {
  for (const char* setting :
       {"server.listen=nowhere", "server.listen=127.0.0.1:65536", "server.listen=127.0.0.1",
        "server.io_threads=-1", "server.workers=many", "server.workers=1.5",
        "storage.engine=oracle", "storage.path=", "bus.engine=kafka", "auth.argon2_memory_kib=0",
        "auth.argon2_ops=0", "auth.token_days=0", "limits.chat_per_second=-1",
        "limits.chat_per_second=", "limits.connections=18446744073709551616", "log.level=loud"}) {
    const std::string text = setting;
    const auto dot = text.find('.');
    expect_refused(set(setting), text.substr(dot + 1, text.find('=') - dot - 1));
  }
}

TEST_F(Configuration, UnsupportedCombinationsAreRefusedWithASentence) {
  expect_refused(set("bus.engine=redis"), "bus.engine");
}

TEST_F(Configuration, MissingFileAndUnknownOptionAreRefused) {
  expect_refused(run({"-c", "/nonexistent/server.ini"}), "/nonexistent/server.ini");
  expect_refused(run({"--frobnicate"}), "frobnicate");
  expect_refused(run({"--set", "server.listen"}), "server.listen");
}

TEST_F(Configuration, SecretsAreMaskedAndReadFromTheEnvironment) {
  ::setenv("CHAT_MYSQL_PASSWORD", "from-the-environment", 1);
  const RunResult result = run({"--set", "redis.password=from-the-flag", "--check"});
  ::unsetenv("CHAT_MYSQL_PASSWORD");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const std::string& text : {result.output, result.errors}) {
    EXPECT_THAT(text, Not(HasSubstr("from-the-")));
  }
}

TEST_F(Configuration, ReadableFilesWithPasswordsAreRefused) {
  const std::string file = write_file("[mysql]\npassword = in-the-file\n");
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  const RunResult refused = run({"-c", file});
  EXPECT_EQ(refused.exit_code, 2);
  expect_refused(refused, file);
  EXPECT_THAT(refused.errors, HasSubstr("0644"));
  EXPECT_THAT(refused.errors, HasSubstr("chmod 600"));
  std::filesystem::permissions(file, std::filesystem::perms{0600});
  EXPECT_EQ(run({"-c", file, "--check"}).exit_code, 0);

  ::setenv("CHAT_REDIS_PASSWORD_FILE", file.c_str(), 1);
  const RunResult taken = run({"--check"});
  std::filesystem::permissions(file, std::filesystem::perms{0604});
  const RunResult not_taken = run({"--check"});
  ::unsetenv("CHAT_REDIS_PASSWORD_FILE");
  EXPECT_EQ(taken.exit_code, 0) << taken.errors;
  EXPECT_THAT(taken.output, HasSubstr("[redis]"));
  EXPECT_EQ(not_taken.exit_code, 2);
  expect_refused(not_taken, "CHAT_REDIS_PASSWORD_FILE");
}

TEST_F(Configuration, PasswordsAsArgumentsCauseAWarning) {
  const RunResult result = run({"--set", "redis.password=from-the-flag", "--check"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, HasSubstr("chatserver: warning: --set redis.password"));
  EXPECT_THAT(run({"--set", kFreePort, "--check"}).errors, ::testing::IsEmpty());
}

// "Max core file size", soft and hard: what the kernel would do when it crashed.
std::string core_limits(pid_t pid) {
  std::istringstream limits(read_file("/proc/" + std::to_string(pid) + "/limits"));
  for (std::string line; std::getline(limits, line);) {
    std::istringstream words(line);
    std::string max, core, file, size, soft, hard;
    words >> max >> core >> file >> size >> soft >> hard;
    if (core == "core") return soft + " " + hard;
  }
  return "";
}

TEST_F(Configuration, CrashesDumpNoCoreUnlessConfigured) {
  const ServerProcess usual;
  EXPECT_THAT(core_limits(usual.pid()), ::testing::AnyOf("1 1", "0 0"));
  const ServerProcess dumping(Settings{"server.core_dumps=on"});
  EXPECT_EQ(core_limits(dumping.pid()), core_limits(::getpid()));
}

TEST_F(Configuration, PortInUseIsRefusedWithASentence) {
  const ServerProcess first;
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  const RunResult result =
      run_to_end(chatserver_command(dir.path(), {"server.listen=" + address, "log.file="}));
  expect_refused(result, address);
  // No new database is left behind.
  for (const char* key : {"server.listen=", "server.proxy_listen="}) {
    const auto command = chatserver_command(
        dir.path(), {key + address, "storage.path=" + dir.file("new/chat.db"), "log.file="});
    expect_refused(run_to_end(command), address);
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "new"));
  }
}

TEST_F(Configuration, StorageThatCannotBeOpenedIsRefusedWithASentence) {
  const RunResult result = run_to_end(
      chatserver_command(dir.path(), {"storage.path=/proc/nowhere/chat.db", "log.file="}));
  expect_refused(result, "/proc/nowhere");
}

TEST_F(Configuration, FileThatIsNoDatabaseIsRefusedUnchanged) {
  const std::string text = "my holiday pictures\n" + std::string(8192, 'x');
  std::ofstream(dir.path() / "chat.db") << text;
  expect_refused(run_to_end(chatserver_command(dir.path(), {"log.file="})), "chat.db");
  EXPECT_EQ(read_file(dir.path() / "chat.db"), text);
}

TEST_F(Configuration, ReadyLineNamesAddressNodeAndStorage) {
  const ServerProcess server(Settings{"server.node=node-7"});
  EXPECT_THAT(server.ready_line(),
              ::testing::MatchesRegex("ready listen=127\\.0\\.0\\.1:[0-9]+ node=node-7 "
                                      "storage=[^ ]+ bus=[^ ]+ version=[0-9][^ ]*"));
}

TEST_F(Configuration, NodeIsNamedAfterItsAddress) {
  const ServerProcess server;
  RawClient client(server.port());
  const std::string node = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(client.request({{"msgid", 20}}).at("node"), node);
  EXPECT_THAT(server.ready_line(), HasSubstr(" node=" + node + " "));
}

TEST_F(Configuration, ServerListensOnIpv6Too) {
  const ServerProcess server(Settings{"server.listen=[::1]:0"});
  EXPECT_GT(server.port(), 0);
  EXPECT_THAT(server.ready_line(), HasSubstr("listen=[::1]:"));
}

TEST_F(Configuration, PasswordsAndTextsAreNotLogged) {
  const std::string password = "correct horse battery";
  const std::string text = "for your eyes only";
  ServerProcess server(Settings{"log.level=debug"});
  {
    RawClient client(server.port());
    const Json registered =
        request_ok(client, {{"msgid", 4}, {"name", "alice"}, {"password", password}});
    const Account alice{registered.at("id").get<std::int64_t>(), "alice", password};
    client.request(login_request(alice, {{"password", password + "!"}}));
    request_ok(client, login_request(alice));
    request_ok(client, chat_request(alice, alice.id, text));
    client.push(6);
    client.request({{"msgid", 6}, {"toid", 0}, {"msg", text}});
    client.send_raw("{\"msgid\":6,\"msg\":\"" + text + "\"\n");
    client.send_raw("{\"msgid\":1,\"password\":\"" + password + "\"]\n");
    for (int i = 0; i < 2; ++i) expect_error(client.receive(), 100, errors::kBadJson);
    expect_alive(client);
  }
  server.terminate();
  EXPECT_FALSE(server.log().empty());
  EXPECT_THAT(server.log(), Not(HasSubstr(password)));
  EXPECT_THAT(server.log(), Not(HasSubstr(text)));
}

}  // namespace
}  // namespace chat::test
