// The whole program: commands about messages and conversations, from a script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "program.h"

namespace chat::client {
namespace {

using test::FakeServer;
using test::json;
using test::Peer;
using test::run_script;
using ::testing::HasSubstr;

// Stores every message, accepts every request, and remembers the last one of each kind.
class Accepting {
 public:
  std::uint16_t port() const { return server_.port(); }
  // Without its cid.
  json last(int msgid) {
    const std::lock_guard lock(mutex_);
    json out = requests_[static_cast<std::size_t>(msgid)];
    if (!out.is_null()) out.erase("cid");
    return out;
  }

 private:
  void serve(Peer& peer) {
    std::int64_t seq = 0;
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      {
        const std::lock_guard lock(mutex_);
        requests_[static_cast<std::size_t>(msgid)] = *request;
      }
      if (msgid == 22 || msgid == 23 || msgid == 52) continue;
      if (request->value("msg", "") == "refused") {
        peer.send(Peer::reply_to(
            *request, {{"errno", 22}, {"error", "not_allowed"}, {"errmsg", "not accepted"}}));
        continue;
      }
      json fields = {{"id", 1}, {"name", "alice"}, {"seq", ++seq}, {"ts", 1}};
      if (msgid == 1 && (*request)["name"] == "other") fields["id"] = 3;
      if (msgid == 1) fields["groups"] = json::array({kTea});
      if (msgid == 54) fields["conversations"] = json::array();
      if (msgid == 53) fields.update({{"read", 1}, {"members", 1}, {"users", json::array()}});
      peer.send(Peer::reply_to(*request, fields));
      if (msgid != 1) continue;
      peer.send({{"msgid", 6},
                 {"id", 2},
                 {"name", "bob"},
                 {"toid", 1},
                 {"seq", 77},
                 {"msg", "hi"},
                 {"time", "2026-11-30 00:00:00"},
                 {"ts", 1}});
    }
  }

  const json kTea = {{"id", 7}, {"groupname", "tea"}, {"groupdesc", ""}, {"users", json::array()}};
  std::mutex mutex_;
  std::vector<json> requests_ = std::vector<json>(256);
  FakeServer server_{[this](Peer& peer) { serve(peer); }};
};

TEST(MessageProgram, ScriptsUseTheCurrentConversation) {
  Accepting server;
  const auto ended = run_script(server.port(),
                                "/login alice right1\n/wait-messages 1\n/to 2\nhello\n/to\n"
                                "/to group tea\n//slash\n/to -\nlost\n");
  EXPECT_EQ(server.last(6), json::parse(R"({"msgid":6,"id":1,"toid":2,"msg":"hello"})"));
  EXPECT_EQ(server.last(10), json::parse(R"({"msgid":10,"id":1,"groupid":7,"msg":"/slash"})"));
  EXPECT_THAT(ended.output, HasSubstr("\ncurrent to=2\n"));
  EXPECT_THAT(ended.output,
              HasSubstr("\nusage errmsg=\"unknown command; /help all lists them\"\n"));
}

TEST(MessageProgram, AfterAToThatFailsPlainLinesGoToNobody) {
  Accepting server;
  for (const char* wrong : {"/to group", "/to Tea Time", "/to group nobody"}) {
    const auto ended =
        run_script(server.port(), std::string("/login alice right1\n/to 2\n") + wrong + "\nlost\n");
    EXPECT_EQ(ended.code, 2) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr("usage errmsg=\"unknown command"));
    EXPECT_TRUE(server.last(6).is_null()) << wrong;
  }
}

TEST(MessageProgram, RecallAndEditNameTheUsersOwnLastMessage) {
  Accepting server;
  const auto ended = run_script(server.port(),
                                "/login alice right1\n/wait-messages 1\n/to 2\nhello\n"
                                "/edit hello bob\n/recall\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  const json edit = server.last(51);
  EXPECT_EQ(edit["toid"], 2);
  EXPECT_EQ(edit["msg"], "hello bob");
  EXPECT_GT(edit["seq"], 0);
  EXPECT_EQ(server.last(50)["seq"], edit["seq"]);
  EXPECT_THAT(ended.output, HasSubstr("\ndone command=edit id=2"));
  EXPECT_THAT(ended.output, HasSubstr("\ndone command=recall id=2"));
}

TEST(MessageProgram, AnOlderMessageIsNotTakenForARefusedOne) {
  Accepting server;
  const auto ended = run_script(server.port(),
                                "/login alice right1\n/wait-messages 1\n/to 2\nhello\n"
                                "refused\n/recall\n/edit other\n");
  EXPECT_TRUE(server.last(50).is_null() && server.last(51).is_null()) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("your last message was refused; give a number"));
}

TEST(MessageProgram, AnotherAccountCannotNameMessages) {
  Accepting server;
  const auto ended = run_script(server.port(),
                                "/login alice right1\n/wait-messages 1\n/to 2\nhello\n/logout\n"
                                "/login other right1\n/edit 2 stolen\n");
  EXPECT_TRUE(server.last(51).is_null()) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("there is no such message here"));
}

// Each author of a direct chat has a stream: this seq would be another message, of the user's own.
TEST(MessageProgram, MessagesOfOthersAreNotRecalledInADirectChat) {
  Accepting server;
  const auto ended =
      run_script(server.port(), "/login alice right1\n/wait-messages 1\n/recall 1\n/edit 1 x\n");
  EXPECT_EQ(ended.code, 2);
  EXPECT_TRUE(server.last(50).is_null() && server.last(51).is_null()) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("that message is not yours"));
}

TEST(MessageProgram, RepliesNameTheAuthorAndTheSeq) {
  Accepting server;
  run_script(server.port(), "/login alice right1\n/wait-messages 1\n/reply 1 yes\n");
  EXPECT_EQ(server.last(6)["reply"], json::parse(R"({"id":2,"seq":77})"));
  EXPECT_EQ(server.last(6)["msg"], "yes");
}

TEST(MessageProgram, ConversationsHaveSettings) {
  Accepting server;
  const auto ended =
      run_script(server.port(), "/login alice right1\n/wait-messages 1\n/pin group tea\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(server.last(55), json::parse(R"({"msgid":55,"id":1,"groupid":7,"pinned":true})"));
  run_script(server.port(), "/login alice right1\n/wait-messages 1\n/silence bob\n");
  EXPECT_EQ(server.last(55), json::parse(R"({"msgid":55,"id":1,"with":2,"muted":true})"));
}

TEST(MessageProgram, ReadersAreThoseOfAGroupsMessage) {
  Accepting server;
  const auto ended =
      run_script(server.port(),
                 "/login alice right1\n/wait-messages 1\n/group tea hi\n/readers 2\n/readers 1\n");
  EXPECT_EQ(server.last(53)["groupid"], 7);
  EXPECT_THAT(ended.output, HasSubstr("\nreaders group=7 read=1 members=1 more=false\n"));
  EXPECT_THAT(ended.output, HasSubstr("/readers is for groups"));
}

}  // namespace
}  // namespace chat::client
