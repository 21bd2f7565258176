// End-to-end use: the terminal client, on a terminal, with a real server.
#include <gtest/gtest.h>

#include "terminal_fixture.h"

namespace chat::test {
namespace {

TEST_F(Terminals, TwoPeopleUseEveryCommand) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  alice->type_line("/add 2");
  ASSERT_TRUE(alice->wait_for("Added bob (2)"));
  bob->type_line("/add 1");
  ASSERT_TRUE(bob->wait_for("Added alice (1)"));
  alice->type_line("/chat bob hello bob");
  ASSERT_TRUE(bob->wait_for("alice: hello bob\r\n"));
  ASSERT_TRUE(alice->wait_for("✓✓ bob has read up to #1"));
  bob->type_line("chat:1:hello alice, 你好");
  ASSERT_TRUE(alice->wait_for("bob: hello alice, 你好\r\n"));

  for (int round = 1; round <= 10; ++round) {
    const std::string number = std::to_string(round);
    bob->type_line("/logout");
    ASSERT_TRUE(bob->wait_for("Logged out."));
    alice->type_line("/chat bob while away " + number);
    ASSERT_TRUE(alice->wait_for("✓ #" + std::to_string(2 * round) + " to 2"));
    log_in(*bob, "bob");
    ASSERT_TRUE(bob->wait_for("alice: while away " + number + "\r\n"));
    alice->type_line("/chat bob back " + number);
    ASSERT_TRUE(bob->wait_for("alice: back " + number + "\r\n"));
  }
  for (int round = 1; round <= 10; ++round) {
    const std::string number = std::to_string(round);
    EXPECT_EQ(bob->count("alice: while away " + number + "\r\n"), 1U);
    EXPECT_EQ(bob->count("alice: back " + number + "\r\n"), 1U);
  }
  for (TerminalProgram* user : {alice.get(), bob.get()}) {
    user->type_line("/quit");
    EXPECT_EQ(user->wait_exit(), 0);
  }
}

TEST_F(Terminals, AccountCommandsWork) {
  const auto alice = registered("alice");
  alice->type_line("/sessions");
  ASSERT_TRUE(alice->wait_for("(this one)"));
  server.storage().execute(
      "INSERT INTO session (token_hash, userid, created_at, expires_at) SELECT "
      "'0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9', userid, created_at, "
      "expires_at FROM session");
  alice->type_line("/revoke 0a1b2c3d4e5f6071");
  ASSERT_TRUE(alice->wait_for("Sessions ended: 1."));
  alice->type_line("/revoke 0a1b2c3d4e5f6071");
  ASSERT_TRUE(alice->wait_for("no such session"));
  alice->type_line("/revoke others");
  ASSERT_TRUE(alice->wait_for("Sessions ended: 0."));
  alice->type_line("/password");
  ASSERT_TRUE(alice->wait_for("Password: "));
  alice->type_line("secret of alice");
  ASSERT_TRUE(alice->wait_for("New password: "));
  alice->type_line("another secret");
  ASSERT_TRUE(alice->wait_for("Once more: "));
  alice->type_line("another secret");
  ASSERT_TRUE(alice->wait_for("Password changed."));
  EXPECT_EQ(alice->screen().find("another secret"), std::string::npos);
  alice->type_line("/deleteaccount");
  ASSERT_TRUE(alice->wait_for("Password, to delete this account for good: "));
  alice->type_line("secret of alice");
  ASSERT_TRUE(alice->wait_for("the password is wrong"));
  alice->type_line("/deleteaccount");
  ASSERT_TRUE(alice->wait_for("Password, to delete this account for good: "));
  alice->type_line("another secret");
  ASSERT_TRUE(alice->wait_for("Account deleted."));
  alice->type_line("/login alice");
  ASSERT_TRUE(alice->wait_for("Password: "));
  alice->type_line("another secret");
  ASSERT_TRUE(alice->wait_for("account or password is wrong"));
}

// Clears the screen, sets the title, CSI and OSC of C1, overrides the direction.
TEST_F(Terminals, MessageCannotControlTheTerminal) {
  const auto bob = registered("bob");
  User eve = new_user("eve");
  const std::size_t before = bob->raw().size();
  eve.chat(1, "begin\x1b[6666J\x1b]0;owned\x07\u009b6666m\u009d0;owned\u009c\u202eend of it");
  ASSERT_TRUE(bob->wait_for("end of it"));
  EXPECT_NE(
      bob->screen().find("begin‹1b›[6666J‹1b›]0;owned‹07›‹9b›6666m‹9d›0;owned‹9c›‹202e›end of it"),
      std::string::npos)
      << bob->screen();
  const std::string shown = bob->raw().substr(before);
  for (const char* active : {"\x1b[6666", "\x1b]", "\x07", "\u009b", "\u009d", "\u202e"}) {
    EXPECT_EQ(shown.find(active), std::string::npos);
  }
}

TEST_F(Terminals, ServerRestartLosesNothing) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  constexpr int kRounds = 3;
  constexpr int kTexts = 20;
  int typed = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kTexts; ++i) {
      const std::string number = std::to_string(typed++);
      alice->type_line("/chat 2 to bob " + number + ".");
      bob->type_line("/chat 1 to alice " + number + ".");
      if (i == kTexts / 2) server.kill9();
    }
    for (TerminalProgram* user : {alice.get(), bob.get()}) {
      ASSERT_TRUE(user->wait_for("Connection lost: "));
      ASSERT_TRUE(user->wait_for("Reconnecting in "));
    }
    server.start();
    for (TerminalProgram* user : {alice.get(), bob.get()}) {
      ASSERT_TRUE(user->wait_for("Connected again as ", milliseconds{40'000}));
    }
    const std::string last = std::to_string(typed - 1) + ".\r\n";
    ASSERT_TRUE(alice->wait_for("bob: to alice " + last));
    ASSERT_TRUE(bob->wait_for("alice: to bob " + last));
  }
  for (int number = 0; number < typed; ++number) {
    const std::string end = std::to_string(number) + ".\r\n";
    EXPECT_EQ(alice->count("bob: to alice " + end), 1U) << number;
    EXPECT_EQ(bob->count("alice: to bob " + end), 1U) << number;
    // Stored once and confirmed once; the last answer may be in flight.
    const std::string mark = "✓ #" + std::to_string(number + 1) + " to ";
    for (TerminalProgram* user : {alice.get(), bob.get()}) {
      EXPECT_TRUE(wait_until([&] { return user->count(mark) > 0; })) << number;
      EXPECT_EQ(user->count(mark), 1U) << number;
    }
  }
}

class FastTypists : public Terminals {
 protected:
  FastTypists() : Terminals(Settings{"limits.chat_per_second=10"}) {}
};

TEST_F(FastTypists, RateLimitedChatsArriveLaterInOrder) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  constexpr int kTexts = 40;
  for (int i = 0; i < kTexts; ++i) alice->type_line("/chat 2 text " + std::to_string(i) + ".");
  for (int i = 0; i < kTexts; ++i) {
    ASSERT_TRUE(bob->wait_for("alice: text " + std::to_string(i) + ".\r\n"));
  }
  ASSERT_TRUE(alice->wait_for("✓ #40 to 2"));
  EXPECT_EQ(alice->count("too fast for the server"), 1U);
  EXPECT_EQ(alice->count("rate"), 0U);
}

}  // namespace
}  // namespace chat::test
