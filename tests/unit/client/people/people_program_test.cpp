// The built chatclient and commands about people and groups, with a fake server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>

#include "chat/base/mutex.h"
#include "unit/client/fake_server.h"
#include "unit/client/program.h"

namespace chat::client {
namespace {

using test::FakeServer;
using test::json;
using test::Peer;
using test::Program;
using test::run_script;
using testing::HasSubstr;
using testing::Not;

json user(int id, const std::string& name) {
  return {{"id", id}, {"name", name}};
}

json group(int id, const std::string& name) {
  return {{"id", id}, {"groupname", name}, {"groupdesc", ""}, {"users", json::array()}};
}

json not_found() {
  return {{"errno", 23}, {"error", "not_found"}, {"errmsg", "no such user"}};
}

// Answers like a server that knows dave (4), the group Tea (7), two pages of requests, and has its
// user logged in as alice (1) with the friends bob (2) and two of one name. Keeps the requests.
class PeopleServer {
 public:
  void operator()(Peer& peer) {
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      {
        base::MutexLock lock(mutex_);
        requests_.push_back(*request);
      }
      if (msgid == 22 || msgid == 23) continue;
      peer.send(Peer::reply_to(*request, reply(*request, msgid)));
    }
  }

  std::atomic<int> tea = 7;  // the ID of the group Tea

  // The requests with this msgid, without cid and msgid.
  std::vector<json> of(int msgid) {
    base::MutexLock lock(mutex_);
    std::vector<json> out;
    for (json each : requests_) {
      if (each["msgid"] != msgid) continue;
      each.erase("cid");
      each.erase("msgid");
      out.push_back(each);
    }
    return out;
  }

 private:
  json reply(const json& request, int msgid) const {
    switch (msgid) {
      case 1:
        return {{"id", 1},
                {"name", "alice"},
                {"friends", {user(2, "bob"), user(8, "twin"), user(9, "twin")}},
                {"groups", {group(5, "Chess Club")}}};
      case 6:
      case 10: return {{"seq", 1}};
      case 9: return {{"pending", true}};
      case 31: return list(request);
      case 35:
        return request.value("name", "dave") == "dave" ? json{{"user", user(4, "dave")}}
                                                       : not_found();
      case 37:
        if (request["query"] == "Mo") return {{"groups", {group(13, "Mocha")}}};
        if (request["query"] == "13") return {{"groups", {group(13, "Latte")}}};
        return {{"groups", {group(tea, "Tea"), group(10, "Tea dance")}}, {"cursor", "more"}};
      case 36: return {{"user", user(1, "alice")}};
      case 44: return {{"group", group(7, "Tea")}};
      case 46:
        return request.contains("code") ? json{{"code", "c0de"}, {"expires", 5}} : json::object();
      default: return json::object();
    }
  }
  static json list(const json& request) {
    if (request["kind"] == "invitations") {
      json item = user(2, "bob");
      item.update({{"groupid", 12}, {"groupname", "Tee-Zeit"}, {"ts", 5}});
      return {{"invitations", {item}}};
    }
    if (request["kind"] != "requests") return {{request["kind"], json::array()}};
    json item = request.contains("cursor") ? user(21, "frank") : user(20, "eve");
    item["ts"] = 5;
    json out{{"requests", {item}}};
    if (!request.contains("cursor")) out["cursor"] = "2";
    return out;
  }

  base::Mutex mutex_;
  std::vector<json> requests_ CHAT_GUARDED_BY(mutex_);
};

const std::string kLogin = "/login alice right1\n";

TEST(PeopleProgram, KnownNamesNeedNoLookUp) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin +
                                                   "/chat bob hi\n/block bob\n"
                                                   "/kick \"Chess Club\" bob\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_TRUE(people.of(35).empty());
  ASSERT_EQ(people.of(41).size(), 1U);
  EXPECT_EQ(people.of(41)[0], (json{{"id", 1}, {"groupid", 5}, {"userid", 2}}));
  EXPECT_THAT(ended.output, HasSubstr("done command=block id=2 name=\"bob\"\n"));
  EXPECT_THAT(ended.output, HasSubstr("done command=kick id=2 name=\"bob\" group=5 "
                                      "groupname=\"Chess Club\"\n"));
}

TEST(PeopleProgram, OtherUsersAreLookedUpOnceAndGroupsEachTime) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended =
      run_script(server.port(),
                 kLogin + "/kick Tea dave\n/promote Tea dave\n/chat dave hi\n/join Tea hello\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(people.of(35).size(), 1U);
  EXPECT_EQ(people.of(37).size(), 3U);
  EXPECT_EQ(people.of(41).at(0), (json{{"id", 1}, {"groupid", 7}, {"userid", 4}}));
  EXPECT_EQ(people.of(42).at(0)["role"], "admin");
  EXPECT_EQ(people.of(6).at(0)["toid"], 4);
  EXPECT_EQ(people.of(9).at(0), (json{{"id", 1}, {"groupid", 7}, {"text", "hello"}}));
  EXPECT_THAT(ended.output, HasSubstr("requested group=7 groupname=\"Tea\"\n"));
  EXPECT_THAT(ended.output, Not(HasSubstr("\nuser id")));  // the look-up itself is not shown
}

