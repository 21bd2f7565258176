#include "client/terminal/command.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chat::client {
namespace {

// A command as text, for the tables of expectations.
struct Describe {
  std::string operator()(const command::Nothing&) const { return "nothing"; }
  std::string operator()(const command::Register& c) const {
    return "register [" + c.name + "] " + (c.password ? "[" + *c.password + "]" : "?");
  }
  std::string operator()(const command::Login& c) const {
    const std::string who =
        c.account.id ? "#" + std::to_string(c.account.id.value) : "[" + c.account.name + "]";
    return "login " + who + " " + (c.password ? "[" + *c.password + "]" : "?") +
           (c.takeover ? " takeover" : "");
  }
  std::string operator()(const command::Logout&) const { return "logout"; }
  std::string operator()(const command::AddFriend& c) const {
    return "add " + std::to_string(c.id.value);
  }
  std::string operator()(const command::Friends&) const { return "friends"; }
  std::string operator()(const command::CreateGroup& c) const {
    return "creategroup [" + c.name + "] [" + c.desc + "]";
  }
  std::string operator()(const command::JoinGroup& c) const {
    return "join " + std::to_string(c.id.value);
  }
  std::string operator()(const command::Groups&) const { return "groups"; }
  std::string operator()(const command::Chat& c) const {
    const bool group = static_cast<bool>(c.target.group);
    const int id = group ? c.target.group.value : c.target.user.value;
    return std::string(group ? "group " : "chat ") + std::to_string(id) + " [" + c.text + "]";
  }
  std::string operator()(const command::Wait& c) const {
    return "wait " + std::to_string(c.duration.count());
  }
  std::string operator()(const command::WaitMessages& c) const {
    return "wait-messages " + std::to_string(c.count) + " " + std::to_string(c.timeout.count());
  }
  std::string operator()(const command::History& c) const {
    return "history " + std::to_string(c.target.user.value) + "/" +
           std::to_string(c.target.group.value) + " " + std::to_string(c.limit);
  }
  std::string operator()(const command::More&) const { return "more"; }
  std::string operator()(const command::Password&) const { return "password"; }
  std::string operator()(const command::DeleteAccount&) const { return "deleteaccount"; }
  std::string operator()(const command::Sessions&) const { return "sessions"; }
  std::string operator()(const command::Revoke& c) const { return "revoke [" + c.session + "]"; }
  std::string operator()(const command::Help&) const { return "help"; }
  std::string operator()(const command::Quit&) const { return "quit"; }
};

std::string describe(std::string_view line) {
  const auto command = parse_command(line);
  return command ? std::visit(Describe{}, *command) : "wrong";
}

struct Row {
  const char* line;
  const char* meaning;
};

TEST(ParseCommand, UnderstandsBothSpellings) {
  const std::vector<Row> table = {
      {"", "nothing"},
      {"  \t ", "nothing"},
      {"\r", "nothing"},
      {"/register alice secret1", "register [alice] [secret1]"},
      {"/history 7", "history 7/0 20"},
      {"/history 7 100", "history 7/0 100"},
      {"/history group 3 5", "history 0/3 5"},
      {"/history", "wrong"},
      {"/history bob", "wrong"},
      {"/history 7 101", "wrong"},
      {"/history 7 0", "wrong"},
      {"/more", "more"},
      {"/password", "password"},
      {"/password secret", "wrong"},  // a password on the line would stand in the history
      {"/sessions", "sessions"},
      {"/revoke 0a1b", "revoke [0a1b]"},
      {"/revoke others", "revoke []"},
      {"/revoke", "wrong"},
      {"/deleteaccount", "deleteaccount"},
      {"/register alice", "register [alice] ?"},
      {"/register \"Anna Lee\" pass word", "register [Anna Lee] [pass word]"},
      {"/login alice secret1", "login [alice] [secret1]"},
      {"/login alice", "login [alice] ?"},
      {"/login 12 secret1\r", "login #12 [secret1]"},
      {"/login \"12\" secret1", "login [12] [secret1]"},
      {"/login \"a secret", "login [\"a] [secret]"},
      {"/login alice --takeover", "login [alice] ? takeover"},
      {"/login alice secret1 --takeover", "login [alice] [secret1] takeover"},
      {"/login alice x--takeover", "login [alice] [x--takeover]"},
      {"/logout", "logout"},
      {"/add 2", "add 2"},
      {" /add  2 ", "add 2"},
      {"/friends", "friends"},
      {"/creategroup team", "creategroup [team] []"},
      {"/creategroup team all of us", "creategroup [team] [all of us]"},
      {"/creategroup \"the team\" us", "creategroup [the team] [us]"},
      {"/join 1", "join 1"},
      {"/groups", "groups"},
      {"/chat 2 hello", "chat 2 [hello]"},
      {"/chat  2 hello  you ", "chat 2 [hello  you ]"},
      {"/chat 2   indented", "chat 2 [  indented]"},
      {"/chat 2 /quit", "chat 2 [/quit]"},
      {"/group 3 hello: all", "group 3 [hello: all]"},
      {"/wait 1.5", "wait 1500"},
      {"/wait-messages 3", "wait-messages 3 10000"},
      {"/wait-messages 3 2", "wait-messages 3 2000"},
      {"/help", "help"},
      {"/quit", "quit"},
      {"chat:2:hello", "chat 2 [hello]"},
      {"chat:2:12:30, at mine", "chat 2 [12:30, at mine]"},
      {"chat:2: hello", "chat 2 [ hello]"},
      {"addfriend:2", "add 2"},
      {"creategroup:name:desc", "creategroup [name] [desc]"},
      {"creategroup:a name:de:sc", "creategroup [a name] [de:sc]"},
      {"creategroup:name", "creategroup [name] []"},
      {"addgroup:1", "join 1"},
      {"groupchat:1:hello", "group 1 [hello]"},
      {"loginout", "logout"},
      {"help", "help"},
      {"quit", "quit"},
  };
  for (const Row& row : table) EXPECT_EQ(describe(row.line), row.meaning) << row.line;
}

TEST(ParseCommand, RefusesTheRest) {
  const std::vector<const char*> table = {
      "hello",
      "/",
      "/chat",
      "/chat 2",
      "/chat two hello",
      "/chat -2 x",
      "/chat 0 x",
      "/chat +2 x",
      "/chat 2.0 x",
      "/chat 2147483648 x",
      "/chat:2:x",
      "/Chat 2 x",
      "/add",
      "/add 2 3",
      "/add 4294967298",
      "/join x",
      "/register",
      "/login",
      "/login 2147483648 password",
      "/login \"\" x",
      "/creategroup",
      "/logout now",
      "/wait",
      "/wait x",
      "/wait -1",
      "/wait nan",
      "/wait 1e9",
      "/wait-messages",
      "/wait-messages -1",
      "chat:2",
      "chat:2:",
      "chat::x",
      "addfriend:",
      "addgroup:x",
      "creategroup:",
      "groupchat:1",
      "loginout:x",
      "friends",
      "/chat 2 \xff",
  };
  for (const char* line : table) EXPECT_EQ(describe(line), "wrong") << line;
}

TEST(ParseCommand, NeverRepeatsTheLine) {
  for (const char* line : {"/logn alice secret1", "alice secret1", "/login 99999999999 secret1"}) {
    const auto command = parse_command(line);
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().find("secret1"), std::string::npos) << line;
  }
}

TEST(ParseAccount, TakesWholeNamesFromTheCommandLine) {
  EXPECT_EQ(parse_account("12")->id, UserId{12});
  EXPECT_EQ(parse_account("\"12\"")->name, "12");
  EXPECT_EQ(parse_account("Anna Lee")->name, "Anna Lee");
  EXPECT_FALSE(parse_account(""));
  EXPECT_FALSE(parse_account("0"));
}

TEST(MayBeRemembered, ExcludesLinesThatMayContainAPassword) {
  for (const char* line :
       {"/login alice pw", " /login alice pw", "\t /login alice pw ", "/login alice",
        "/register alice pw", "/LOGIN alice pw", "/logn alice pw", "login alice pw",
        "login:alice:pw", "/login:alice:pw", "/password old new", "/deleteaccount pw", "pw", "",
        "/chat 2 hello\n/login alice pw"}) {
    EXPECT_FALSE(may_be_remembered(line)) << line;
  }
  for (const char* line : {"/chat 2 hello", " /chat nobody hello", "chat:2:hello", "/chat", "/quit",
                           "/chat 2 two\nlines"}) {
    EXPECT_TRUE(may_be_remembered(line)) << line;
  }
}

}  // namespace
}  // namespace chat::client
