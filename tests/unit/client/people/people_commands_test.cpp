#include <gtest/gtest.h>

#include <vector>

#include "unit/client/described_command.h"

namespace chat::client {
namespace {

using test::describe;
using test::Row;

TEST(ParsePeopleCommands, TakeNamesAndIds) {
  const std::vector<Row> table = {
      {"/find bo", "find [bo]"},
      {"/find Anna L", "find [Anna L]"},
      {"/find \"Anna L\"", "find [Anna L]"},
      {"/find 12", "find [12]"},
      {"/find-groups te", "find-groups [te]"},
      {"/info bob", "info [bob]"},
      {"/info #12", "info #12"},
      {"/info \"#12\"", "info [#12]"},
      {"/info 12", "info #12"},
      {"/info \"Anna Lee\"", "info [Anna Lee]"},
      {"/add bob", "add [bob]"},
      {"/add bob I am alice", "add [bob] [I am alice]"},
      {"/add \"Anna Lee\"  hi ", "add [Anna Lee] [hi]"},
      {"/add 2 3", "add #2 [3]"},
      {"addfriend:bob", "add [bob]"},
      {"/accept bob", "accept [bob]"},
      {"/refuse bob", "refuse [bob]"},
      {"/remove 3", "remove #3"},
      {"/block bob", "block [bob]"},
      {"/unblock bob", "unblock [bob]"},
      {"/requests", "requests"},
      {"/blocked", "blocked"},
      {"/profile", "profile"},
      {"/profile nick The Bob", "profile nick [The Bob]"},
      {"/profile bio \"\"", "profile bio []"},
      {"/profile bio \"I drink tea\"", "profile bio [I drink tea]"},
      {"/profile bio a \"b\"", "profile bio [a \"b\"]"},
      {"/profile who-may-add approval", "profile who-may-add [approval]"},
      {"/profile who-may-chat friends", "profile who-may-chat [friends]"},
      {"/chat bob hello  you ", "chat [bob] [hello  you ]"},
      {"/chat \"Anna Lee\"  hi", "chat [Anna Lee] [ hi]"},
      {"chat:bob:hi", "chat [bob] [hi]"},
  };
  for (const Row& row : table) EXPECT_EQ(describe(row.line), row.meaning) << row.line;
}

TEST(ParsePeopleCommands, RefuseTheRest) {
  for (const char* line :
       {"/find", "/find-groups ", "/info", "/info bob carol", "/info 0", "/info #0",
        "/info 4294967298", "/add", "/accept", "/accept Anna Lee", "/requests now",
        "/profile name x", "/profile nick", "/profile who-may-add friends",
        "/profile who-may-chat nobody", "/profile who-may-add"}) {
    EXPECT_EQ(describe(line), "wrong") << line;
  }
}

TEST(ParseGroupCommands, TakeNamesAndIds) {
  const std::vector<Row> table = {
      {"/join Tea", "join [Tea]"},
      {"/join \"Tea Time\" let me in", "join [Tea Time] [let me in]"},
      {"/join 4", "join #4"},
      {"/join --code 0a1b", "join --code [0a1b]"},
      {"/join \"--code\"", "join [--code]"},
      {"addgroup:Tea", "join [Tea]"},
      {"/leave Tea", "leave [Tea]"},
      {"/dismiss \"Tea Time\"", "dismiss [Tea Time]"},
      {"/decline \"Tea Time\"", "decline [Tea Time]"},
      {"/invite Tea bob", "invite [Tea] [bob]"},
      {"/invite Tea --code", "code [Tea] 7 10"},
      {"/invite \"Tea Time\" --code 30 1000", "code [Tea Time] 30 1000"},
      {"/invite Tea \"--code\"", "invite [Tea] [--code]"},
      {"/kick Tea \"Anna Lee\"", "kick [Tea] [Anna Lee]"},
      {"/kick \"Tea Time\" 3", "kick [Tea Time] #3"},
      {"/promote Tea bob", "promote [Tea] [bob]"},
      {"/demote Tea bob", "demote [Tea] [bob]"},
      {"/handover Tea bob", "handover [Tea] [bob]"},
      {"/accept-join Tea bob", "accept-join [Tea] [bob]"},
      {"/refuse-join Tea bob", "refuse-join [Tea] [bob]"},
      {"/mute Tea 10m", "mute [Tea] 600"},
      {"/mute Tea bob 2h", "mute [Tea] [bob] 7200"},
      {"/mute Tea \"Anna Lee\" 30d", "mute [Tea] [Anna Lee] 2592000"},
      {"/mute Tea 10m 45s", "mute [Tea] [10m] 45"},
      {"/unmute Tea", "mute [Tea] 0"},
      {"/unmute Tea bob", "mute [Tea] [bob] 0"},
      {"/announce Tea at five, in the kitchen",
       "announce [Tea] announcement [at five, in the kitchen]"},
      {"/announce Tea \"\"", "announce [Tea] announcement []"},
      {"/group-settings Tea", "group-settings [Tea]"},
      {"/group-settings Tea name Coffee Time", "group-settings [Tea] name [Coffee Time]"},
      {"/group-settings Tea desc \"\"", "group-settings [Tea] desc []"},
      {"/group-settings 4 joining approval", "group-settings #4 joining [approval]"},
      {"/group Tea hello", "group [Tea] [hello]"},
      {"groupchat:Tea:hello", "group [Tea] [hello]"},
  };
  for (const Row& row : table) EXPECT_EQ(describe(row.line), row.meaning) << row.line;
}

TEST(ParseGroupCommands, RefuseTheRest) {
  for (const char* line : {"/join",
                           "/join --code",
                           "/join --code a b",
                           "/join Tea --code 0a1b",
                           "/join Tea please --code 0a1b",
                           "/join Tea \"--code 0a1b\"",
                           "/leave",
                           "/leave Tea Time",
                           "/dismiss",
                           "/invite Tea",
                           "/invite Tea --code 7",
                           "/invite Tea --code 31 1",
                           "/invite Tea --code 1 1001",
                           "/invite Tea bob carol",
                           "/kick Tea",
                           "/kick Tea Anna Lee",
                           "/mute Tea",
                           "/mute Tea bob",
                           "/mute Tea 10",
                           "/mute Tea 31d",
                           "/mute Tea 0m",
                           "/mute Tea -5m",
                           "/mute Tea Anna Lee 5m",
                           "/unmute",
                           "/unmute Tea Anna Lee",
                           "/announce Tea",
                           "/group-settings",
                           "/group-settings Tea joining nobody",
                           "/group-settings Tea name",
                           "/group-settings Tea x y"}) {
    EXPECT_EQ(describe(line), "wrong") << line;
  }
}

}  // namespace
}  // namespace chat::client
