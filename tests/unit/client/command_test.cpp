#include "client/terminal/commands/command_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "described_command.h"

namespace chat::client {
namespace {

using test::describe;
using test::Row;

TEST(ParseCommand, UnderstandsBothSpellings) {
  const std::vector<Row> table = {
      {"", "nothing"},
      {"  \t ", "nothing"},
      {"\r", "nothing"},
      {"/register alice secret1", "register [alice] [secret1]"},
      {"/history 7", "history #7 20"},
      {"/history 7 100", "history #7 100"},
      {"/history group 3 5", "history group #3 5"},
      {"/history", "history here 20"},
      {"/history group", "wrong"},
      {"/history \"group\" 5", "history either [group] 5"},
      {"/history group \"book club\" 5", "history group [book club] 5"},
      {"/history bob", "history either [bob] 20"},
      {"/to", "to ?"},
      {"/to bob", "to either [bob]"},
      {"/to 7", "to #7"},
      {"/to group tea", "to group [tea]"},
      {"/to \"Tea Time\"", "to either [Tea Time]"},
      {"/to Tea Time", "wrong"},
      {"/to -", "to none"},
      {"/recall", "recall 0"},
      {"/recall 12", "recall 12"},
      {"/recall [12]", "recall 12"},
      {"/recall it", "wrong"},
      {"/recall 12 13", "wrong"},
      {"/edit 12 new text", "edit 12 [new text]"},
      {"/edit new text", "edit 0 [new text]"},
      {"/edit 12", "edit 0 [12]"},
      {"/edit", "wrong"},
      {"/reply 3 yes", "reply 3 [yes]"},
      {"/reply yes", "reply 0 [yes]"},
      {"/readers 3", "readers 3"},
      {"/inbox", "inbox"},
      {"/pin", "pin here"},
      {"/unpin bob", "unpin either [bob]"},
      {"/silence group tea", "silence group [tea]"},
      {"/unsilence \"Tea Time\"", "unsilence either [Tea Time]"},
      {"/hide 7", "hide #7"},
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
      {"/add 2", "add #2"},
      {" /add  2 ", "add #2"},
      {"/friends", "friends"},
      {"/creategroup team", "creategroup [team] []"},
      {"/creategroup team all of us", "creategroup [team] [all of us]"},
      {"/creategroup \"the team\" us", "creategroup [the team] [us]"},
      {"/join 1", "join #1"},
      {"/groups", "groups"},
      {"/chat 2 hello", "chat #2 [hello]"},
      {"/chat  2 hello  you ", "chat #2 [hello  you ]"},
      {"/chat 2   indented", "chat #2 [  indented]"},
      {"/chat 2 /quit", "chat #2 [/quit]"},
      {"/group 3 hello: all", "group #3 [hello: all]"},
      {"/wait 1.5", "wait 1500"},
      {"/wait-messages 3", "wait-messages 3 10000"},
      {"/wait-messages 3 2", "wait-messages 3 2000"},
      {"/help", "help"},
      {"/help  pin ", "help [pin]"},
      {"/quit", "quit"},
      {"chat:2:hello", "chat #2 [hello]"},
      {"chat:2:12:30, at mine", "chat #2 [12:30, at mine]"},
      {"chat:2: hello", "chat #2 [ hello]"},
      {"addfriend:2", "add #2"},
      {"creategroup:name:desc", "creategroup [name] [desc]"},
      {"creategroup:a name:de:sc", "creategroup [a name] [de:sc]"},
      {"creategroup:name", "creategroup [name] []"},
      {"addgroup:1", "join #1"},
      {"groupchat:1:hello", "group #1 [hello]"},
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
      "/chat 0 x",
      "/chat 2147483648 x",
      "/chat:2:x",
      "/Chat 2 x",
      "/add",
      "/add 4294967298",
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

TEST(MayBeRemembered, ExcludesCodesButNotTextsOfAConversation) {
  EXPECT_FALSE(may_be_remembered("/join --code f8d4026f"));
  EXPECT_FALSE(may_be_remembered("/join  --code f8d4026f", true));
  EXPECT_FALSE(may_be_remembered("/join nemo --code f8d4026f"));
  EXPECT_FALSE(may_be_remembered("/join nemo please --code=f8d4026f", true));
  EXPECT_FALSE(may_be_remembered("/join nemo \"--code 12345678901234567890123456789012\""));
  EXPECT_TRUE(may_be_remembered("/invite nemo --code"));
  EXPECT_TRUE(may_be_remembered("/invite nemo --code 7 10"));
  EXPECT_FALSE(may_be_remembered("hello"));
  EXPECT_TRUE(may_be_remembered("hello", true));
  EXPECT_TRUE(may_be_remembered("//hello", true));
  EXPECT_FALSE(may_be_remembered("/logni alice pw", true));
  EXPECT_FALSE(may_be_remembered("/login alice pw", true));
  EXPECT_FALSE(may_be_remembered("hello\n/login alice pw", true));
}

TEST(ParseInConversation, PlainLinesAreText) {
  const auto in = [](const char* line, const Target& conversation) {
    const auto command = parse_in_conversation(line, conversation);
    return command ? std::visit(test::Describe{}, *command) : "wrong";
  };
  const Target bob{{2}, {}};
  EXPECT_EQ(in("hello", bob), "chat #2 [hello]");
  EXPECT_EQ(in("  hello ", bob), "chat #2 [  hello ]");
  EXPECT_EQ(in("quit", bob), "chat #2 [quit]");
  EXPECT_EQ(in("chat:3:hello", bob), "chat #2 [chat:3:hello]");
  EXPECT_EQ(in("hello", Target{{}, {7}}), "group #7 [hello]");
  EXPECT_EQ(in("//etc is a folder", bob), "chat #2 [/etc is a folder]");
  EXPECT_EQ(in("two\n/quit", bob), "chat #2 [two\n/quit]");
  EXPECT_EQ(in("/quit", bob), "quit");
  EXPECT_EQ(in(" /quit", bob), "quit");
  EXPECT_EQ(in("/chat 3 hi", bob), "chat #3 [hi]");
  EXPECT_EQ(in("/logni alice pw", bob), "wrong");
  EXPECT_EQ(in("   ", bob), "nothing");
  EXPECT_EQ(in("\xff", bob), "wrong");
}

TEST(ParseCommand, SuggestsWhatWasProbablyMeant) {
  const auto answer = [](const char* line) { return parse_command(line).error(); };
  EXPECT_EQ(answer("/create tea"),
            "unknown command: did you mean /creategroup? /help all lists all");
  EXPECT_EQ(answer("/groupchat tea hi"),
            "unknown command: did you mean /group? /help all lists all");
  EXPECT_EQ(answer("/fiends"), "unknown command: did you mean /friends? /help all lists all");
  EXPECT_EQ(answer("/ad bob"), "unknown command: did you mean /add? /help all lists all");
  EXPECT_EQ(answer("/eidt 3 x"), "unknown command: did you mean /edit? /help all lists all");
  EXPECT_EQ(answer("/quit now"), "this command takes no arguments; /help all lists all");
  EXPECT_EQ(answer("/fly"), "unknown command; /help all lists them");
  EXPECT_EQ(answer("hello"), "unknown command; /help all lists them");
}

TEST(ParseCommand, KnowsATextThatGoesToNobody) {
  for (const char* line : {"hello", " hello: you", "//slash"}) {
    EXPECT_TRUE(is_text_without_target(line)) << line;
  }
  for (const char* line : {"/hello", " /hello", "chat:2:hello", "help"}) {
    EXPECT_FALSE(is_text_without_target(line)) << line;
  }
}

}  // namespace
}  // namespace chat::client
