#include "client/terminal/printer/printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "client/terminal/printer/people_sentences.h"

namespace chat::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Clears the screen, sets the title, C1's CSI, a right-to-left override, DEL.
const std::string kHostile =
    "a\x1b[2J\x1b]0;x\x07"
    "\xc2\x9b"
    "1m\xe2\x80\xae\x7f\r";

Event hostile_message() {
  event::Message message;
  message.from = {2};
  message.name = kHostile;
  message.text = kHostile + "\n2024-05-01 10:00:00 eve: \"forged\"";
  message.time = kHostile;
  message.seq = 1;
  const std::string raw =
      "{\"msgid\":6,\"msg\":\"\xc2\x9b"
      "1m\x7f\"}";
  return {message, raw};
}

std::vector<Event> all_kinds_with(const std::string& text) {
  const Friend bob{{2}, text, text};
  const Group team{{1}, text, text, {{{2}, text, text, text}}, text, text, text};
  const Person carol{{3}, text, text, text, text, text, true, true, text, text};
  return {{event::Connected{text, 1}},
          {event::Registered{{1}, text}},
          {event::LoggedIn{{1}, text, text, {bob}, {team}, {}, true, true, true}},
          {event::SessionList{{{text, 1, 2, true}}}},
          {event::FriendAdded{bob}},
          {event::GroupCreated{{1}, text, text}},
          {event::GroupJoined{team}},
          {event::Refused{"login", {}, 1, text, text, 5}},
          {event::Held{{{2}, {}}, text}},
          {event::Presence{{2}, text, text}},
          {event::Contact{{2}, text}},
          {event::Contact{{2}, text, true, "request", text}},
          {event::GroupChanged{{1}, text, {2}, text, text, {{3}, text}, text}},
          {event::GroupChanged{{1}, "request", {2}, text, text, {{3}, text}, text}},
          {event::GroupChanged{{1}, "invited", {2}, text, text, {{3}, text}, text}},
          {event::Done{"kick", {{2}, text}, {{1}, text}}},
          {event::Done{text, {{2}, text}, {{1}, text}}},
          {event::Requested{{{2}, text}, {}}},
          {event::Requested{{}, {{1}, text}}},
          {event::InviteCode{{{1}, text}, text}},
          {event::Profile{carol}},
          {event::UsersFound{{carol}, text}},
          {event::GroupsFound{{team}, text}},
          {event::GroupShown{team}},
          {event::RequestList{{{{{2}, text}, text}},
                              {{{{2}, text}, text}},
                              {{{{1}, text}, {{2}, text}, text}},
                              {{{{1}, text}, {{2}, text}}}}},
          {event::BlockedList{{carol}}},
          {event::Bye{text, 1}},
          {event::Bye{text, -1}},
          {event::FriendList{{bob}}},
          {event::GroupList{{team}}},
          {event::Usage{text}},
          {event::Fault{text}},
          {event::Disconnected{text}},
          hostile_message()};
}

// Any control character but LF.
bool has_control(const std::string& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if ((c < 0x20 && c != '\n') || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xa0)
      return true;
  }
  return out.find("\xe2\x80\xae") != std::string::npos;
}

TEST(Printer, ShowsControlCharactersHarmlessly) {
  for (const Event& each : all_kinds_with(kHostile)) {
    EXPECT_FALSE(has_control(to_people(each, false))) << each.what.index();
    EXPECT_FALSE(has_control(to_line(each))) << each.what.index();
    if (each.as<event::LoggedIn>()) continue;  // has received JSON
    EXPECT_FALSE(has_control(to_json(each))) << each.what.index();
  }
}

TEST(Printer, EveryEventIsWholeLines) {
  for (const Event& each : all_kinds_with("text\nmore")) {
    for (const std::string& out : {to_line(each), to_people(each, false)}) {
      if (each.as<event::Message>() && out.empty()) continue;  // shown by the Transcript
      ASSERT_FALSE(out.empty()) << each.what.index();
      EXPECT_EQ(out.back(), '\n') << each.what.index();
    }
    EXPECT_EQ(to_line(each).find("\nmore"), std::string::npos) << each.what.index();
  }
}

struct PrintedRow {
  Event event;
  std::string line;
};