TEST(PeopleProgram, TheServerSaysWhichGroupHasANameNow) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  Program program(Program::On::kPipes, server.port(), {});
  program.write(kLogin + "/find-groups Tea\n");
  ASSERT_TRUE(program.wait_for("groups count=2"));
  people.tea = 8;
  program.write("/join Tea\n");
  program.close_input();
  EXPECT_EQ(program.finish(), 0) << program.output;
  ASSERT_EQ(people.of(9).size(), 1U);
  EXPECT_EQ(people.of(9)[0]["groupid"], 8);
}

TEST(PeopleProgram, AGroupIsNotJoinedByAnEarlierName) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin + "/find-groups Mo\n/join Mocha\n");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("there is no group named Mocha"));
  EXPECT_TRUE(people.of(9).empty());
}

TEST(PeopleProgram, AGroupThatTheUserDismissesIsGone) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin +
                                                   "/dismiss \"Chess Club\"\n/groups\n"
                                                   "/group \"Chess Club\" hi\n");
  EXPECT_EQ(people.of(47).size(), 1U);
  EXPECT_THAT(ended.output, HasSubstr("\ngroups count=0\n"));
  // Another group may have taken the name.
  EXPECT_EQ(people.of(37).at(0)["query"], "Chess Club");
}

TEST(PeopleProgram, GroupsAreNamedInLettersOfEitherCase) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin +
                                                   "/group \"CHESS club\" hi\n/join TEA\n"
                                                   "/requests\n/join tee-zeit\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  ASSERT_EQ(people.of(10).size(), 1U);
  EXPECT_EQ(people.of(10)[0]["groupid"], 5);
  ASSERT_EQ(people.of(9).size(), 2U);
  EXPECT_EQ(people.of(9)[0]["groupid"], 7);
  EXPECT_EQ(people.of(9)[1]["groupid"], 12);
}

TEST(PeopleProgram, UnknownAndAmbiguousNamesAreReported) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto unknown = run_script(server.port(), kLogin + "/chat nobody hi\n");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.output, HasSubstr("error command=chat errno=23 error=not_found "
                                        "errmsg=\"there is no user named nobody\""));
  const auto no_group = run_script(server.port(), kLogin + "/leave Te\n");
  EXPECT_EQ(no_group.code, 1);
  EXPECT_THAT(no_group.output, HasSubstr("there is no group named Te\""));
  const auto twins = run_script(server.port(), kLogin + "/block twin\n");
  EXPECT_EQ(twins.code, 2);
  EXPECT_THAT(twins.output, HasSubstr("2 users have the name twin: #8, #9; type the ID instead"));
  EXPECT_TRUE(people.of(34).empty());
  EXPECT_TRUE(people.of(40).empty());
}

TEST(PeopleProgram, RequestsAreReadToTheEnd) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin + "/requests\n/accept frank\n");
  EXPECT_THAT(ended.output, HasSubstr("requests count=2 sent=0 joins=0 invitations=1\n"
                                      "request id=20 name=\"eve\" ts=5\n"
                                      "request id=21 name=\"frank\" ts=5\n"));
  EXPECT_EQ(people.of(32).at(0), (json{{"id", 1}, {"userid", 21}, {"accept", true}}));
}

// The server does not find groups that are joined by invitation only.
TEST(PeopleProgram, InvitationsAreAnsweredByTheNameThatIsShown) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended =
      run_script(server.port(), kLogin + "/requests\n/join Tee-Zeit\n/decline Tee-Zeit\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  ASSERT_EQ(people.of(9).size(), 1U);
  EXPECT_EQ(people.of(9)[0]["groupid"], 12);
  EXPECT_THAT(ended.output, HasSubstr("done command=decline group=12 groupname=\"Tee-Zeit\"\n"));
}

TEST(PeopleProgram, CommandsBecomeRequests) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(
      server.port(),
      kLogin +
          "/mute 7 #4 10m\n/unmute 7\n/announce 7 at five\n/group-settings 7 joining invite\n"
          "/invite 7 --code 3 20\n/join --code c0de\n/accept-join 7 4\n/refuse 4\n"
          "/profile nick \"\"\n/handover 7 4\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(people.of(43).at(0),
            (json{{"id", 1}, {"groupid", 7}, {"userid", 4}, {"seconds", 600}}));
  EXPECT_EQ(people.of(43).at(1), (json{{"id", 1}, {"groupid", 7}, {"seconds", 0}}));
  EXPECT_EQ(people.of(44).at(0), (json{{"id", 1}, {"groupid", 7}, {"announcement", "at five"}}));
  EXPECT_EQ(people.of(44).at(1), (json{{"id", 1}, {"groupid", 7}, {"joining", "invite"}}));
  EXPECT_EQ(people.of(46).at(0),
            (json{{"id", 1}, {"groupid", 7}, {"code", {{"days", 3}, {"uses", 20}}}}));
  EXPECT_EQ(people.of(9).at(0), (json{{"id", 1}, {"code", "c0de"}}));
  EXPECT_EQ(people.of(45).at(0),
            (json{{"id", 1}, {"groupid", 7}, {"userid", 4}, {"accept", true}}));
  EXPECT_EQ(people.of(32).at(0), (json{{"id", 1}, {"userid", 4}, {"accept", false}}));
  EXPECT_EQ(people.of(36).at(0), (json{{"id", 1}, {"nick", ""}}));
  EXPECT_EQ(people.of(42).at(0)["role"], "creator");
  EXPECT_THAT(ended.output,
              HasSubstr("invite_code group=7 groupname=\"Tea\" code=\"c0de\" expires=5"));
}

