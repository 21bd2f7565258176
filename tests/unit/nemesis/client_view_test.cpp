#include "support/clients/client_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kAlice = 1;
constexpr std::int64_t kBob = 2;
constexpr std::int64_t kTea = 9;
constexpr Place kWithBob{false, kBob};
constexpr Place kInTea{true, kTea};

Json from_bob(std::int64_t seq, const Json& more) {
  Json message{{"msgid", 6}, {"id", kBob}, {"toid", kAlice}, {"seq", seq}, {"ts", 100 + seq}};
  message.update(more);
  return message;
}

Json in_tea(std::int64_t sender, std::int64_t seq, const Json& more) {
  Json message{{"msgid", 10}, {"id", sender}, {"groupid", kTea}, {"seq", seq}, {"ts", 100 + seq}};
  message.update(more);
  return message;
}

// The client of alice.
class ClientViewOfAlice : public ::testing::Test {
 protected:
  const Json text = from_bob(1, {{"msg", "frist"}});
  const Json edit = from_bob(2, {{"msg", "first"}, {"kind", "edit"}, {"ref", 1}, {"rev", 1}});
  const Json recall =
      from_bob(3, {{"msg", "bob recalled"}, {"kind", "recall"}, {"ref", 1}, {"prev", 2}});
  const Json edited = from_bob(1, {{"msg", "first"}, {"edited", 102}, {"rev", 1}});
  const Json erased = from_bob(1, {{"msg", ""}, {"recalled", 103}});
  const Json erased_edit =
      from_bob(2, {{"msg", ""}, {"kind", "edit"}, {"ref", 1}, {"rev", 1}, {"recalled", 103}});

  ClientView view{kAlice};
};

TEST_F(ClientViewOfAlice, AppliesEditsAndRecalls) {
  view.take(text);
  EXPECT_THAT(view.difference(kWithBob, {text}), IsEmpty());
  view.take(edit);
  EXPECT_THAT(view.difference(kWithBob, {edited, edit}), IsEmpty());
  EXPECT_THAT(view.difference(kWithBob, {text, edit}), HasSubstr("shown: "));
  view.take(recall);
  EXPECT_THAT(view.difference(kWithBob, {erased, erased_edit, recall}), IsEmpty());
  EXPECT_THAT(view.difference(kWithBob, {edited, erased_edit, recall}), HasSubstr("shown: "));
  EXPECT_THAT(view.difference(kWithBob, {erased, edit, recall}), HasSubstr("shown: "));
  EXPECT_TRUE(view.shows("bob recalled"));
  EXPECT_FALSE(view.shows("first"));
}

TEST_F(ClientViewOfAlice, AppliesTheSameToWhatIsPushedAgain) {
  ClientView dropping(kAlice, ClientView::Repeats::kDrop);
  for (const Json& push : {text, edit, recall, erased, erased_edit, recall}) {
    view.take(push);
    dropping.take(push);
  }
  EXPECT_THAT(view.difference(kWithBob, {erased, erased_edit, recall}), IsEmpty());
  EXPECT_THAT(dropping.difference(kWithBob, {erased, erased_edit, recall}), IsEmpty());
  view.take(text);
  EXPECT_TRUE(view.shows("frist")) << "a text that is pushed again replaces what is shown";
  dropping.take(text);
  EXPECT_FALSE(dropping.shows("frist"));
}

TEST_F(ClientViewOfAlice, KnowsOwnMessagesByTheirReplies) {
  const Json request{{"msgid", 6}, {"toid", kBob}, {"msg", "one"}, {"cid", "c"}};
  view.sent(request, {{"toid", kBob}, {"seq", 1}, {"ts", 5}});
  view.revised({{"msgid", 51}, {"toid", kBob}, {"seq", 1}, {"msg", "two"}},
               {{"toid", kBob}, {"seq", 2}, {"ts", 6}});
  Json stored{{"msgid", 6}, {"id", kAlice}, {"name", "alice"}, {"toid", kBob}, {"msg", "two"},
              {"seq", 1},   {"ts", 5},      {"cid", "c"},      {"rev", 1},     {"edited", 6}};
  const Json event{{"msgid", 6}, {"id", kAlice}, {"toid", kBob}, {"msg", "two"}, {"seq", 2},
                   {"ts", 6},    {"cid", "~"},   {"ref", 1},     {"rev", 1},     {"kind", "edit"}};
  EXPECT_THAT(view.difference(kWithBob, {stored, event}), IsEmpty());
  stored.erase("rev");
  EXPECT_THAT(view.difference(kWithBob, {stored, event}), HasSubstr("shown: "));
}

TEST_F(ClientViewOfAlice, DiffersByMessagesThatAreMissingOrTooMany) {
  view.take(text);
  EXPECT_THAT(view.difference(kWithBob, {edited, edit}), HasSubstr("shown: "));
  EXPECT_THAT(view.difference(kWithBob, {text, edit}), HasSubstr("not shown"));
  EXPECT_THAT(view.difference(kWithBob, {}), HasSubstr("1 messages are shown"));
}

TEST_F(ClientViewOfAlice, HoldsWhatWasReadInAnEarlierMembership) {
  view.take(in_tea(kBob, 3, {{"msg", "early"}}));
  EXPECT_THAT(view.difference(kInTea, {}), IsEmpty());
  const Json joined =
      in_tea(kAlice, 7, {{"msg", "alice joined"}, {"kind", "notice"}, {"event", "joined"}});
  EXPECT_THAT(view.difference(kInTea, {joined}), IsEmpty()) << "own events are not pushed";
  view.take(in_tea(kBob, 9, {{"msg", "late"}}));
  EXPECT_THAT(view.difference(kInTea, {joined}), HasSubstr("1 messages are shown"));
}

TEST_F(ClientViewOfAlice, IsNotToldWhatChangesAfterItsMembership) {
  view.take(in_tea(kBob, 3, {{"msg", "early"}}));
  const Json left = in_tea(
      kAlice, 7, {{"msg", "alice left"}, {"kind", "notice"}, {"event", "left"}, {"user", kAlice}});
  const Json later = in_tea(kBob, 3, {{"msg", ""}, {"recalled", 110}});
  const Json earlier = in_tea(kBob, 3, {{"msg", ""}, {"recalled", 106}});
  EXPECT_THAT(view.difference(kInTea, {later, left}), IsEmpty());
  EXPECT_THAT(view.difference(kInTea, {earlier, left}), HasSubstr("shown: "));
}

}  // namespace
}  // namespace chat::test
