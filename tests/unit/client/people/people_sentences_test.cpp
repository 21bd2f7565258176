#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/terminal/printer/printer.h"

namespace chat::client {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string told(Event::What what) {
  return to_people({std::move(what)}, false);
}

event::GroupChanged change(const std::string& what, UserId user, const std::string& name) {
  event::GroupChanged out{{7}, what, user, name};
  out.group_name = "Tea";
  out.by = {{2}, "bob"};
  out.self = {1};
  return out;
}

struct ToldRow {
  Event::What what;
  const char* sentence;
};

TEST(PeopleSentences, SayWhatHappenedToWhom) {
  const UserRef dave{{4}, "dave"};
  const GroupRef tea{{7}, "Tea"};
  const std::vector<ToldRow> table = {
      {event::Contact{{2}, "bob"}, "bob (2) added you as a friend.\n"},
      {event::Contact{{2}, "bob", true}, "bob (2) added you as a friend. /add bob to add them.\n"},
      {event::Contact{{2}, "Anna Lee", true, "request", ""},
       "\"Anna Lee\" (2) asks to be your friend. /accept \"Anna Lee\" or /refuse \"Anna Lee\".\n"},
      {event::Contact{{2}, "bob", true, "request", "it's me"},
       "bob (2) asks to be your friend. /accept bob or /refuse bob.\n  │ it's me\n"},
      {event::Contact{{2}, "bob", true, "accepted"}, "bob (2) accepted your friend request.\n"},
      {event::Contact{{2}, "bob", true, "removed"}, "bob (2) ended the friendship with you.\n"},
      {event::GroupCreated{{7}, "Tea", ""},
       "Group Tea created: its id is 7. /invite Tea NAME, /to Tea\n"},
      {event::GroupCreated{{7}, "group", ""},
       "Group group created: its id is 7. /invite \"group\" NAME, /to \"group\"\n"},
      {event::GroupJoined{{{7}, "-", ""}}, "Joined - (7). /to \"-\"\n"},
      {event::Requested{dave, {}}, "You asked dave to be your friend; they have to accept.\n"},
      {event::Requested{{}, tea}, "You asked to join Tea; an admin has to accept.\n"},
      {event::FriendAdded{{{2}, "bob", "online"}, true}, "You and bob (2) are friends now.\n"},
      {event::Done{"kick", dave, tea}, "You removed dave from Tea.\n"},
      {event::Done{"kick", {{4}, ""}, {{7}, ""}}, "You removed user 4 from group 7.\n"},
      {event::Done{"block", dave}, "You blocked dave: no more messages or requests from them.\n"},
      {event::Done{"promote", dave, tea}, "dave is now an admin of Tea.\n"},
      {event::Done{"handover", dave, tea}, "dave is now the owner of Tea, and you are an admin.\n"},
      {event::Done{"leave", {}, tea}, "You left Tea.\n"},
      {event::Done{"pin", dave},
       "The conversation with dave stays at the top of its inbox page.\n"},
      {event::Done{"pin", {}, tea}, "Tea stays at the top of its inbox page.\n"},
      {event::Done{"unmute", {}, tea}, "Everybody may write in Tea again.\n"},
      {event::Done{"unmute", dave, tea}, "dave may write in Tea again.\n"},
      {change("joined", {4}, "dave"), "dave (4) joined Tea.\n"},
      {change("removed", {4}, "dave"), "dave (4) was removed from Tea by bob.\n"},
      {change("removed", {1}, "alice"), "You were removed from Tea by bob.\n"},
      {change("removed", {}, ""), "You were removed from Tea by bob.\n"},
      {change("muted", {}, ""), "Only admins may write in Tea now.\n"},
      {change("invited", {1}, "alice"),
       "bob (2) invites you to the group Tea (7). /join Tea to accept.\n"},
      {change("request", {4}, "dave"),
       "dave (4) asks to join Tea. /accept-join Tea dave or /refuse-join Tea dave.\n"},
      {change("accepted", {1}, "alice"), "bob let you into Tea.\n"},
      {change("dismissed", {}, ""), "Tea was dismissed by bob.\n"},
      {change("renamed", {4}, "dave"), "Tea: dave (4) renamed.\n"},
      {event::RequestList{}, "No requests.\n"},
      {event::BlockedList{}, "You have blocked nobody.\n"},
  };
  for (const ToldRow& row : table) EXPECT_EQ(told(row.what), row.sentence);
}

TEST(PeopleSentences, AMuteNamesItsEnd) {
  const std::string out = told(event::Done{"mute", {{4}, "dave"}, {{7}, "Tea"}, 1'714'550'400'000});
  EXPECT_THAT(out, HasSubstr("dave may not write in Tea until 2024-0"));
  EXPECT_THAT(told(event::Done{"mute", {}, {{7}, "Tea"}, 1'714'550'400'000}),
              HasSubstr("Only admins may write in Tea until 2024-0"));
}

TEST(PeopleSentences, ARepeatedChangeIsNotShownAgain) {
  auto joined = change("joined", {4}, "dave");
  joined.repeat = true;
  EXPECT_EQ(told(joined), "");
  EXPECT_THAT(to_line({joined}), HasSubstr("group_changed group=7 change=joined"));
}

TEST(PeopleSentences, ErrorsNameWhatWasTyped) {
  event::Refused refused{"kick", {}, 22, "not_allowed", "only admins may", {}};
  refused.about = "Tea dave";
  EXPECT_EQ(told(refused), "/kick Tea dave: only admins may\n");
  refused.command = "group";
  refused.about = "Tea";
  EXPECT_EQ(told(refused), "Not sent to Tea: only admins may\n");
}

TEST(PeopleSentences, AnOlderServerIsNamedAsSuch) {
  const char* const kOlder = "this server is older and cannot do that";
  EXPECT_THAT(told(event::Refused{"find", {}, 15, "unknown_msgid", "msgid 37", {}}),
              HasSubstr(kOlder));
  EXPECT_THAT(told(event::Refused{"requests", {}, 14, "bad_field", "kind", {}}), HasSubstr(kOlder));
  EXPECT_THAT(told(event::Refused{"creategroup", {}, 14, "bad_field", "name", {}}),
              Not(HasSubstr(kOlder)));
}

// A name that cannot be typed as shown is offered as an id.
TEST(PeopleSentences, HintsCanBeTyped) {
  EXPECT_THAT(told(event::Contact{{2}, "a\"b", true, "request"}), HasSubstr("/accept 2 or"));
  EXPECT_THAT(told(event::Contact{{2}, "", true, "request"}), HasSubstr("/accept 2 or"));
}

}  // namespace
}  // namespace chat::client
