// Friends, profiles and a group's life on terminals, with a real server.
#include <gtest/gtest.h>

#include "terminal_fixture.h"

namespace chat::test {
namespace {

class PeopleTerminals : public Terminals {
 protected:
  // Types a line, and waits for its effect.
  static void expect(TerminalProgram& user, const std::string& line, const std::string& effect) {
    user.type_line(line);
    EXPECT_TRUE(user.wait_for(effect)) << line << "\n" << user.screen();
  }
  static void sees(TerminalProgram& user, const std::string& text) {
    EXPECT_TRUE(user.wait_for(text)) << text << "\n" << user.screen();
  }
};

TEST_F(PeopleTerminals, FriendsAskAndAnswer) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  expect(*bob, "/profile who-may-add approval", "who-may-add approval, who-may-chat anyone");
  expect(*bob, "/profile nick The Bob", "\"The Bob\"");
  expect(*alice, "/find bo", "     2  bob  \"The Bob\"");
  expect(*alice, "/add bob it is alice", "You asked bob to be your friend; they have to accept.");
  sees(*bob, "alice (1) asks to be your friend. /accept alice or /refuse alice.");
  sees(*bob, "│ it is alice");
  expect(*bob, "/requests", "Friend requests to you");
  expect(*alice, "/requests", "Your friend requests:");
  expect(*bob, "/accept alice", "You and alice (1) are friends now.");
  sees(*alice, "bob (2) accepted your friend request.");
  expect(*alice, "/info bob", "friend");
  expect(*bob, "/block alice", "You blocked alice");
  expect(*bob, "/blocked", "     1  alice");
  expect(*alice, "/chat bob hello", "Not sent to bob: ");
  expect(*bob, "/unblock alice", "alice is no longer blocked.");
  expect(*alice, "/chat bob hello again", "✓ #1 to 2");
  sees(*bob, "alice: hello again");
  expect(*alice, "/remove bob", "bob is no longer your friend.");
  sees(*bob, "alice (1) ended the friendship with you.");
  expect(*alice, "/info zed", "there is no user named zed");
}

TEST_F(PeopleTerminals, WhatWaitsIsShownAtLogin) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  expect(*alice, "/creategroup tea", "Group tea created");
  expect(*alice, "/group-settings tea joining approval", "joining: an admin has to accept");
  expect(*alice, "/logout", "Logged out");
  expect(*bob, "/join tea please", "You asked to join tea");
  log_in(*alice, "alice");
  sees(*alice, "Requests to join (/accept-join GROUP NAME, /refuse-join):");
  expect(*alice, "/refuse-join tea bob", "You refused the request of bob to join tea.");
  expect(*bob, "/logout", "Logged out");
  expect(*alice, "/invite tea bob", "You invited bob to tea.");
  log_in(*bob, "bob");
  sees(*bob, "Invitations to you (/join GROUP, /decline GROUP):");
  expect(*bob, "/decline tea", "You declined the invitation to tea.");
  expect(*bob, "/requests", "No requests.");
}

TEST_F(PeopleTerminals, AGroupLives) {
  const auto alice = registered("alice");
  const auto bob = registered("bob");
  const auto carol = registered("carol");
  expect(*alice, "/creategroup \"Tea Time\" at five", "Group \"Tea Time\" created");
  expect(*bob, "/join \"Tea Time\"", "Joined \"Tea Time\" (1)");
  sees(*alice, "joined");
  expect(*alice, "/promote \"Tea Time\" bob", "bob is now an admin of \"Tea Time\".");
  expect(*alice, "/group-settings \"Tea Time\" joining approval",
         "joining: an admin has to accept");
  expect(*carol, "/join \"Tea Time\" please", "You asked to join \"Tea Time\"");
  sees(*bob, "carol (3) asks to join \"Tea Time\". /accept-join \"Tea Time\" carol");
  expect(*bob, "/requests", "Requests to join");
  expect(*bob, "/accept-join \"Tea Time\" carol", "You let carol into \"Tea Time\".");
  sees(*carol, "\"Tea Time\": bob let carol join");
  expect(*carol, "/group \"Tea Time\" hello", "✓ #");
  // The push and the notice are not both shown.
  EXPECT_EQ(alice->count("bob joined") + alice->count("bob (2) joined"), 1U);
  sees(*bob, "carol in \"Tea Time\": hello");
  expect(*bob, "/mute \"Tea Time\" carol 10m", "carol may not write in \"Tea Time\" until ");
  expect(*carol, "/group \"Tea Time\" hello?", "Not sent to \"Tea Time\": you are muted");
  expect(*bob, "/unmute \"Tea Time\" carol", "carol may write in \"Tea Time\" again.");
  expect(*alice, "/announce \"Tea Time\" in the kitchen", "announcement: in the kitchen");
  expect(*bob, "/kick \"Tea Time\" carol", "You removed carol from \"Tea Time\".");
  sees(*carol, "\"Tea Time\": bob removed carol");
  sees(*alice, "\"Tea Time\": bob removed carol");
  expect(*alice, "/invite \"Tea Time\" carol", "You invited carol to \"Tea Time\".");
  sees(*carol, "alice (1) invites you to the group \"Tea Time\" (1).");
  expect(*alice, "/leave \"Tea Time\"", "/leave \"Tea Time\": ");
  expect(*alice, "/handover \"Tea Time\" bob", "bob is now the owner of \"Tea Time\"");
  expect(*alice, "/leave \"Tea Time\"", "You left \"Tea Time\".");
  expect(*bob, "/dismiss \"Tea Time\"",
         "End the group \"Tea Time\" for all its members? Type yes:");
  expect(*bob, "no", "not done");
  expect(*bob, "/dismiss \"Tea Time\"",
         "End the group \"Tea Time\" for all its members? Type yes:");
  expect(*bob, "yes", "You dismissed \"Tea Time\".");
  expect(*bob, "/group \"Tea Time\" anybody?", "Not sent to \"Tea Time\": ");
}

}  // namespace
}  // namespace chat::test