TEST(Printer, LinesAreStable) {
  event::Message group_message;
  group_message.from = {2};
  group_message.name = "bob";
  group_message.group = {1};
  group_message.text = "say \"hi\"\n\\o/ é";
  group_message.time = "2024-05-01 10:00:00";
  group_message.seq = 4;
  event::Message message = group_message;
  message.group = {};
  message.text = "hello";
  event::Message notice = group_message;
  notice.text = "bob removed carol";
  notice.notice = event::GroupNotice{"removed", {2}, {3}};
  event::Message edit = message;
  edit.extras = {.kind = "edit", .ref = 3};
  event::Message recall = group_message;
  recall.text = "bob recalled a message";
  recall.extras = {.kind = "recall", .ref = 3};
  const Friend bob{{2}, "bob", "online"};
  const Group team{{1}, "team", "", {{{1}, "alice", "online", "creator"}}};
  const std::vector<PrintedRow> table = {
      {{event::Connected{"::1", 6000}}, "connected host=\"::1\" port=6000\n"},
      {{event::Connected{"::1", 6000, false, "TLSv1.3"}},
       "connected host=\"::1\" port=6000 tls=TLSv1.3\n"},
      {{event::Registered{{1}, "alice"}}, "registered id=1 name=\"alice\"\n"},
      {{event::LoggedIn{{1}, "alice", "secret", {bob}, {team}, {message}, false, false, true}},
       "logged_in id=1 name=\"alice\" friends=1 groups=1 offline=1 more_groups=true\n"
       "friend id=2 name=\"bob\" state=online\n"
       "group id=1 name=\"team\" desc=\"\" members=1\n"
       "member group=1 id=1 name=\"alice\" state=online role=creator\n"
       "message from=2 name=\"bob\" seq=4 time=\"2024-05-01 10:00:00\" text=\"hello\"\n"},
      {{event::LoggedOut{{1}}}, "logged_out id=1\n"},
      {{event::PasswordChanged{2}}, "password_changed revoked=2\n"},
      {{event::AccountDeleted{}}, "account_deleted\n"},
      {{event::SessionsRevoked{3}}, "sessions_revoked count=3\n"},
      {{event::SessionList{{{"0a1b", 1, 2, true}}}},
       "sessions count=1\nsession id=0a1b created=1 expires=2 current=true\n"},
      {{event::FriendAdded{bob}}, "friend_added id=2 name=\"bob\" state=online\n"},
      {{event::GroupCreated{{1}, "team", ""}}, "group_created id=1 name=\"team\"\n"},
      {{event::GroupJoined{{{1}, "team", "", {}}}},
       "group_joined id=1 name=\"team\" desc=\"\" members=0\n"},
      {{event::Sent{{{2}, {}}, 7, 0, "c1"}}, "sent to=2 seq=7\n"},
      {{event::Sent{{{}, {3}}, 7, 0, "c1"}}, "sent group=3 seq=7\n"},
      {{event::Held{{{2}, {}}, "busy"}}, "held to=2 error=busy\n"},
      {{event::Held{{{}, {3}}, "rate_limited"}}, "held group=3 error=rate_limited\n"},
      {{event::Refused{"chat", {{2}, {}}, 30, "rate_limited", "slow down", 500}},
       "error command=chat errno=30 error=rate_limited errmsg=\"slow down\" to=2 "
       "retry_after_ms=500\n"},
      {{event::Refused{"", {}, 10, "bad_json", "", {}}},
       "error errno=10 error=bad_json errmsg=\"\"\n"},
      {{group_message},
       "group_message group=1 from=2 name=\"bob\" seq=4 time=\"2024-05-01 10:00:00\" "
       "text=\"say \\\"hi\\\"\\n\\\\o/ é\"\n"},
      {{edit},
       "edited from=2 name=\"bob\" seq=4 ref=3 time=\"2024-05-01 10:00:00\" text=\"hello\"\n"},
      {{recall},
       "recalled group=1 from=2 name=\"bob\" seq=4 ref=3 time=\"2024-05-01 10:00:00\" "
       "text=\"bob recalled a message\"\n"},
      {{event::History{{{2}, {}}, {message, edit}, ""}},
       "history to=2 count=2 more=false\n"
       "message from=2 name=\"bob\" seq=4 time=\"2024-05-01 10:00:00\" text=\"hello\"\n"
       "edited from=2 name=\"bob\" seq=4 ref=3 time=\"2024-05-01 10:00:00\" text=\"hello\"\n"},
      {{event::Presence{{2}, "bob", "offline"}}, "presence id=2 name=\"bob\" state=offline\n"},
      {{event::Bye{"shutdown", 500}}, "bye reason=\"shutdown\" reconnect_after_ms=500\n"},
      {{event::Contact{{3}, "carol"}}, "contact id=3 name=\"carol\"\n"},
      {{event::GroupChanged{{1}, "joined", {3}, "carol"}},
       "group_changed group=1 change=joined id=3 name=\"carol\"\n"},
      {{notice},
       "group_notice group=1 seq=4 time=\"2024-05-01 10:00:00\" event=removed by=2 user=3 "
       "text=\"bob removed carol\"\n"},
      {{event::Done{"kick", {{3}, "carol"}, {{1}, "team"}}},
       "done command=kick id=3 name=\"carol\" group=1 groupname=\"team\"\n"},
      {{event::Requested{{{3}, "carol"}, {}}}, "requested id=3 name=\"carol\"\n"},
      {{event::InviteCode{{{1}, "team"}, "0a-b", 5}},
       "invite_code group=1 groupname=\"team\" code=\"0a-b\" expires=5\n"},
      {{event::UsersFound{{{{3}, "carol", "C", "", "", "online", true}}, "x"}},
       "users count=1 more=true\nuser id=3 name=\"carol\" nick=\"C\" state=online friend=true\n"},
      {{event::RequestList{{{{{3}, "carol"}, "hi", 7}}, {}, {{{{1}, "team"}, {{3}, "carol"}}}, {}}},
       "requests count=1 sent=0 joins=1 invitations=0\n"
       "request id=3 name=\"carol\" ts=7 text=\"hi\"\n"
       "join_request id=3 name=\"carol\" group=1 groupname=\"team\"\n"},
      {{event::Notice{"receipt", {{"kind", "\"read\""}, {"seq", "4"}}}},
       "receipt kind=\"read\" seq=4\n"},
      {{event::FriendList{}}, "friends count=0\n"},
      {{event::GroupList{}}, "groups count=0\n"},
      {{event::TimedOut{"login", std::chrono::seconds(10)}},
       "timeout command=login after_ms=10000\n"},
      {{event::Disconnected{"gone"}}, "disconnected reason=\"gone\"\n"},
      {{event::Pong{}}, ""},
  };
  for (const PrintedRow& row : table) EXPECT_EQ(to_line(row.event), row.line);
}

