// The built chatclient, used by a script and by a person.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "fake_server.h"
#include "program.h"

namespace chat::client {
namespace {

using test::FakeServer;
using test::json;
using test::Peer;
using test::Program;
using test::run_script;
using test::small_server;
using testing::HasSubstr;
using testing::Not;

TEST(Program, RunsAScript) {
  FakeServer server(small_server);
  const auto ended = run_script(server.port(),
                                "/register alice right1\n/login alice\nright1\n"
                                "chat:2:one\n/chat 2 two\n/join 4\nloginout\n"
                                "/login 1 right1\n/chat 2 three");
  EXPECT_EQ(ended.output, "connected host=\"127.0.0.1\" port=" + std::to_string(server.port()) +
                              "\n"
                              "registered id=1 name=\"alice\"\n"
                              "logged_in id=1 name=\"alice\" friends=0 groups=0 offline=0\n"
                              "sent to=2 seq=1\n"
                              "sent to=2 seq=2\n"
                              "group_joined id=4 name=\"team\" desc=\"\" members=0\n"
                              "logged_out id=1\n"
                              "logged_in id=1 name=\"alice\" friends=0 groups=0 offline=0\n"
                              "sent to=2 seq=3\n"
                              "logged_out id=1\n");
  EXPECT_EQ(ended.code, 0);
}

TEST(Program, LogsInAtTheStart) {
  FakeServer server(small_server);
  ::setenv("CHAT_PASSWORD", "right1", 1);
  const auto good = run_script(server.port(), "/quit\n", {"--user", "alice"});
  ::setenv("CHAT_PASSWORD", "wrong1", 1);
  const auto bad = run_script(server.port(), "/chat 2 x\n", {"--user", "alice"});
  ::unsetenv("CHAT_PASSWORD");
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.output, HasSubstr("logged_in id=1"));
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.output, HasSubstr("error command=login errno=1 error=failed"));
}

TEST(Program, AScriptGetsTheWholeListOfCommands) {
  FakeServer server(small_server);
  const auto plain = run_script(server.port(), "/help\n");
  const auto all = run_script(server.port(), "/help all\n");
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.output, HasSubstr("/creategroup NAME"));
  EXPECT_EQ(all.output, plain.output);
  EXPECT_EQ(run_script(server.port(), "/help groups\n").code, 2);
}

TEST(Program, ExitCodesTellWhatFailed) {
  FakeServer server(small_server);
  EXPECT_EQ(run_script(server.port(), "/login alice wrong1\n/login alice right1\n").code, 1);
  EXPECT_EQ(run_script(server.port(), "nonsense\n").code, 2);
  EXPECT_EQ(run_script(server.port(), "/friends\n").code, 1);
  EXPECT_EQ(run_script(server.port(), "/login alice\n").code, 2);
  EXPECT_EQ(run_script(server.port(), "/wait-messages 1 0.01\n").code, 6);
  EXPECT_EQ(run_script(server.port(), "", {"--nonsense"}).code, 2);
}

TEST(Program, FailsIfItCannotConnect) {
  std::uint16_t port = 0;
  {
    FakeServer server([](Peer&) {});
    port = server.port();
  }
  EXPECT_EQ(run_script(port, "").code, 3);
}

TEST(Program, ByeAndLostConnectionExitWithFour) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send({{"msgid", 204}, {"reason", "taken_over"}, {"reconnect_after_ms", -1}});
  });
  Program program(Program::On::kPipes, server.port(), {});
  // Its input stays open: the end of the connection alone ends it.
  EXPECT_EQ(program.finish(), 4);
  EXPECT_THAT(program.output, HasSubstr("\nbye reason=\"taken_over\" reconnect_after_ms=-1\n"
                                        "disconnected reason="));
}

TEST(Program, ProtocolFaultExitsWithFive) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send("no object");
    peer.next();
  });
  Program program(Program::On::kPipes, server.port(), {});
  EXPECT_EQ(program.finish(), 5);
}

