// The operator's socket: its file, and what is sent over it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/processes/operator_tool.h"

namespace chat::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A connection to the socket.
class Line {
 public:
  explicit Line(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect to " + path);
    }
    const timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  // If the server has ended the connection, receive() says so.
  void send(const std::string& bytes) const {
    (void)::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Without its LF; what there is at the end of the connection.
  std::string receive() {
    for (;;) {
      const auto end = unread_.find('\n');
      if (end != std::string::npos) {
        std::string line = unread_.substr(0, end);
        unread_.erase(0, end + 1);
        return line;
      }
      char buffer[4096];
      const ssize_t got = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
      if (got <= 0) return "end";
      unread_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  std::string ask(const std::string& line) {
    send(line + "\n");
    return receive();
  }

 private:
  base::UniqueFd fd_;
  std::string unread_;
};

class AdminSocketFile : public WithServer {};

TEST_F(AdminSocketFile, IsForItsOwnerOnlyAndGoneAfterTheStop) {
  struct stat status {};
  ASSERT_EQ(::stat(server.admin_socket().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  server.terminate();
  EXPECT_FALSE(fs::exists(server.admin_socket()));
}

TEST_F(AdminSocketFile, OfADeadServerIsReplaced) {
  server.kill9();
  ASSERT_TRUE(fs::exists(server.admin_socket()));
  const RunResult result = OperatorTool(server).run({"who"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("no server listens on " + server.admin_socket()));
  server.start();
  EXPECT_TRUE(OperatorTool(server).ask({"who"}).at("sessions").empty());
}

TEST_F(AdminSocketFile, OfALivingServerIsRefused) {
  const TempDir dir;
  const RunResult second =
      run_to_end(chatserver_command(dir.path(), {"server.admin_socket=" + server.admin_socket()}));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.errors, HasSubstr("another server listens there"));
  EXPECT_TRUE(OperatorTool(server).ask({"who"}).at("sessions").empty());
}

TEST_F(AdminSocketFile, DoesNotReplaceAnotherFile) {
  const TempDir dir;
  std::ofstream(dir.file("precious")) << "text";
  const RunResult second =
      run_to_end(chatserver_command(dir.path(), {"server.admin_socket=" + dir.file("precious")}));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.errors, HasSubstr("is not a socket"));
  EXPECT_EQ(read_file(dir.path() / "precious"), "text");
}

TEST(AdminSocketPath, IsBesideTheDatabaseFileByDefault) {
  if (on_mysql()) GTEST_SKIP() << "there is no file";
  ServerProcess server({"server.admin_socket=auto"});
  EXPECT_TRUE(
      OperatorTool((server.dir() / "admin.sock").string()).ask({"who"}).contains("sessions"));
}

TEST(AdminSocketPath, IsFoundInTheConfiguration) {
  ServerProcess server;
  const fs::path file = server.dir() / "chat.ini";
  std::ofstream(file) << "; a comment\n[server]\nadmin_socket = " << server.admin_socket() << "\n";
  const RunResult result = run_to_end({OperatorTool::path(), "--config", file.string(), "who"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  const RunResult missing = run_to_end({OperatorTool::path(), "--config", "/nowhere.ini", "who"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.errors, HasSubstr("cannot read the configuration file /nowhere.ini"));
}

TEST(AdminSocketPath, MayBeNone) {
  ServerProcess server({"server.admin_socket="});
  EXPECT_FALSE(fs::exists(server.admin_socket()));
  RawClient client(server.port());
  expect_alive(client);
}

class AdminSocketLines : public WithServer {
 protected:
  Line connect() const { return Line(server.admin_socket()); }
};

TEST_F(AdminSocketLines, AreAnsweredInOrder) {
  Line line = connect();
  line.send("{\"command\":\"who\"}\n{\"command\":\"registration\",\"args\":{}}\r\n");
  EXPECT_EQ(line.receive(), R"({"ok":true,"result":{"sessions":[]}})");
  EXPECT_EQ(line.receive(), R"({"ok":true,"result":{"registration":"open"}})");
}

TEST_F(AdminSocketLines, WithMistakesAreAnsweredBySentences) {
  Line line = connect();
  for (const char* bad :
       {"nonsense", "", "[]", "{}", R"({"command":7})", R"({"command":"fly"})",
        R"({"command":"who","args":[]})", R"({"command":"kick"})",
        R"({"command":"kick","args":{"user":7}})", R"({"command":"who","args":{"limit":0}})",
        R"({"command":"who","args":{"limit":99999999999999999999}})",
        R"({"command":"who","args":{"limit":1.5}})", R"({"command":"who","args":{"more":1}})",
        R"({"command":"who","args":{"a":{"b":{"c":{"d":1}}}}})"}) {
    const Json reply = Json::parse(line.ask(bad));
    EXPECT_EQ(reply.at("ok"), false) << bad;
    EXPECT_GT(reply.at("error").get<std::string>().size(), 10U) << bad;
  }
  EXPECT_THAT(line.ask(R"({"command":"who"})"), HasSubstr("\"ok\":true"));
}

TEST_F(AdminSocketLines, MayArriveByteByByte) {
  Line line = connect();
  for (const char byte : std::string("{\"command\":\"who\"}\n")) line.send(std::string(1, byte));
  EXPECT_THAT(line.receive(), HasSubstr("\"ok\":true"));
}

TEST_F(AdminSocketLines, ThatAreTooLongEndTheConnection) {
  Line line = connect();
  line.send(std::string(64 * 1024 + 1, 'x'));
  EXPECT_THAT(line.receive(), HasSubstr("the command is too long"));
  EXPECT_EQ(line.receive(), "end");
  EXPECT_THAT(connect().ask(R"({"command":"who"})"), HasSubstr("\"ok\":true"));
}

TEST_F(AdminSocketLines, ComeFromEightConnectionsAtMost) {
  std::vector<Line> lines;
  for (int i = 0; i < 8; ++i) {
    lines.push_back(connect());
    EXPECT_THAT(lines.back().ask(R"({"command":"who"})"), HasSubstr("\"ok\":true"));
  }
  Line ninth = connect();
  EXPECT_THAT(ninth.receive(), HasSubstr("too many operators"));
  EXPECT_EQ(ninth.receive(), "end");
  lines.clear();
  EXPECT_TRUE(wait_until([&] {
    return connect().ask(R"({"command":"who"})").find("\"ok\":true") != std::string::npos;
  }));
}

TEST_F(AdminSocketLines, DoNotDelayAStop) {
  Line idle = connect();
  server.terminate();
  EXPECT_EQ(idle.receive(), "end");
}

}  // namespace
}  // namespace chat::test
