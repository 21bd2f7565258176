// Replies, mentions, and who is typing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/clients/classic_client.h"

namespace chat::test {
namespace {

Json with(Json request, const Json& more) {
  request.update(more);
  return request;
}

Json typing_to(std::int64_t user, bool on = true) {
  return {{"msgid", 52}, {"toid", user}, {"on", on}};
}
Json typing_in(std::int64_t group, bool on = true) {
  return {{"msgid", 52}, {"groupid", group}, {"on", on}};
}

// alice and bob talk; in the group are alice, its creator, bob, and carol.
class Marks : public WithServer {
 protected:
  void SetUp() override {
    group = alice.create_group("club");
    bob.join_group(group);
    carol.join_group(group);
  }
  static Json send(User& from, const Json& request) { return request_ok(from.client, request); }
  Json to_bob(const std::string& text, const Json& more) const {
    return with(chat_request(alice.account, bob.id(), text), more);
  }
  Json in_group(const User& from, const std::string& text, const Json& more) const {
    return with(group_chat_request(from.account, group, text), more);
  }
  static Json last_of_history(User& user, const Json& where) {
    const Json page = request_ok(user.client, with({{"msgid", 25}, {"limit", 1}}, where));
    return page.at("messages").back();
  }

  User alice = new_user("alice");
  User bob = new_user("bob", Wire::kText, {{"ack", true}});
  User carol = new_user("carol", Wire::kText, {{"ack", true}});
  std::int64_t group = 0;
};

TEST_F(Marks, ReplyInADirectChatIsCarriedToPushesAndHistory) {
  const auto seq = bob.chat(alice.id(), "question").at("seq").get<std::int64_t>();
  const Json target = {{"id", bob.id()}, {"seq", seq}};
  send(alice, to_bob("answer", {{"reply", target}}));
  EXPECT_EQ(bob.client.push(6).at("reply"), target);
  EXPECT_EQ(last_of_history(bob, {{"with", alice.id()}}).at("reply"), target);
  EXPECT_EQ(last_of_history(alice, {{"with", bob.id()}}).at("reply"), target);
  send(bob, {{"msgid", 24}, {"from", alice.id()}, {"after", 0}});
  EXPECT_EQ(bob.client.push(6).at("reply"), target) << "SYNC";
  const Json own = {{"id", alice.id()}, {"seq", 1}};
  send(alice, to_bob("and this", {{"reply", own}}));
  EXPECT_EQ(bob.client.push(6).at("reply"), own);
  bob.client.close();
  const User again = log_in(bob.account);
  Json waiting = again.welcome.at("offlinemsg");
  std::erase_if(waiting.get_ref<Json::array_t&>(), is_notice);
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].at("reply"), target);
  EXPECT_FALSE(waiting[0].contains("kind"));
}

TEST_F(Marks, ReplyToAMissingMessageIsRefused) {
  bob.chat(alice.id(), "question");
  const auto refused = [&](const Json& target, ErrorKind kind) {
    expect_refused(alice.client, to_bob("answer", {{"reply", target}}), kind);
  };
  refused({{"id", bob.id()}, {"seq", 2}}, errors::kNotFound);
  refused({{"id", alice.id()}, {"seq", 1}}, errors::kNotFound);
  refused({{"id", carol.id()}, {"seq", 1}}, errors::kBadField);
  refused({{"id", bob.id()}, {"seq", 0}}, errors::kBadField);
  refused({{"id", 4294967297}, {"seq", 1}}, errors::kBadField);
  refused({{"id", bob.id()}}, errors::kBadField);
  refused(1, errors::kBadField);
  const Json reply = alice.client.request(in_group(alice, "x", {{"cid", "r"}, {"reply", 99}}));
  expect_error(reply, 110, errors::kNotFound);
  EXPECT_NE(reply.at("errmsg").get<std::string>().find("reply"), std::string::npos);
}