TEST(Program, JsonShowsThePushUnchanged) {
  const std::string push =
      R"({"msgid":6,"seq":1,"id":2,"name":"bob","toid":1,"msg":"hé","time":"2024-05-01 10:00:00"})";
  FakeServer server([&](Peer& peer) {
    peer.answer();
    std::string bytes;
    protocol::append_frame(bytes, protocol::Framing::kBinary, push);
    peer.send_raw(bytes);
    peer.next();
  });
  const auto ended = run_script(server.port(), "/wait-messages 1\n", {"--json"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr(push + "\n"));
  EXPECT_THAT(ended.output, HasSubstr(R"({"event":"connected","host":"127.0.0.1","port":)"));
}

TEST(Program, InterruptEndsAWaitForAnAnswer) {
  std::atomic<bool> asked{false};
  FakeServer server([&](Peer& peer) {
    peer.answer();
    peer.next();
    asked = true;
    asked.notify_all();
    peer.next();  // no answer: the signal must end it
  });
  Program program(Program::On::kPipes, server.port(), {});
  program.write("/login alice right1\n");
  asked.wait(false);
  program.signal(SIGINT);
  EXPECT_EQ(program.finish(), 128 + SIGINT);
}

TEST(Program, AsksForThePasswordWithoutEcho) {
  FakeServer server(small_server);
  Program program(Program::On::kTerminal, server.port(), {});
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice\n");
  ASSERT_TRUE(program.wait_for("/login alice"));  // the line editor shows what is typed
  ASSERT_TRUE(program.wait_for("Password: "));
  EXPECT_FALSE(program.echoes());
  program.write("right1\n");
  ASSERT_TRUE(program.wait_for("Logged in as"));
  program.write("/friends\n");
  ASSERT_TRUE(program.wait_for("/friends"));
  program.write("/quit\n");
  EXPECT_EQ(program.finish(), 0);
  EXPECT_EQ(program.output.find("right1"), std::string::npos);
}

TEST(Program, APersonWithoutAPasswordAtTheStartCanLogInLater) {
  FakeServer server(small_server);
  for (const char* typed : {"\x03", "\x04", "\n"}) {
    Program program(Program::On::kTerminal, server.port(), {"--user", "alice"});
    ASSERT_TRUE(program.wait_for("Password: "));
    program.write(typed);
    ASSERT_TRUE(program.wait_for("/register NAME or /login NAME"));
    program.write("/login alice right1\n");
    ASSERT_TRUE(program.wait_for("Logged in as"));
    program.write("/quit\n");
    EXPECT_EQ(program.finish(), 0);
  }
}

// What a full server sends before it has read a byte, in text framing.
const std::string kFull = "{\"msgid\":204,\"reason\":\"server_full\",\"reconnect_after_ms\":1}\n";

TEST(Program, FullServerIsReported) {
  FakeServer server([](Peer& peer) {
    peer.send_raw(kFull);
    peer.drop_some();
  });
  const auto ended = run_script(server.port(), "/quit\n");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.output, HasSubstr("the server is full"));
}

