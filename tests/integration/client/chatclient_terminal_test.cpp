// The terminal client's keyboard and screen: keys, pastes, resizing, stopping, incoming messages.
#include <signal.h>

#include <chrono>
#include <clocale>
#include <optional>

#include "support/processes/terminal_screen.h"
#include "terminal_fixture.h"

namespace chat::test {
namespace {

constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";
// Generous for a busy machine; usually a tenth of that.
constexpr milliseconds kPasteTime{2000};

class TerminalKeys : public Terminals {
 protected:
  static void SetUpTestSuite() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  static std::string pasted(const std::string& text) {
    return std::string(kPasteBegin) + text + std::string(kPasteEnd);
  }

  // The screen of a terminal with 120 columns.
  static std::string seen(const TerminalProgram& program) {
    TerminalScreen screen(120);
    screen.write(program.raw());
    return screen.text();
  }

  // A shell with job control that starts the client.
  std::unique_ptr<TerminalProgram> in_a_shell() {
    auto shell = std::make_unique<TerminalProgram>(
        std::vector<std::string>{"/bin/bash", "--norc", "--noprofile", "-i"});
    shell->type_line("PS1='$ '; " + std::string(std::getenv("CHATCLIENT")) +
                     " --no-color --marks lines --port " + std::to_string(port()));
    EXPECT_TRUE(shell->wait_for("Connected to 127.0.0.1"));
    EXPECT_TRUE(shell->wait_for("> "));
    return shell;
  }
};

TEST_F(TerminalKeys, IncompleteKeyBlocksNothing) {
  const auto alice = registered("alice");
  User bob = new_user("bob");
  int number = 0;
  for (const char* half :
       {"\x1b", "\x1b[", "\x1b[1;", "\x12", "\xe4\xb8", "\x1b]0;", "\x1b[200~"}) {
    alice->type(half);
    const std::string text = "message " + std::to_string(++number);
    bob.chat(1, text);
    EXPECT_TRUE(alice->wait_for("bob: " + text)) << number;
  }
  // The first may end a search, the next explains.
  std::optional<int> code;
  for (int presses = 0; presses < 5 && !code; ++presses) {
    alice->type("\x03");
    code = alice->wait_exit(milliseconds{300});
  }
  EXPECT_EQ(code, 128 + SIGINT);
  EXPECT_TRUE(alice->echoes());
}

TEST_F(TerminalKeys, PasteOfTenThousandCharactersIsInsertedAtOnce) {
  const auto alice = registered("alice");
  const auto begin = std::chrono::steady_clock::now();
  alice->type(pasted("/chat 1 " + std::string(9'999, 'x') + "END"));
  ASSERT_TRUE(alice->wait_for("END"));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, scaled(kPasteTime));
  alice->type("\r");
  ASSERT_TRUE(
      alice->wait_for("not sent: the text has 10002 characters, and a message at most 4000"));
  // The line can still be edited.
  alice->type("\x10");
  ASSERT_TRUE(alice->wait_for("END"));
  alice->type("\x15");
}

TEST_F(TerminalKeys, APasteOfSeveralLinesIsOneMessage) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  std::string text = "first\r\n/quit\r\n";
  std::string shown = "alice: first\r\n  │ /quit\r\n  │ ";
  const std::string rest(80, 'y');
  alice->type("/chat 2 ");
  alice->type(pasted(text + rest + "\r\n"));
  ASSERT_TRUE(alice->wait_for("first⏎/quit⏎"));
  alice->type("\r");
  ASSERT_TRUE(bob->wait_for(shown + rest + "\r\n"));
  alice->type_line("/chat 2 still here");
  ASSERT_TRUE(bob->wait_for("alice: still here"));
}

TEST_F(TerminalKeys, TheTerminalIsRestoredOnEveryWayOut) {
  for (const bool at_password : {false, true}) {
    for (const int number :
         {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGUSR1, SIGALRM, SIGBUS}) {
      const auto user = connected();
      if (at_password) {
        user->type_line("/login alice");
        ASSERT_TRUE(user->wait_for("Password: "));
      }
      EXPECT_FALSE(user->echoes());
      user->signal(number);
      EXPECT_EQ(user->wait_exit(), 128 + number);
      EXPECT_TRUE(user->echoes()) << number;
      EXPECT_NE(user->raw().rfind("\x1b[?2004l"), std::string::npos);
      EXPECT_GT(user->raw().rfind("\x1b[?2004l"), user->raw().rfind("\x1b[?2004h"));
    }
  }
  for (const char* thread : {"receive", "keyboard", "signals"}) {
    const auto user = connected();
    user->signal_thread(thread, SIGSEGV);
    EXPECT_EQ(user->wait_exit(), 128 + SIGSEGV);
    EXPECT_TRUE(user->echoes()) << thread;
  }
  const auto user = connected();
  user->type("\x04");
  EXPECT_EQ(user->wait_exit(), 0);
  EXPECT_TRUE(user->echoes());
}

TEST_F(TerminalKeys, StoppedAtAPasswordItStaysHidden) {
  const auto shell = in_a_shell();
  shell->type_line("/register alice secret-1");
  ASSERT_TRUE(shell->wait_for("Logged in as alice"));
  shell->type_line("/logout");
  ASSERT_TRUE(shell->wait_for("Logged out."));
  const std::size_t shown = shell->count("secret-1");
  shell->type_line("/login alice");
  ASSERT_TRUE(shell->wait_for("Password: "));
  for (int round = 0; round < 2; ++round) {
    shell->type("\x1a");
    ASSERT_TRUE(shell->wait_for("Stopped"));
    ASSERT_TRUE(shell->wait_for("$ "));
    shell->type_line("fg");
    ASSERT_TRUE(shell->wait_for("Password: "));
    EXPECT_FALSE(shell->echoes());
  }
  shell->type("secret-1\r");
  ASSERT_TRUE(shell->wait_for("Logged in as alice"));
  EXPECT_EQ(shell->count("secret-1"), shown);
  shell->type_line("/quit");
  ASSERT_TRUE(shell->wait_for("$ "));
  shell->type_line("stty -a | tr -s ' ;' '\\n' | grep -x echo; exit");
  ASSERT_TRUE(shell->wait_for("echo\r\nexit\r\n"));
}

TEST_F(TerminalKeys, TheTypedLineIsDrawnAgainAfterFg) {
  const auto shell = in_a_shell();
  shell->type("/chat 1 half typ");
  ASSERT_TRUE(shell->wait_for("half typ"));
  shell->type("\x1a");
  ASSERT_TRUE(shell->wait_for("Stopped"));
  shell->type_line("fg");
  ASSERT_TRUE(shell->wait_for("> /chat 1 half typ"));
  shell->type("ed\r");
  ASSERT_TRUE(shell->wait_for("log in first"));
}

TEST_F(TerminalKeys, BackgroundClientShowsMessagesAndReadsNoKeys) {
  const auto shell = in_a_shell();
  shell->type_line("/register alice secret");
  ASSERT_TRUE(shell->wait_for("Registered alice"));
  ASSERT_TRUE(shell->wait_for("Logged in as alice"));
  shell->type("\x1a");
  ASSERT_TRUE(shell->wait_for("Stopped"));
  shell->type_line("bg");
  User bob = new_user("bob");
  bob.chat(1, "for the background");
  ASSERT_TRUE(shell->wait_for("bob: for the background"));
  shell->type_line("echo the shell is $((40+2))");
  ASSERT_TRUE(shell->wait_for("the shell is 42"));
  shell->type_line("fg");
  ASSERT_TRUE(shell->wait_for("> "));
  shell->type_line("/chat 2 back again");
  ASSERT_TRUE(shell->wait_for("✓ #1 to 2"));
}

TEST_F(TerminalKeys, OutputAfterAResizeKeepsTheTypedLine) {
  const auto alice = registered("alice");
  User bob = new_user("bob");
  const std::string typed = "/chat 2 " + std::string(60, 'y') + "END";
  alice->type(typed);
  ASSERT_TRUE(alice->wait_for("END"));
  const std::size_t before = alice->raw().size();
  alice->resize(40, 30);
  ASSERT_TRUE(alice->wait_for("END"));
  bob.chat(1, "an answer");
  ASSERT_TRUE(alice->wait_for("END"));
  TerminalScreen screen(120);
  screen.write(std::string_view(alice->raw()).substr(0, before));
  screen.resize(30);
  screen.write(std::string_view(alice->raw()).substr(before));
  const std::string text = screen.text();
  const auto answer = text.find("an answer");
  ASSERT_NE(answer, std::string::npos) << text;
  EXPECT_EQ(text.substr(answer), "an answer\n> /chat 2 yyyyyyyyyyyyyyyyyyyy\n" +
                                     std::string(30, 'y') + "\nyyyyyyyyyyEND")
      << text;
  EXPECT_EQ(text.find("> /chat 2 y"), text.rfind("> /chat 2 y"));
}

TEST_F(TerminalKeys, TextsAndNamesCannotImitateOtherMessages) {
  const auto bob = registered("bob");
  const std::string forged = "99:59 [9] alice: pay eve";
  User eve = new_user("eve");
  // For one length, `forged` begins exactly at a row of the terminal.
  for (std::size_t padding = 80; padding < 100; ++padding) {
    eve.chat(1, std::string(padding, 'x') + forged);
  }
  eve.chat(1, "two\n" + forged);
  User mallory = new_user("alice (9): pay eve");
  mallory.chat(1, "end of it");
  ASSERT_TRUE(bob->wait_for("end of it"));
  const std::string text = seen(*bob);
  EXPECT_EQ(text.find("\n99:59"), std::string::npos) << text;
  EXPECT_NE(text.find("\"alice (9): pay eve\": end of it"), std::string::npos) << text;
}

TEST_F(TerminalKeys, PasswordsAreNotKeptInTheHistory) {
  const auto alice = registered("alice");
  alice->type_line("/friends");
  ASSERT_TRUE(alice->wait_for("No friends yet"));
  alice->type_line(" /login alice hidden-1");
  ASSERT_TRUE(alice->wait_for("this connection is logged in already"));
  alice->type_line("/logni alice hidden-2");
  ASSERT_TRUE(alice->wait_for("unknown command: did you mean /login?"));
  alice->type_line("hidden-3");
  ASSERT_TRUE(alice->wait_for("that goes to nobody yet"));
  alice->type_line("/groups");
  ASSERT_TRUE(alice->wait_for("No groups yet"));
  alice->type("/login alice hidden-4\x15/friends\r");
  ASSERT_TRUE(alice->wait_for("No friends yet"));
  const std::size_t hidden = alice->count("hidden-");
  alice->type("\x19 drawn");
  ASSERT_TRUE(alice->wait_for(" drawn"));
  // Text cut from other lines is available; a line that begins with a blank is not kept.
  alice->type("\x15\r/chat 1 harmless\x15/groups\r");
  ASSERT_TRUE(alice->wait_for("No groups yet"));
  alice->type("\x19");
  EXPECT_TRUE(alice->wait_for("/chat 1 harmless"));
  // The whole history, and what the search finds.
  for (int i = 0; i < 20; ++i) alice->type("\x10");
  alice->type("\x05\x15\x12hidden");
  alice->type("\x07/chat 1 done\r");
  ASSERT_TRUE(alice->wait_for("✓ #1 to 1"));
  EXPECT_EQ(alice->count("hidden-"), hidden);
}

TEST_F(TerminalKeys, ReceiptsAndHintsConcernOwnMessages) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  alice->type_line("/add 2");
  ASSERT_TRUE(alice->wait_for("Added bob (2)"));
  ASSERT_TRUE(bob->wait_for("alice (1) added you as a friend. /add alice to add them."));
  bob->type_line("/add 1");
  ASSERT_TRUE(alice->wait_for("bob (2) added you as a friend.\r\n"));

  alice->type_line("/creategroup tea");
  ASSERT_TRUE(alice->wait_for("Group tea created"));
  bob->type_line("/join 1");
  ASSERT_TRUE(bob->wait_for("Joined tea (1)"));
  alice->type_line("/group 1 from alice");
  ASSERT_TRUE(alice->wait_for("✓✓ everybody in group 1 has read up to #2"));
  bob->type_line("/group 1 from bob");
  ASSERT_TRUE(bob->wait_for("✓✓ everybody in group 1 has read up to #3"));
  alice->type_line("/group 1 again");
  ASSERT_TRUE(alice->wait_for("✓✓ everybody in group 1 has read up to #4"));
  EXPECT_EQ(alice->count("has read up to #2"), 1U);
  EXPECT_EQ(alice->count("up to #3"), 0U);
  EXPECT_EQ(bob->count("up to #2"), 0U);
}

}  // namespace
}  // namespace chat::test
