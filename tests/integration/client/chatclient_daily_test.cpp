// The terminal client as people use it every day: a current conversation, marks that change in
// place, Ctrl-C, one line while the server is away, settings, and what is kept between runs.
#include <signal.h>

#include <clocale>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "support/processes/terminal_screen.h"
#include "support/temp_dir.h"
#include "terminal_fixture.h"

namespace chat::test {
namespace {

class DailyUse : public Terminals {
 protected:
  static void SetUpTestSuite() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  // With the marks of a person's default settings, and with a home.
  std::unique_ptr<TerminalProgram> start(const std::string& home,
                                         const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv{std::getenv("CHATCLIENT"), "--port", std::to_string(port()),
                                  "--no-color"};
    argv.insert(argv.end(), more.begin(), more.end());
    auto out = std::make_unique<TerminalProgram>(
        argv, std::vector<std::string>{"XDG_STATE_HOME=" + homes.file(home),
                                       "XDG_CONFIG_HOME=" + homes.file(home)});
    EXPECT_TRUE(out->wait_for("Connected to 127.0.0.1"));
    return out;
  }

  std::unique_ptr<TerminalProgram> new_person(const std::string& name) {
    auto out = start(name);
    EXPECT_TRUE(out->wait_for("> "));
    out->type_line("/register " + name + " secret-of-" + name);
    EXPECT_TRUE(out->wait_for("Registered " + name));
    EXPECT_TRUE(out->wait_for("Logged in as " + name));
    return out;
  }

  static std::string seen(const TerminalProgram& program) {
    TerminalScreen screen(120);
    screen.write(program.raw());
    return screen.text();
  }

  // Waits until the screen shows the text.
  static bool sees(TerminalProgram& program, const std::string& text) {
    const bool shown = wait_until([&] {
      program.count("");  // reads
      return seen(program).find(text) != std::string::npos;
    });
    if (!shown) ADD_FAILURE() << "no " << text << " in:\n" << seen(program);
    return shown;
  }