TEST_F(Marks, EventRowsAndWhatWasSaidBeforeJoiningCannotBeRepliedTo) {
  const auto seq = alice.group_chat(group, "early").at("seq").get<std::int64_t>();
  User dave = new_user("dave");
  dave.join_group(group);
  expect_refused(dave.client, in_group(dave, "x", {{"reply", seq}}), errors::kNotFound);
  expect_refused(bob.client, in_group(bob, "x", {{"reply", seq + 1}}), errors::kNotFound);
  send(bob, in_group(bob, "x", {{"reply", seq}}));
}

TEST_F(Marks, MentionsAreCarriedAndNameMembersOnly) {
  const Json ids = {carol.id(), bob.id(), alice.id()};
  send(bob, in_group(bob, "look", {{"at", ids}}));
  EXPECT_EQ(carol.client.push(10).at("at"), ids);
  EXPECT_EQ(last_of_history(alice, {{"groupid", group}}).at("at"), ids);
  const User stranger = new_user("stranger");
  const Json refusal = expect_refused(
      bob.client, in_group(bob, "x", {{"at", {carol.id(), stranger.id()}}}), errors::kNotFound);
  EXPECT_NE(refusal.at("errmsg").get<std::string>().find(std::to_string(stranger.id())),
            std::string::npos);
  send(bob, in_group(bob, "nobody", {{"at", Json::array()}}));
  EXPECT_FALSE(carol.client.push(10).contains("at"));
  Json many = Json::array();
  for (int id = 1; id <= 21; ++id) many.push_back(id);
  for (const Json& bad :
       {many, Json{bob.id(), bob.id()}, Json{"1"}, Json{0}, Json(1), Json{{"id", 1}}, Json{{1}}}) {
    expect_refused(bob.client, in_group(bob, "x", {{"at", bad}}), errors::kBadField);
  }
}

