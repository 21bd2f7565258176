// The built chatclient with lost connections, slow servers and unusual environments.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
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
using testing::HasSubstr;
using testing::Not;

const json kAnyFields = {{"id", 1},
                         {"name", "alice"},
                         {"token", "t"},
                         {"seq", 1},
                         {"friend", {{"id", 2}, {"name", "bob"}, {"state", "online"}}}};

// Answers everything, but closes the connection at the first request with `msgid`.
class LosesOne {
 public:
  explicit LosesOne(int msgid)
      : server_([this, msgid](Peer& peer) {
          while (const auto request = peer.next()) {
            if ((*request)["msgid"] == msgid && !lost_.exchange(true)) return;
            peer.send(Peer::reply_to(*request, kAnyFields));
          }
        }) {}

  std::uint16_t port() const { return server_.port(); }

 private:
  std::atomic<bool> lost_{false};
  FakeServer server_;
};

TEST(LostConnection, FirstLoginIsRetried) {
  const LosesOne server(1);
  ::setenv("CHAT_PASSWORD", "right1", 1);
  const auto ended = run_script(server.port(), "/chat 2 one\n", {"--user", "alice", "--reconnect"});
  ::unsetenv("CHAT_PASSWORD");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("sent to=2 seq=1"));
}

TEST(LostConnection, UnansweredCommandIsReportedAsAFailure) {
  const LosesOne server(7);
  const auto ended =
      run_script(server.port(), "/login alice right1\n/add 2\n/chat 2 x\n", {"--reconnect"});
  EXPECT_EQ(ended.code, 6) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("\nunanswered command=add\n"));
  EXPECT_THAT(ended.output, HasSubstr("sent to=2 seq=1"));
}

TEST(LostConnection, ScriptWaitsForTheNextConnection) {
  const LosesOne server(7);
  const auto ended =
      run_script(server.port(), "/login alice right1\n/add 2\n/add 2\n", {"--reconnect"});
  EXPECT_THAT(ended.output, HasSubstr("friend_added id=2"));
  EXPECT_THAT(ended.output, Not(HasSubstr("usage")));
}

// Chats to the new conversation wait; plain lines never go to the one before.
TEST(LostConnection, AKnownNameCanBecomeTheConversationMeanwhile) {
  std::atomic<bool> away{false};
  FakeServer server([&](Peer& peer) {
    while (const auto request = away ? std::nullopt : peer.next()) {
      away = (*request)["msgid"] == 7;
      json fields = kAnyFields;
      fields["friends"] = {{{"id", 2}, {"name", "bob"}}, {{"id", 3}, {"name", "carol"}}};
      if (!away) peer.send(Peer::reply_to(*request, fields));
    }
  });
  Program program(Program::On::kTerminal, server.port(), {"--no-color", "--no-save"});
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice right1\r");
  ASSERT_TRUE(program.wait_for("Logged in as"));
  program.write("/add 9\r");
  ASSERT_TRUE(program.wait_for("Reconnecting"));
  program.write("/to bob\r");
  ASSERT_TRUE(program.wait_for("bob> "));
  program.write("/to nobody\r");
  ASSERT_TRUE(program.wait_for("there is no connection now"));
  program.write("hello\r");
  EXPECT_TRUE(program.wait_for("that goes to nobody yet"));
  program.write("/to CAROL\r");
  EXPECT_TRUE(program.wait_for("carol> "));
}

// The client's own login retries, which finally succeed, are not failed commands.
TEST(LostConnection, PostponedLoginIsNotAFailure) {
  std::atomic<int> logins{0};
  FakeServer server([&](Peer& peer) {
    while (const auto request = peer.next()) {
      json fields = kAnyFields;
      const bool login = (*request)["msgid"] == 1;
      if (login && ++logins == 2) {
        fields = {{"errno", 31}, {"error", "busy"}, {"errmsg", "b"}, {"retry_after_ms", 1}};
      }
      if ((*request)["msgid"] == 6 && logins == 1) return;
      peer.send(Peer::reply_to(*request, fields));
    }
  });
  const auto ended =
      run_script(server.port(), "/login alice right1\n/chat 2 one\n", {"--reconnect"});
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(logins, 3);
  EXPECT_THAT(ended.output, HasSubstr("sent to=2 seq=1"));
}