TEST(Printer, AByeSaysWhyTheConnectionEnds) {
  const auto shown = [](const std::string& reason) {
    return to_people({event::Bye{reason, 500}}, false);
  };
  EXPECT_EQ(shown("server_stopping"), "The server is stopping.\n");
  EXPECT_EQ(shown("login_timeout"),
            "The server closed the connection: nobody logged in for too long.\n");
  for (const char* reason :
       {"taken_over", "account_deleted", "account_disabled", "kicked", "session_lost", "timeout",
        "too_large", "unavailable", "server_full", "too_many_connections"}) {
    EXPECT_EQ(shown(reason).find("is stopping"), std::string::npos) << reason;
    EXPECT_EQ(shown(reason).find(reason), std::string::npos) << reason;
  }
  EXPECT_EQ(shown("new_one"), "The server ended this session: new_one.\n");
}

TEST(Printer, AReconnectionIsOneLine) {
  const Friend bob{{2}, "bob", "online"};
  event::LoggedIn login;
  login.id = {1};
  login.name = "alice";
  login.friends = {bob};
  login.again = true;
  EXPECT_EQ(to_people({event::Connected{"::1", 6000, true}}, false), "");
  EXPECT_EQ(to_people({login}, false), "Connected again as alice.\n");
}

TEST(Printer, ALoginIsASummary) {
  event::LoggedIn login;
  login.id = {1};
  login.name = "alice";
  EXPECT_THAT(to_people({login}, false), StartsWith("Logged in as alice (id 1).\nNo friends"));
  login.friends = {{{2}, "bob", "online"}, {{3}, "carol", "offline"}};
  login.groups = {{{1}, "tea", "", {{{2}, "bob", "online", "creator"}}}};
  EXPECT_EQ(to_people({login}, false),
            "Logged in as alice (id 1): 2 friends (1 online), 1 group.\n");
  login.friends.pop_back();
  login.more_friends = true;
  EXPECT_EQ(to_people({login}, false),
            "Logged in as alice (id 1): 1+ friends (1 online), 1 group.\n");
}