TEST_F(Marks, EverybodyIsMentionedByAdminsOnceAMinute) {
  expect_refused(bob.client, in_group(bob, "x", {{"at_all", true}}), errors::kNotAllowed);
  send(alice, in_group(alice, "all of you", {{"at_all", true}, {"cid", "all"}}));
  EXPECT_EQ(bob.client.push(10).at("at_all"), true);
  const Json refusal = expect_refused(alice.client, in_group(alice, "again", {{"at_all", true}}),
                                      errors::kRateLimited);
  EXPECT_GT(refusal.at("retry_after_ms"), 1000);
  EXPECT_LE(refusal.at("retry_after_ms"), 60'000);
  const Json again = send(alice, in_group(alice, "all of you", {{"at_all", true}, {"cid", "all"}}));
  EXPECT_EQ(again.at("seq"), last_of_history(bob, {{"groupid", group}}).at("seq"));
  send(alice, in_group(alice, "just you", {{"at_all", false}}));
}

TEST_F(Marks, RepeatedCidMustHaveTheSameMarks) {
  alice.chat(bob.id(), "first");
  const Json reply = {{"reply", {{"id", alice.id()}, {"seq", 1}}}, {"cid", "d"}};
  const Json first = send(alice, to_bob("text", reply));
  EXPECT_EQ(send(alice, to_bob("text", reply)).at("seq"), first.at("seq"));
  expect_error(alice.client.request(to_bob("text", {{"cid", "d"}})), 106, errors::kConflict);
  const Json mention = {{"at", {bob.id()}}, {"cid", "g"}};
  const Json stored = send(alice, in_group(alice, "text", mention));
  EXPECT_EQ(send(alice, in_group(alice, "text", mention)).at("seq"), stored.at("seq"));
  expect_error(alice.client.request(in_group(alice, "text", with(mention, {{"at", {carol.id()}}}))),
               110, errors::kConflict);
}

TEST_F(Marks, ClassicClientsGetPlainText) {
  ClassicClient dave(port());
  const auto id = dave.register_user("dave").at("id").get<std::int64_t>();
  dave.log_in(id, "dave");
  alice.chat(id, "one");
  EXPECT_EQ(dave.receive().at("msg"), "one");
  send(alice,
       with(chat_request(alice.account, id, "two"), {{"reply", {{"id", alice.id()}, {"seq", 1}}}}));
  const Json push = dave.receive();
  EXPECT_EQ(push.at("msg"), "two");
  EXPECT_FALSE(push.contains("reply"));
  alice.client.send(typing_to(id));
  dave.expect_silence_for(milliseconds(400));
}

TEST_F(Marks, TypingReachesTheOtherAndIsNotAnswered) {
  alice.client.send(typing_to(bob.id()));
  EXPECT_EQ(bob.client.push(205),
            (Json{{"msgid", 205}, {"id", alice.id()}, {"toid", bob.id()}, {"on", true}}));
  alice.client.send(typing_to(bob.id()));
  alice.client.send(typing_to(bob.id(), false));
  EXPECT_EQ(bob.client.push(205).at("on"), false);
  alice.client.send(typing_in(group));
  for (User* member : {&bob, &carol}) {
    EXPECT_EQ(member->client.push(205),
              (Json{{"msgid", 205}, {"id", alice.id()}, {"groupid", group}, {"on", true}}));
  }
  expect_alive(alice.client);
  while (alice.client.waiting() > 0) EXPECT_EQ(alice.client.receive().at("msgid"), 202);
}

TEST_F(Marks, TypingIsNotPushedAfterTheMessage) {
  alice.client.send(typing_to(bob.id()));
  alice.client.send(chat_request(alice.account, bob.id(), "typed"));
  alice.client.send(typing_in(group));
  // The first one may still come before it.
  bool written = false;
  for (Json push; !push.contains("on") || !push.contains("groupid");) {
    push = bob.client.receive();
    written = written || push.at("msgid") == 6;
    EXPECT_FALSE(written && push.at("msgid") == 205 && push.contains("toid")) << push;
  }
}

TEST_F(Marks, TypingIsRefusedLikeAMessage) {
  send(bob, {{"msgid", 34}, {"userid", alice.id()}, {"blocked", true}});
  expect_refused(alice.client, typing_to(bob.id()), errors::kNotAllowed);
  expect_refused(bob.client, typing_to(alice.id()), errors::kNotAllowed);
  expect_refused(alice.client, typing_to(2'000'000'000), errors::kNotFound);
  User stranger = new_user("stranger");
  expect_refused(stranger.client, typing_in(group), errors::kNotFound);
  send(alice, {{"msgid", 43}, {"groupid", group}, {"userid", carol.id()}, {"seconds", 60}});
  expect_refused(carol.client, typing_in(group), errors::kNotAllowed);
  expect_refused(alice.client, {{"msgid", 52}, {"on", true}}, errors::kBadField);
  expect_refused(alice.client, with(typing_in(group), {{"toid", bob.id()}}), errors::kBadField);
  expect_refused(alice.client, {{"msgid", 52}, {"groupid", group}}, errors::kBadField);
}

TEST_F(Marks, WhoIsRemovedNeitherTypesNorSeesIt) {
  send(alice, {{"msgid", 41}, {"groupid", group}, {"userid", carol.id()}});
  expect_refused(carol.client, typing_in(group), errors::kNotFound);
  alice.client.send(typing_in(group));
  EXPECT_EQ(bob.client.push(205).at("id"), alice.id()) << "all that are shown it have got it";
  expect_alive(carol.client);
  while (carol.client.waiting() > 0) EXPECT_NE(carol.client.receive().at("msgid"), 205);
}

// What an account's limits drop is neither looked up nor answered.
TEST_F(Marks, FloodOfTypingToUnknownUsersIsAnsweredWithinTheLimit) {
  constexpr int kFlood = 300;
  constexpr int kAnswersMax = 16;  // eight chats, each with its beginning and its end
  alice.client.keep_notices();
  for (int i = 0; i < kFlood; ++i) {
    alice.client.send(typing_to(2'000'000'000 + i / 2, i % 2 == 0));
  }
  expect_alive(alice.client);
  int answers = 0;
  while (alice.client.waiting() > 0) {
    const Json frame = alice.client.receive();
    if (frame.at("msgid") != 152) continue;
    EXPECT_EQ(frame.at("errno"), errors::kNotFound.number) << frame;
    ++answers;
  }
  EXPECT_GT(answers, 0);
  EXPECT_LE(answers, kAnswersMax);
}

}  // namespace
}  // namespace chat::test