  static std::string file(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TempDir homes;
};

TEST_F(DailyUse, PlainLinesGoToTheCurrentConversation) {
  const auto alice = new_person("alice");
  const auto bob = new_person("bob");
  alice->type_line("/to bob");
  ASSERT_TRUE(alice->wait_for("bob> "));
  alice->type_line("hello bob");
  ASSERT_TRUE(bob->wait_for("alice: hello bob"));
  alice->type_line("//slash");
  ASSERT_TRUE(bob->wait_for("alice: /slash"));
  alice->type_line("/creategroup \"Tea Time\"");
  ASSERT_TRUE(alice->wait_for("created"));
  alice->type_line("/to \"Tea Time\"");
  ASSERT_TRUE(alice->wait_for("[\"Tea Time\"]> "));
  bob->type_line("/join 1");
  ASSERT_TRUE(bob->wait_for("Joined \"Tea Time\" (1): 2 members."));
  alice->type_line("quit");
  ASSERT_TRUE(bob->wait_for("alice in \"Tea Time\": quit"));
  alice->type_line("/to");
  ASSERT_TRUE(alice->wait_for("Plain lines go to the group \"Tea Time\"."));
  alice->type_line("/to -");
  ASSERT_TRUE(alice->wait_for("\r> "));
  alice->type_line("lost");
  ASSERT_TRUE(alice->wait_for("that goes to nobody yet: /to NAME"));
}

TEST_F(DailyUse, MarksChangeInPlaceAlsoAboveOtherLines) {
  const auto alice = new_person("alice");
  auto bob = new_person("bob");
  bob->type_line("/quit");
  ASSERT_EQ(bob->wait_exit(), 0);
  alice->type_line("/to bob");
  ASSERT_TRUE(alice->wait_for("bob> "));
  alice->type_line("one");
  ASSERT_TRUE(sees(*alice, "you ✓  one"));
  alice->type_line("two");
  ASSERT_TRUE(sees(*alice, "you ✓  two"));
  alice->type("half");
  ASSERT_TRUE(sees(*alice, "bob> half"));
  bob = start("bob");
  ASSERT_TRUE(bob->wait_for("alice: two"));
  ASSERT_TRUE(sees(*alice, "you ✓✓ one"));
  ASSERT_TRUE(sees(*alice, "you ✓✓ two"));
  const std::string screen = seen(*alice);
  EXPECT_TRUE(screen.ends_with("✓✓ two\nbob> half")) << screen;
  EXPECT_EQ(screen.find("✓ #"), std::string::npos) << screen;
  EXPECT_EQ(screen.find("bob> one"), std::string::npos) << screen;
}

TEST_F(DailyUse, CtrlCClearsTheLineThenExplainsThenEnds) {
  const auto alice = new_person("alice");
  alice->type("half a line");
  ASSERT_TRUE(alice->wait_for("half a line"));
  alice->type("\x03");
  ASSERT_TRUE(wait_until([&] {
    alice->count("");
    return seen(*alice).ends_with("\n>");
  })) << seen(*alice);
  alice->type("\x03");
  ASSERT_TRUE(alice->wait_for("Ctrl-C again, Ctrl-D or /quit ends the client."));
  // Another key in between begins again.
  alice->type("x\x7f\x03");
  ASSERT_TRUE(alice->wait_for("Ctrl-C again, Ctrl-D or /quit ends the client."));
  alice->type("\x03");
  EXPECT_EQ(alice->wait_exit(), 128 + SIGINT);
  EXPECT_TRUE(alice->echoes());
}

TEST_F(DailyUse, CtrlCCancelsAQuestion) {
  const auto alice = start("alice");
  ASSERT_TRUE(alice->wait_for("> "));
  alice->type_line("/login alice");
  ASSERT_TRUE(alice->wait_for("Password: "));
  alice->type("half\x03");
  ASSERT_TRUE(alice->wait_for("the password is missing"));
  alice->type_line("/quit");
  EXPECT_EQ(alice->wait_exit(), 0);
}

TEST_F(DailyUse, OneLineIsRewrittenWhileTheServerIsAway) {
  const auto alice = new_person("alice");
  server.kill9();
  ASSERT_TRUE(alice->wait_for("(attempt 3)", milliseconds{40'000}));
  std::string screen = seen(*alice);
  EXPECT_EQ(screen.find("Reconnecting"), screen.rfind("Reconnecting")) << screen;
  alice->type_line("/chat alice kept");
  ASSERT_TRUE(sees(*alice, "you to alice ·· kept"));
  server.start();
  ASSERT_TRUE(alice->wait_for("Connected again as alice.", milliseconds{40'000}));
  ASSERT_TRUE(sees(*alice, "you to alice ✓✓ kept"));
  screen = seen(*alice);
  EXPECT_EQ(screen.find("Reconnecting"), std::string::npos) << screen;
}

TEST_F(DailyUse, EnterReconnectsAtOnce) {
  const auto alice = new_person("alice");
  server.kill9();
  // Later attempts are seconds apart.
  ASSERT_TRUE(alice->wait_for("(attempt 2)", milliseconds{40'000}));
  server.start();
  const bool back = wait_until([&] {
    alice->type("\r");
    return alice->count("Connected again as alice.") > 0;
  });
  EXPECT_TRUE(back) << seen(*alice);
  EXPECT_EQ(alice->count("unknown command"), 0U);
}

TEST_F(DailyUse, AStoppingServerIsToldInOneLine) {
  const auto alice = new_person("alice");
  server.terminate();
  ASSERT_TRUE(alice->wait_for("The server is stopping."));
  ASSERT_TRUE(alice->wait_for("Reconnecting in "));
  EXPECT_EQ(alice->count("Connection lost"), 0U);
}

TEST_F(DailyUse, AConversationBeginsWithItsNewestMessages) {
  User bob = new_user("bob");
  auto alice = new_person("alice");
  bob.chat(2, "first");
  ASSERT_TRUE(alice->wait_for("bob: first"));
  alice->type_line("/to bob");
  alice->type_line("second");
  ASSERT_TRUE(sees(*alice, "you ✓"));
  EXPECT_EQ(alice->count("Earlier"), 0U) << "it is on the screen";
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);

  alice = start("alice");
  ASSERT_TRUE(alice->wait_for("Nothing unread."));
  EXPECT_EQ(alice->count("/register"), 0U) << "logged in already";
  alice->type_line("/to bob");
  ASSERT_TRUE(alice->wait_for("Earlier with bob:"));
  ASSERT_TRUE(sees(*alice, "bob: first"));
  ASSERT_TRUE(sees(*alice, "you ✓  second"));
}

TEST_F(DailyUse, OnlyAnExistingUserBecomesTheConversation) {
  const auto alice = new_person("alice");
  alice->type_line("/to 77");
  ASSERT_TRUE(alice->wait_for("there is no such user"));
  EXPECT_EQ(alice->count("user 77>"), 0U);
  const auto bob = new_person("bob");
  alice->type_line("/to 2");
  ASSERT_TRUE(alice->wait_for("bob> "));
  alice->type_line("/logout");
  ASSERT_TRUE(alice->wait_for("Logged out."));
  ASSERT_TRUE(wait_until([&] {
    alice->count("");
    return seen(*alice).ends_with("\n>");
  })) << seen(*alice);
}

// A program that only receives, such as a script, leaves messages unread.
TEST_F(DailyUse, WhatAConversationBeginsWithIsRead) {
  const auto bob = new_person("bob");
  User alice = new_user("alice");
  bob->type_line("/chat alice for later");
  ASSERT_TRUE(sees(*bob, "you to alice ✓✓ for later"));
  alice.log_out();
  const auto person = start("alice");
  ASSERT_TRUE(person->wait_for("> "));
  person->type_line("/login alice " + alice.account.password);
  ASSERT_TRUE(person->wait_for("Unread: bob 1."));
  person->type_line("/to bob");
  ASSERT_TRUE(sees(*person, "bob: for later"));
  person->type_line("/inbox");
  ASSERT_TRUE(person->wait_for("Conversations:"));
  EXPECT_EQ(person->count("bob  1 new"), 0U);
}

TEST_F(DailyUse, WhatWasNotShownStaysUnread) {
  User bob = new_user("bob");
  User alice = new_user("alice");
  for (int i = 1; i <= 60; ++i) bob.chat(2, "number " + std::to_string(i) + ".");
  ASSERT_EQ(collect_messages(alice, 60).size(), 60U);
  alice.log_out();
  const auto person = start("alice");
  ASSERT_TRUE(person->wait_for("> "));
  person->type_line("/login alice " + alice.account.password);
  ASSERT_TRUE(person->wait_for("Unread: bob 60."));
  person->type_line("/to bob");
  ASSERT_TRUE(person->wait_for("Unread with bob:"));
  ASSERT_TRUE(person->wait_for("bob: number 1."));
  ASSERT_TRUE(person->wait_for("10 newer unread messages: /more shows them."));
  bob.chat(2, "and now");
  ASSERT_TRUE(person->wait_for("and now"));
  const auto unread = [&] {
    person->type_line("/inbox");
    if (!person->wait_for("Conversations:") || !person->wait_for("and now")) return std::string();
    const std::string& screen = person->screen();
    return screen.substr(screen.rfind("Conversations:"));
  };
  EXPECT_TRUE(wait_until([&] { return unread().find("bob  11 new") != std::string::npos; }));
  person->type_line("/to bob");  // /more would show more of the inbox
  ASSERT_TRUE(person->wait_for("bob: number 60."));
  EXPECT_TRUE(wait_until([&] { return unread().find(" new") == std::string::npos; }));
}

TEST_F(DailyUse, NothingIsReadInTheBackground) {
  const auto alice = new_person("alice");
  User bob = new_user("bob");
  alice->type("\x1b[Ox");
  ASSERT_TRUE(alice->wait_for("x"));
  bob.chat(1, "for later");
  ASSERT_TRUE(alice->wait_for("bob: for later"));
  alice->type("\x15/inbox\r");
  ASSERT_TRUE(alice->wait_for("bob  1 new"));
  alice->type("\x1b[I");
  EXPECT_TRUE(wait_until([&] {
    alice->type_line("/inbox");
    return alice->wait_for("Conversations:") && alice->wait_for("for later") &&
           alice->screen().substr(alice->screen().rfind("Conversations:")).find("new") ==
               std::string::npos;
  }));
}

TEST_F(DailyUse, AnAnswerShowsInTheHistoryWhatWasRead) {
  const auto bob = new_person("bob");
  auto alice = new_person("alice");
  alice->type_line("/chat bob question");
  ASSERT_TRUE(bob->wait_for("alice: question"));
  ASSERT_TRUE(sees(*alice, "you to bob ✓✓ question"));
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);
  bob->type_line("/chat alice answer");
  ASSERT_TRUE(sees(*bob, "you to alice ✓  answer"));
  alice = start("alice");
  ASSERT_TRUE(alice->wait_for("bob: answer"));
  alice->type_line("/history bob");
  ASSERT_TRUE(alice->wait_for("you ✓✓ question"));
}

TEST_F(DailyUse, ANameMayHaveANewOwner) {
  const auto alice = new_person("alice");
  auto bob = new_person("bob");
  alice->type_line("/add bob");
  ASSERT_TRUE(alice->wait_for("Added bob (2)"));
  bob->type_line("/deleteaccount");
  ASSERT_TRUE(bob->wait_for("for good: "));
  bob->type_line("secret-of-bob");
  ASSERT_TRUE(bob->wait_for("Account deleted."));
  const auto other = new_person("bob");
  alice->type_line("/to bob");
  ASSERT_TRUE(alice->wait_for("bob> "));
  alice->type_line("are you new?");
  EXPECT_TRUE(other->wait_for("alice: are you new?"));
}

TEST_F(DailyUse, WhatBecomesOfAMessageWhoseLineIsLostIsToldBelow) {
  const auto alice = new_person("alice");
  User bob = new_user("bob");
  server.kill9();
  ASSERT_TRUE(alice->wait_for("Reconnecting in "));
  alice->type_line("/chat 2 kept");
  ASSERT_TRUE(sees(*alice, "you to user 2 ·· kept"));
  alice->resize(24, 100);
  ASSERT_TRUE(alice->wait_for("> "));
  server.start();
  ASSERT_TRUE(alice->wait_for("Connected again as alice.", milliseconds{40'000}));
  EXPECT_TRUE(alice->wait_for("✓ [1] is stored"));
}

TEST_F(DailyUse, TheLoginTellsWhatIsUnread) {
  auto alice = new_person("alice");
  User bob = new_user("bob");
  ASSERT_TRUE(alice->wait_for("No friends and no groups yet"));
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);
  bob.chat(1, "one");
  bob.chat(1, "two");
  alice = start("alice");
  ASSERT_TRUE(alice->wait_for("Unread: bob 2. /to NAME answers, /inbox lists all."));
  alice->type_line("/chat bob three");
  ASSERT_TRUE(sees(*alice, "you to bob ✓"));
  alice->type_line("/inbox");
  ASSERT_TRUE(alice->wait_for("you: three"));
}

TEST_F(DailyUse, ASavedTokenLogsInUntilLogout) {
  auto alice = new_person("alice");
  alice->type_line("/chat alice remembered");
  ASSERT_TRUE(alice->wait_for("remembered"));
  alice->type_line("/join --code f8d4026f81156c549e42eac6bad4c541");
  ASSERT_TRUE(alice->wait_for("this code is not valid any more"));
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);
  const std::string kept = file(homes.file("alice/chat/history"));
  EXPECT_NE(kept.find("/chat alice remembered\n"), std::string::npos) << kept;
  EXPECT_EQ(kept.find("secret-of"), std::string::npos) << kept;
  EXPECT_EQ(kept.find("f8d4"), std::string::npos) << kept;

  alice = start("alice");
  ASSERT_TRUE(alice->wait_for("Logged in as alice (id 1)"));
  alice->type("\x10\x10");
  ASSERT_TRUE(alice->wait_for("/chat alice remembered"));
  alice->type("\x03");
  alice->type_line("/logout");
  ASSERT_TRUE(alice->wait_for("Logged out."));
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);
  EXPECT_EQ(file(homes.file("alice/chat/tokens.json")).find("alice"), std::string::npos);

  alice = start("alice");
  alice->type_line("/friends");
  ASSERT_TRUE(alice->wait_for("log in first"));
}

TEST_F(DailyUse, AnEndedLoginAsksForThePassword) {
  auto alice = new_person("alice");
  alice->type_line("/quit");
  ASSERT_EQ(alice->wait_exit(), 0);
  auto elsewhere = start("elsewhere");
  elsewhere->type_line("/login alice secret-of-alice");
  ASSERT_TRUE(elsewhere->wait_for("Logged in as alice"));
  elsewhere->type_line("/revoke others");
  ASSERT_TRUE(elsewhere->wait_for("Sessions ended: 1"));
  elsewhere->type_line("/quit");
  ASSERT_EQ(elsewhere->wait_exit(), 0);

  alice = start("alice");
  ASSERT_TRUE(alice->wait_for("The saved login of alice has ended. Password: "));
  EXPECT_EQ(alice->count("/login"), 0U);
  alice->type_line("secret-of-alice");
  ASSERT_TRUE(alice->wait_for("Logged in as alice"));
}

TEST_F(DailyUse, NothingIsKeptWithNoSave) {
  const auto alice = start("alice", {"--no-save"});
  ASSERT_TRUE(alice->wait_for("> "));
  alice->type_line("/register alice secret-1");
  ASSERT_TRUE(alice->wait_for("Registered"));
  ASSERT_TRUE(alice->wait_for("Logged in as"));
  alice->type_line("/quit");
  ASSERT_TRUE(alice->wait_for("Logged out."));
  ASSERT_EQ(alice->wait_exit(), 0);
  EXPECT_FALSE(std::filesystem::exists(homes.file("alice")));
}

TEST_F(DailyUse, TheConfigurationFileIsRead) {
  std::filesystem::create_directories(homes.file("alice/chat"));
  std::ofstream(homes.file("alice/chat/client.conf")) << "marks = lines\ncolour = always\n";
  const auto alice = start("alice");
  ASSERT_TRUE(alice->wait_for("> "));
  alice->type_line("/register alice secret-1");
  ASSERT_TRUE(alice->wait_for("Registered"));
  ASSERT_TRUE(alice->wait_for("Logged in as"));
  alice->type_line("/chat alice hi");
  ASSERT_TRUE(alice->wait_for("✓ #1 to 1"));
  EXPECT_EQ(alice->raw().find("\x1b[2m"), std::string::npos) << "--no-color wins";

  std::ofstream(homes.file("alice/chat/client.conf")) << "marks = lines\nsize = 5\n";
  TerminalProgram broken({std::getenv("CHATCLIENT")}, {"XDG_CONFIG_HOME=" + homes.file("alice")});
  ASSERT_TRUE(broken.wait_for("client.conf:2: size is no setting"));
  EXPECT_EQ(broken.wait_exit(), 2);
}

// xterm reports focus if asked; a terminal without such reports never rings.
TEST_F(DailyUse, TheBellRingsForDirectMessagesWithoutFocus) {
  const auto alice = new_person("alice");
  User bob = new_user("bob");
  ASSERT_NE(alice->raw().find("\x1b[?1004h"), std::string::npos);
  bob.chat(1, "in focus");
  ASSERT_TRUE(alice->wait_for("in focus"));
  EXPECT_EQ(alice->raw().find('\a'), std::string::npos);
  alice->type("\x1b[Ox");
  ASSERT_TRUE(alice->wait_for("x"));
  bob.chat(1, "out of sight");
  ASSERT_TRUE(alice->wait_for("out of sight"));
  ASSERT_TRUE(wait_until([&] {
    alice->count("");
    return alice->raw().find('\a') != std::string::npos;
  }));
}

TEST_F(DailyUse, ARecalledTextLeavesTheScreen) {
  const auto alice = new_person("alice");
  const auto bob = new_person("bob");
  alice->type_line("/to bob");
  ASSERT_TRUE(alice->wait_for("bob> "));
  std::string text = "hidden";
  while (text.size() < 300) text += " hidden";
  alice->type_line(text);
  ASSERT_TRUE(sees(*alice, "you ✓✓ hidden"));
  ASSERT_TRUE(bob->wait_for("alice: hidden"));
  bob->type_line("/reply 1 yes");
  ASSERT_TRUE(sees(*alice, "│ yes"));
  alice->type_line("/edit 1 a hidden");
  ASSERT_TRUE(sees(*bob, "edited [1]: a hidden"));
  alice->type_line("/recall 1");
  for (TerminalProgram* const each : {alice.get(), bob.get()}) {
    ASSERT_TRUE(sees(*each, "recalled [1]"));
    ASSERT_TRUE(sees(*each, ": (recalled)"));
    EXPECT_EQ(seen(*each).find("hidden"), std::string::npos) << seen(*each);
  }
}

TEST_F(DailyUse, AMistypedNameEndsTheConversation) {
  const auto alice = new_person("alice");
  alice->type_line("/to alice");
  ASSERT_TRUE(alice->wait_for("alice> "));
  alice->type_line("/to nobody");
  ASSERT_TRUE(alice->wait_for("named nobody"));
  alice->type_line("astray");
  ASSERT_TRUE(alice->wait_for("that goes to nobody yet"));
}

TEST_F(DailyUse, AMessagesNumberIsNoTextForIt) {
  const auto alice = new_person("alice");
  alice->type_line("/to alice");
  ASSERT_TRUE(alice->wait_for("alice> "));
  alice->type_line("note");
  ASSERT_TRUE(sees(*alice, "you ✓✓ note"));
  for (const char* command : {"/edit 1", "/reply 1"}) {
    alice->type_line(command);
    ASSERT_TRUE(alice->wait_for("the text is missing"));
  }
  alice->type_line("/edit 12");
  ASSERT_TRUE(sees(*alice, "you ✓✓ 12 (edited)"));
}

TEST_F(DailyUse, ANoteToOneselfIsShownOnceAndCanBeRecalled) {
  const auto alice = new_person("alice");
  alice->type_line("/to alice");
  ASSERT_TRUE(alice->wait_for("alice> "));
  for (const char* number : {"1", "2", "3"}) {
    alice->type_line(std::string("note ") + number);
    ASSERT_TRUE(sees(*alice, std::string("you ✓✓ note ") + number));
    std::string screen = seen(*alice);
    EXPECT_EQ(screen.find("note"), screen.rfind("note")) << screen;
    alice->type_line("/recall");
    const std::string recalled = std::string("recalled [") + number;
    ASSERT_TRUE(sees(*alice, recalled));
    screen = seen(*alice);
    EXPECT_EQ(screen.find("note"), std::string::npos) << screen;
    EXPECT_EQ(screen.find(recalled), screen.rfind(recalled)) << screen;
  }
}

TEST_F(DailyUse, WhoLeavesAGroupNoLongerWritesThere) {
  const auto alice = new_person("alice");
  const auto bob = new_person("bob");
  alice->type_line("/creategroup tea");
  ASSERT_TRUE(alice->wait_for("created"));
  bob->type_line("/join tea");
  ASSERT_TRUE(bob->wait_for("Joined"));
  bob->type_line("/to tea");
  ASSERT_TRUE(bob->wait_for("[tea]> "));
  bob->type_line("/leave tea");
  ASSERT_TRUE(wait_until([&] {
    bob->count("");
    return seen(*bob).ends_with("You left tea.\n>");
  })) << seen(*bob);
}

TEST_F(DailyUse, HistoryTakesEitherKindOfName) {
  const auto alice = new_person("alice");
  alice->type_line("/creategroup tea");
  ASSERT_TRUE(alice->wait_for("created"));
  alice->type_line("/group tea first");
  ASSERT_TRUE(sees(*alice, "first"));
  alice->type_line("/history tea");
  ASSERT_TRUE(alice->wait_for("Earlier in tea:"));
  alice->type_line("/chat alice note");
  ASSERT_TRUE(sees(*alice, "✓✓ note"));
  alice->type_line("/history alice");
  ASSERT_TRUE(alice->wait_for("Earlier with alice:"));
  alice->type_line("/history nobody");
  ASSERT_TRUE(alice->wait_for("there is no user, and no group of yours, named nobody"));
}

}  // namespace
}  // namespace chat::test