TEST(Program, FullServerIsRetried) {
  int full = 2;
  FakeServer server([&](Peer& peer) {
    if (full-- > 0) {
      peer.send_raw(kFull);
      peer.drop_some();
    } else {
      small_server(peer);
    }
  });
  const auto ended = run_script(server.port(), "/login alice right1\n/chat 2 x\n", {"--reconnect"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr("reconnecting after_ms="));
  EXPECT_THAT(ended.output, HasSubstr("sent to=2 seq=1"));
}

TEST(Program, OtherJsonLinesAreAProtocolFault) {
  FakeServer server([](Peer& peer) {
    peer.send_raw("{\"msgid\":120,\"errno\":0}\n");
    peer.drop_some();
  });
  const auto ended = run_script(server.port(), "/quit\n");
  EXPECT_EQ(ended.code, 5);
}

TEST(Program, LongReconnectDelayIsBounded) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send({{"msgid", 204}, {"reason", "x"}, {"reconnect_after_ms", 9'000'000'000'000'000}});
  });
  Program program(Program::On::kPipes, server.port(), {"--reconnect"});
  ASSERT_TRUE(program.wait_for("reconnecting after_ms="));
  ASSERT_TRUE(program.wait_for("reason=\"\""));
  const auto at = program.output.find("after_ms=", program.output.find("\nreconnecting"));
  EXPECT_LE(std::stoll(program.output.substr(at + 9)), 301'000);
  program.signal(SIGINT);
  EXPECT_EQ(program.finish(), 128 + SIGINT);
}

// The server closes the connection without an answer, and refuses the token.
TEST(Program, UnsentMessageIsAFailure) {
  FakeServer server([](Peer& peer) {
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      if (msgid == 6) return;
      json fields = {{"id", 1}, {"name", "alice"}, {"token", "t"}};
      if (msgid == 1 && request->contains("token")) {
        fields = {{"errno", 26}, {"error", "invalid_token"}, {"errmsg", "no"}};
      }
      peer.send(Peer::reply_to(*request, fields));
    }
  });
  for (const char* end : {"", "/quit\n"}) {
    const auto ended = run_script(
        server.port(), std::string("/login alice right1\n/chat 2 one\n") + end, {"--reconnect"});
    EXPECT_EQ(ended.code, 6) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr("\nunsent count=1\n"));
  }
}

// The same on a terminal, where the client does not wait for the server.
TEST(Program, QuittingWithUnsentMessagesWarns) {
  std::atomic<bool> gone{false};
  FakeServer server([&](Peer& peer) {
    if (gone) return;
    while (const auto request = peer.next()) {
      if ((*request)["msgid"] == 6) break;
      peer.send(Peer::reply_to(*request, {{"id", 1}, {"name", "alice"}, {"token", "t"}}));
    }
    gone = true;
  });
  Program program(Program::On::kTerminal, server.port(), {});
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice right1\r");
  ASSERT_TRUE(program.wait_for("Logged in"));
  program.write("/chat 2 one\r");
  ASSERT_TRUE(program.wait_for("Connection lost"));
  program.write("/quit\r");
  EXPECT_EQ(program.finish(), 6);
  EXPECT_THAT(program.output, HasSubstr("may never arrive: 1 message."));
}

// While a script waits or provides a password, the client acknowledges and reconnects.
TEST(Program, WaitMaintainsTheConnection) {
  for (const std::string waiting : {"/wait 30\n", "/wait-messages 3 30\n", "/register bob\n"}) {
    std::atomic<int> logins{0};
    std::atomic<bool> acknowledged{false};
    FakeServer server([&](Peer& peer) {
      while (const auto request = peer.next()) {
        const int msgid = (*request)["msgid"];
        if (msgid == 22) {
          acknowledged = true;
          if (logins == 1) return;  // closes
          continue;
        }
        peer.send(Peer::reply_to(*request, {{"id", 1}, {"name", "alice"}, {"token", "t"}}));
        if (msgid != 1) continue;
        ++logins;
        peer.send({{"msgid", 6},
                   {"id", 2},
                   {"name", "bob"},
                   {"toid", 1},
                   {"seq", logins.load()},
                   {"msg", "hi"},
                   {"time", "2024-05-01 10:00:00"}});
      }
    });
    Program program(Program::On::kPipes, server.port(), {"--reconnect"});
    program.write("/login alice right1\n" + waiting);
    EXPECT_TRUE(program.wait_for("seq=2")) << waiting;
    EXPECT_TRUE(acknowledged);
    EXPECT_EQ(logins, 2);
    program.signal(SIGINT);
    EXPECT_EQ(program.finish(), 128 + SIGINT);
  }
}

TEST(Program, PasswordFileWithCrLfWorks) {
  FakeServer server(small_server);
  const std::string path = testing::TempDir() + "password.txt";
  std::ofstream(path, std::ios::binary) << "right1\r\n";
  const auto ended =
      run_script(server.port(), "/quit\n", {"--user", "alice", "--password-file", path});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr("logged_in id=1"));
}