TEST(PeopleProgram, MoreShowsTheNextPageOfWhatWasFound) {
  PeopleServer people;
  FakeServer server([&](Peer& peer) { people(peer); });
  const auto ended = run_script(server.port(), kLogin + "/find-groups Te\n/more\n");
  EXPECT_EQ(ended.code, 0) << ended.output;
  ASSERT_EQ(people.of(37).size(), 2U);
  EXPECT_FALSE(people.of(37)[0].contains("cursor"));
  EXPECT_EQ(people.of(37)[1]["cursor"], "more");
  EXPECT_THAT(ended.output, HasSubstr("groups count=2 more=true\n"));
}

TEST(PeopleProgram, AnOlderServerIsReportedAsOne) {
  FakeServer server([](Peer& peer) {
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      if (msgid < 30) {
        peer.send(Peer::reply_to(*request, {{"id", 1}, {"name", "alice"}}));
      } else {
        peer.send({{"msgid", 100},
                   {"errno", 15},
                   {"error", "unknown_msgid"},
                   {"errmsg", "unknown msgid"},
                   {"cid", (*request)["cid"]}});
      }
    }
  });
  const auto ended = run_script(server.port(), kLogin + "/chat dave hi\n");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output,
              HasSubstr("errno=23 error=not_found errmsg=\"this server cannot look up names: "
                        "type the ID of dave\""));
  const auto blocking = run_script(server.port(), kLogin + "/block 3\n");
  EXPECT_EQ(blocking.code, 1);
  EXPECT_THAT(blocking.output, HasSubstr("error command=block errno=15 error=unknown_msgid"));
}

// An admin has let the user into a group of which the client knows nothing.
TEST(PeopleProgram, ReadsAGroupThatTheUserHasBeenLetInto) {
  FakeServer server([](Peer& peer) {
    while (const auto request = peer.next()) {
      const int msgid = (*request)["msgid"];
      if (msgid == 22) continue;
      json fields = {{"id", 1}, {"name", "alice"}, {"seq", 2}};
      if (msgid == 30) {
        fields = {{"group", group(7, "Tea")}, {"users", {user(1, "alice"), user(2, "bob")}}};
      }
      peer.send(Peer::reply_to(*request, fields));
      if (msgid != 1) continue;
      peer.send({{"msgid", 10},
                 {"id", 2},
                 {"name", "bob"},
                 {"groupid", 7},
                 {"seq", 1},
                 {"msg", "bob let alice join"},
                 {"time", "2024-05-01 10:00:00"},
                 {"kind", "notice"},
                 {"event", "joined"},
                 {"by", 2},
                 {"user", 1}});
    }
  });
  Program program(Program::On::kPipes, server.port(), {});
  program.write(kLogin);
  ASSERT_TRUE(program.wait_for("group_notice group=7"));
  // It reads the group after a command.
  program.write("/groups\n/groups\n");
  ASSERT_TRUE(program.wait_for("members=2"));
  EXPECT_THAT(program.output, HasSubstr("group id=7 name=\"Tea\" desc=\"\" members=2\n"));
  program.write("/group Tea hello\n");
  EXPECT_TRUE(program.wait_for("sent group=7 seq=2"));
  program.close_input();
  EXPECT_EQ(program.finish(), 0);
}

TEST(PeopleProgram, JsonPassesNoticesThroughUnchanged) {
  const std::string notice =
      R"({"msgid":10,"seq":1,"id":2,"name":"bob","groupid":7,"msg":"bob removed dave",)"
      R"("time":"2024-05-01 10:00:00","kind":"notice","event":"removed","by":2,"user":4})";
  const std::string push = R"({"msgid":202,"groupid":7,"change":"removed","id":4,"by":2})";
  FakeServer server([&](Peer& peer) {
    peer.answer();
    std::string bytes;
    protocol::append_frame(bytes, protocol::Framing::kBinary, notice);
    protocol::append_frame(bytes, protocol::Framing::kBinary, push);
    peer.send_raw(bytes);
    peer.send({{"msgid", 6},
               {"seq", 1},
               {"id", 2},
               {"name", "bob"},
               {"toid", 1},
               {"msg", "x"},
               {"time", "t"}});
    peer.next();
  });
  const auto ended = run_script(server.port(), "/wait-messages 1\n", {"--json"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, HasSubstr(notice + "\n" + push + "\n"));
  // A notice is no message to wait for.
  EXPECT_THAT(ended.output, HasSubstr("\"msg\":\"x\""));
}

}  // namespace
}  // namespace chat::client