event::Inbox inbox_of_two() {
  event::Conversation bob{.target = {{2}, {}}, .name = "bob", .unread = 2};
  bob.last_by = {{1}, "alice"};
  bob.last_text = "hi\nthere";
  bob.last_ts = base::system_clock().unix_millis();
  event::Conversation tea{.target = {{}, {7}}, .name = "tea", .unread = 3, .mentions = 1};
  tea.last_by = {{1}, "alice"};
  tea.last_ts = 1;
  tea.last_recalled = true;
  return {.conversations = {bob, tea}, .self = {1}};
}

TEST(Printer, TheInboxSaysYouAndTheTimeOfToday) {
  event::Inbox inbox = inbox_of_two();
  const std::string now = date_and_time(inbox.conversations[0].last_ts).substr(11);
  EXPECT_EQ(to_people({inbox}, false), "Conversations:\n    bob  2 new  " + now +
                                           " you: hi…\n    [tea]  3 new  @1  " + date_and_time(1) +
                                           " you: (recalled)\n");
  inbox.self = {2};
  EXPECT_THAT(to_people({inbox}, false), HasSubstr(date_and_time(1) + " alice: (recalled)\n"));
}

TEST(Printer, AtLoginTheInboxIsOneLine) {
  event::Inbox inbox = inbox_of_two();
  inbox.at_login = true;
  EXPECT_EQ(to_people({inbox}, false),
            "Unread: bob 2, [tea] 3 @1. /to NAME answers, /inbox lists all.\n");
  inbox.conversations.clear();
  EXPECT_THAT(to_people({inbox}, false), StartsWith("Nothing unread."));
}

TEST(Printer, ReceivedJsonIsUnchanged) {
  const std::string raw = R"({"z":1,"msgid":250, "a":"é"})";
  EXPECT_EQ(to_json({event::Notice{"push", {}}, raw}), raw + "\n");
}

TEST(Printer, JsonOnSeveralLinesBecomesOne) {
  EXPECT_EQ(to_json({event::Notice{"push", {}}, "{\"msgid\":250,\n\"a\":\"\x7f\"}"}),
            "{\"a\":\"\\u007f\",\"msgid\":250}\n");
}

TEST(Printer, TheTokenIsNeverShown) {
  const Event login{event::LoggedIn{{1}, "alice", "secret", {}, {}, {}, false, false, false},
                    R"({"msgid":2,"id":1,"token":"secret","errno":0})"};
  for (const std::string& out : {to_people(login, true), to_line(login), to_json(login)}) {
    EXPECT_EQ(out.find("secret"), std::string::npos) << out;
  }
  EXPECT_EQ(nlohmann::json::parse(to_json(login))["id"], 1);
}

TEST(Printer, ColoursOnlyWhenAsked) {
  const Event event{event::Disconnected{"gone"}};
  EXPECT_EQ(to_people(event, false).find('\x1b'), std::string::npos);
  EXPECT_NE(to_people(event, true).find('\x1b'), std::string::npos);
}

TEST(Printer, ReadersOfAMessageAreNamed) {
  event::Readers readers{.group = {{7}, "Tea"}, .read = 1, .members = 2, .users = {{{2}, "bob"}}};
  EXPECT_EQ(to_people({readers}, false), "Read by 1 of 2: bob\n");
  readers = {.group = {{7}, "Tea"}};
  EXPECT_EQ(to_people({readers}, false), "Nobody else was in the group then.\n");
}

TEST(Printer, AnAccountInUsePointsToTakeover) {
  const Event event{event::Refused{"login", {}, 2, "already_online", "logged in elsewhere", {}}};
  EXPECT_NE(to_people(event, false).find("--takeover"), std::string::npos);
}

}  // namespace
}  // namespace chat::client