TEST(Program, APasswordFileWithoutAPasswordIsWrongUsage) {
  FakeServer server(small_server);
  const std::string path = testing::TempDir() + "no_password.txt";
  for (const char* text : {"", "\n", "\r\nright1\n"}) {
    std::ofstream(path, std::ios::binary) << text;
    const auto ended =
        run_script(server.port(), "/quit\n", {"--user", "alice", "--password-file", path});
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.output,
                HasSubstr("--password-file: the first line of " + path + " is empty"));
    EXPECT_THAT(ended.output, Not(HasSubstr("logged_in")));
  }
}

TEST(Program, AClosedStandardStreamIsRefused) {
  FakeServer server(small_server);
  for (const char* closed : {"<&-", ">&-"}) {
    const std::string command = std::string(std::getenv("CHATCLIENT")) + " 127.0.0.1 " +
                                std::to_string(server.port()) + " 2>/dev/stdout " + closed;
    // With ">&-", the sentence goes to the pipe that was standard output.
    FILE* const pipe = ::popen(("/bin/bash -c '" + command + "'").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said(1000, 0);
    said.resize(std::fread(said.data(), 1, said.size(), pipe));
    EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 2) << closed;
    EXPECT_THAT(said, HasSubstr("put is closed"));
  }
}

TEST(Program, ALineLongerThanTheEditorsFirstBuffersIsSentWhole) {
  std::atomic<std::size_t> longest{0};
  FakeServer server([&](Peer& peer) {
    while (const auto request = peer.next()) {
      if ((*request)["msgid"] == 6) longest = (*request)["msg"].get<std::string>().size();
      peer.send(Peer::reply_to(*request, {{"id", 1}, {"name", "alice"}, {"seq", 7}}));
    }
  });
  Program program(Program::On::kTerminal, server.port(), {"--marks", "lines"});
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice right1\n");
  ASSERT_TRUE(program.wait_for("Logged in"));
  constexpr std::size_t kLong = 2500;
  program.write("/chat 2 ");
  // In pieces, because it is drawn as it is typed.
  for (std::size_t i = 0; i < kLong; i += 100) {
    program.write(std::string(100, 'y'));
    program.output.clear();
    ASSERT_TRUE(program.wait_for("y"));
  }
  program.write("\n");
  bool sent = false;
  for (int i = 0; i < 6 && !sent; ++i) sent = program.wait_for("✓ #7");
  EXPECT_TRUE(sent);
  EXPECT_EQ(longest, kLong);
  program.write("/quit\n");
  EXPECT_EQ(program.finish(), 0);
}

TEST(Program, CompletesNamesOfSeveralWordsAndBytes) {
  FakeServer server([](Peer& peer) {
    json friends = json::array();
    for (const char* name : {"Anna Lee", "中国", "丰"}) {
      friends.push_back({{"id", friends.size() + 2}, {"name", name}, {"state", "online"}});
    }
    while (const auto request = peer.next()) {
      json fields = {{"id", 1}, {"name", "alice"}, {"seq", 7}, {"friends", friends}};
      peer.send(Peer::reply_to(*request, fields));
    }
  });
  Program program(Program::On::kTerminal, server.port(), {"--marks", "lines"});
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice right1\n");
  ASSERT_TRUE(program.wait_for("Logged in"));
  program.write("/chat \"Anna L\t hello\n");
  EXPECT_TRUE(program.wait_for("✓ #7 to 2"));
  program.write("/chat 中\t hello\n");
  EXPECT_TRUE(program.wait_for("✓ #7 to 3"));
  program.write("/quit\n");
  EXPECT_EQ(program.finish(), 0);
}

TEST(Program, ASignalRestoresTheTerminal) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    FakeServer server(small_server);
    Program program(Program::On::kTerminal, server.port(), {});
    ASSERT_TRUE(program.wait_for("Connected"));
    program.write("/login alice\n");
    ASSERT_TRUE(program.wait_for("Password: "));
    EXPECT_FALSE(program.echoes());
    program.signal(number);
    EXPECT_EQ(program.finish(), 128 + number);
    EXPECT_TRUE(program.echoes());
  }
}

}  // namespace
}  // namespace chat::client