TEST(OddSurroundings, TerminalVanishingWithoutASignalEndsIt) {
  FakeServer server(test::small_server);
  Program program(Program::On::kTerminal, server.port(), {});
  ASSERT_TRUE(program.wait_for("> "));
  program.hang_up();
  EXPECT_TRUE(program.ends());
}

TEST(OddSurroundings, SignalsIgnoredByTheParentStayIgnored) {
  for (const int number : {SIGHUP, SIGINT}) {
    FakeServer server(test::small_server);
    (void)std::signal(number, SIG_IGN);
    Program program(Program::On::kPipes, server.port(), {});
    (void)std::signal(number, SIG_DFL);
    program.write("/help\n");
    ASSERT_TRUE(program.wait_for("help text="));
    program.signal(number);
    program.write("/login alice right1\n/quit\n");
    EXPECT_EQ(program.finish(), 0);
    EXPECT_THAT(program.output, HasSubstr("logged_in id=1"));
  }
}

TEST(OddSurroundings, NonBlockingOutputGetsEverything) {
  constexpr int kMessages = 500;
  std::atomic<bool> all_sent{false};
  FakeServer server([&](Peer& peer) {
    while (const auto request = peer.next()) {
      if ((*request)["msgid"] == 22) continue;
      peer.send(Peer::reply_to(*request, kAnyFields));
      if ((*request)["msgid"] != 1) continue;
      for (int seq = 1; seq <= kMessages; ++seq) {
        peer.send({{"msgid", 6},
                   {"id", 2},
                   {"name", "bob"},
                   {"toid", 1},
                   {"seq", seq},
                   {"msg", std::string(400, 'y')},
                   {"time", "2024-05-01 10:00:00"}});
      }
      all_sent = true;
      all_sent.notify_all();
    }
  });
  Program program(Program::On::kImpatientPipes, server.port(), {});
  program.write("/login alice right1\n/wait-messages 500 60\n");
  program.close_input();
  all_sent.wait(false);  // far more than the capacity of a pipe
  EXPECT_EQ(program.finish(), 0);
  EXPECT_THAT(program.output, HasSubstr("seq=500 "));
  EXPECT_THAT(program.output, HasSubstr("logged_out"));
}

TEST(OddSurroundings, ADumbTerminalGetsPlainLines) {
  FakeServer server(test::small_server);
  ::setenv("TERM", "dumb", 1);
  Program program(Program::On::kTerminal, server.port(), {});
  ::setenv("TERM", "xterm", 1);
  ASSERT_TRUE(program.wait_for("Connected"));
  program.write("/login alice\n");
  ASSERT_TRUE(program.wait_for("Password: "));
  program.write("right1\n");
  ASSERT_TRUE(program.wait_for("Logged in as"));
  program.write("/quit\n");
  EXPECT_EQ(program.finish(), 0);
  EXPECT_THAT(program.output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(program.output, Not(HasSubstr("right1")));
}

TEST(OddSurroundings, InvalidUtf8InPasswordOrNameIsWrongUsage) {
  std::atomic<int> logins{0};
  FakeServer server([&](Peer& peer) {
    while (const auto request = peer.next()) {
      logins += (*request)["msgid"] == 1;
      peer.send(Peer::reply_to(*request, kAnyFields));
    }
  });
  ::setenv("CHAT_PASSWORD", "\xff", 1);
  EXPECT_EQ(run_script(server.port(), "", {"--user", "alice"}).code, 2);
  ::unsetenv("CHAT_PASSWORD");
  EXPECT_EQ(run_script(server.port(), "\xe4\n", {"--user", "alice"}).code, 2);
  EXPECT_EQ(run_script(server.port(), "right1\n", {"--user", "\xff"}).code, 2);
  EXPECT_EQ(logins, 0);
}

TEST(OddSurroundings, NegativeSeqIsAProtocolFault) {
  FakeServer server([](Peer& peer) {
    peer.answer();
    peer.send({{"msgid", 6},
               {"id", 2},
               {"name", "bob"},
               {"toid", 1},
               {"seq", -1},
               {"msg", "hi"},
               {"time", "2024-05-01 10:00:00"}});
    peer.next();
  });
  Program program(Program::On::kPipes, server.port(), {});
  EXPECT_EQ(program.finish(), 5);
}

}  // namespace
}  // namespace chat::client
