// What happens to a group and its members: roles, removal, mutes, settings, the ways to join.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

Json leave(std::int64_t group) {
  return {{"msgid", 40}, {"groupid", group}};
}
Json remove(std::int64_t group, const User& user) {
  return {{"msgid", 41}, {"groupid", group}, {"userid", user.id()}};
}
Json set_role(std::int64_t group, const User& user, const std::string& role) {
  return {{"msgid", 42}, {"groupid", group}, {"userid", user.id()}, {"role", role}};
}
Json mute(std::int64_t group, const User& user, int seconds) {
  return {{"msgid", 43}, {"groupid", group}, {"userid", user.id()}, {"seconds", seconds}};
}
Json mute_all(std::int64_t group, int seconds) {
  return {{"msgid", 43}, {"groupid", group}, {"seconds", seconds}};
}
Json set_group(std::int64_t group, const Json& fields) {
  Json request{{"msgid", 44}, {"groupid", group}};
  request.update(fields);
  return request;
}
Json join_answer(std::int64_t group, const User& user, bool accept) {
  return {{"msgid", 45}, {"groupid", group}, {"userid", user.id()}, {"accept", accept}};
}
Json invite(std::int64_t group, const User& user) {
  return {{"msgid", 46}, {"groupid", group}, {"userid", user.id()}};
}
Json invite_code(std::int64_t group, int days, int uses) {
  return {{"msgid", 46}, {"groupid", group}, {"code", {{"days", days}, {"uses", uses}}}};
}
Json dismiss(std::int64_t group) {
  return {{"msgid", 47}, {"groupid", group}};
}
Json history(std::int64_t group) {
  return {{"msgid", 25}, {"groupid", group}, {"limit", 100}};
}

// alice has created the group; bob and carol are members; dave is not.
class GroupLife : public WithServer {
 protected:
  GroupLife() {
    group = alice.create_group("tea");
    for (User* member : {&bob, &carol}) {
      member->client.keep_notices();
      member->join_group(group);
      // Were it told later, who joins next would be told as well.
      alice.client.push(202);
    }
    expect_notice(alice, "joined", bob);
    expect_notice(alice, "joined", carol);
    bob.client.push(202);
    expect_notice(bob, "joined", carol);
  }

  // The next event row is this one; returns it.
  Json expect_notice(User& reader, const std::string& event, const User& about) {
    Json notice = expect_notice(reader, event);
    EXPECT_EQ(notice.value("user", 0), about.id()) << notice;
    return notice;
  }
  Json expect_notice(User& reader, const std::string& event) {
    Json notice = reader.client.notice();
    EXPECT_EQ(notice.value("kind", ""), "notice") << notice;
    EXPECT_EQ(notice.value("event", ""), event) << notice;
    EXPECT_FALSE(notice.value("msg", "").empty()) << notice;
    return notice;
  }
  Json ok(User& user, const Json& request) { return request_ok(user.client, request); }
  void refused(User& user, const Json& request, const char* error) {
    const Json reply = user.client.request(request);
    EXPECT_EQ(reply.value("error", ""), error) << request << " " << reply;
    EXPECT_FALSE(reply.value("errmsg", "").empty());
  }
  std::int64_t head() {
    return server.storage().number("SELECT last_seq FROM allgroup WHERE id = " +
                                   std::to_string(group));
  }
  Json groups_of(User& user) { return ok(user, {{"msgid", 31}, {"kind", "groups"}}).at("groups"); }

  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  User dave = new_user("dave");
  std::int64_t group = 0;
};

TEST_F(GroupLife, RemovedMemberGetsWhatCameBeforeAndTheEventAndNothingAfter) {
  alice.group_chat(group, "before");
  ok(alice, remove(group, carol));
  refused(carol, group_chat_request(carol.account, group, "too late"), "not_found");
  alice.group_chat(group, "after");
  EXPECT_EQ(carol.client.push().value("msg", ""), "before");
  const Json event = carol.client.push();
  EXPECT_EQ(event.value("event", ""), "removed") << event;
  EXPECT_EQ(event.value("by", 0), alice.id());
  expect_no_push(carol);
  EXPECT_TRUE(groups_of(carol).empty());
  const Json rows = ok(carol, history(group)).at("messages");
  EXPECT_EQ(rows.back().value("event", ""), "removed");
  EXPECT_EQ(rows.back().at("seq"), event.at("seq"));
  refused(carol, {{"msgid", 30}, {"groupid", group}}, "not_found");
}

TEST_F(GroupLife, MemberRemovedWhileOfflineFindsTheRestAtItsNextLogin) {
  carol.log_out();
  carol.client.close();
  alice.group_chat(group, "before");
  ok(alice, remove(group, carol));
  alice.group_chat(group, "after");
  User again = log_in(carol.account);
  EXPECT_TRUE(again.welcome.at("groups").empty()) << again.welcome;
  const Json offline = again.welcome.at("offlinemsg");
  ASSERT_EQ(offline.size(), 2U) << offline;
  EXPECT_EQ(offline[0].value("msg", ""), "before");
  EXPECT_EQ(offline[1].value("event", ""), "removed");
  again.client.keep_notices();
  expect_no_push(again);
}

TEST_F(GroupLife, WhoJoinsAgainBeginsAnew) {
  alice.group_chat(group, "secret");
  ok(carol, leave(group));
  ok(carol, leave(group));
  alice.group_chat(group, "while away");
  carol.join_group(group);
  const auto joined = head();
  alice.group_chat(group, "welcome back");
  Json push = carol.client.push(10);
  while (push.value("msg", "") != "welcome back") push = carol.client.push(10);
  EXPECT_EQ(push.at("seq"), joined + 1);
  const Json rows = ok(carol, history(group)).at("messages");
  ASSERT_EQ(rows.size(), 1U) << rows;
  EXPECT_EQ(rows[0].value("msg", ""), "welcome back");
}

TEST_F(GroupLife, MutedMemberCannotWriteUntilTheMuteEnds) {
  ok(alice, mute(group, bob, 600));
  const Json event = bob.client.push(10);
  EXPECT_EQ(event.value("event", ""), "muted") << event;
  EXPECT_GT(event.value("until", std::int64_t{0}), event.value("ts", std::int64_t{0}));
  refused(bob, group_chat_request(bob.account, group, "hey"), "not_allowed");
  carol.group_chat(group, "I can");
  ok(alice, mute(group, bob, 0));
  bob.group_chat(group, "thanks");
  const auto before = head();
  ok(alice, mute(group, bob, 0));
  EXPECT_EQ(head(), before) << "unmuting twice writes nothing";
  ok(alice, mute(group, bob, 1));
  EXPECT_TRUE(wait_until([&] {
    return bob.client.request(group_chat_request(bob.account, group, "again")).at("errno") == 0;
  }));
}

TEST_F(GroupLife, MuteOfAllSparesCreatorAndAdmins) {
  ok(alice, set_role(group, bob, "admin"));
  ok(bob, mute_all(group, 600));
  refused(carol, group_chat_request(carol.account, group, "hey"), "not_allowed");
  bob.group_chat(group, "as an admin");
  alice.group_chat(group, "as the creator");
  ok(alice, mute_all(group, 0));
  carol.group_chat(group, "at last");
}

TEST_F(GroupLife, RepeatedCidIsAcknowledgedAlsoForAMutedMember) {
  const Json first = bob.group_chat(group, "once", "the-cid");
  ok(alice, mute(group, bob, 600));
  const Json again = bob.client.request(group_chat_request(bob.account, group, "once", "the-cid"));
  EXPECT_EQ(again.value("errno", -1), 0) << again;
  EXPECT_EQ(again.value("seq", 0), first.at("seq"));
}

TEST_F(GroupLife, HandingOverMakesTheFormerCreatorAnAdmin) {
  ok(alice, set_role(group, bob, "creator"));
  ok(alice, set_role(group, bob, "creator"));
  const Json first = carol.client.notice();
  const Json second = carol.client.notice();
  EXPECT_EQ(first.value("role", "") + second.value("role", ""), "creatoradmin");
  EXPECT_EQ(second.at("seq"), first.at("seq").get<std::int64_t>() + 1);
  refused(alice, dismiss(group), "not_allowed");
  refused(bob, leave(group), "conflict");
  ok(alice, leave(group));
  ok(bob, dismiss(group));
}

TEST_F(GroupLife, DismissedGroupIsReadableAndNotWritable) {
  carol.group_chat(group, "last words");
  ok(alice, dismiss(group));
  ok(alice, dismiss(group));
  refused(carol, group_chat_request(carol.account, group, "hey"), "not_allowed");
  refused(alice, set_group(group, {{"groupdesc", "new"}}), "not_allowed");
  refused(dave, join_group_request(dave.account, group), "not_found");
  EXPECT_EQ(groups_of(carol)[0].value("dismissed", false), true);
  EXPECT_EQ(ok(carol, history(group)).at("messages").back().value("event", ""), "dismissed");
  ok(carol, leave(group));
  ok(alice, leave(group));
  EXPECT_TRUE(groups_of(carol).empty());
}

TEST_F(GroupLife, TheNameOfADismissedGroupIsFree) {
  ok(alice, dismiss(group));
  for (int i = 0; i < 3; ++i) {
    const auto next = dave.create_group("TEA");
    refused(carol, create_group_request(carol.account, "tea"), "exists");
    ok(dave, leave(next));
  }
  EXPECT_EQ(groups_of(carol)[0].value("groupname", ""), "tea") << "the old one keeps it";
  const auto next = dave.create_group("tea");
  const Json found = ok(carol, {{"msgid", 37}, {"kind", "groups"}, {"query", "tea"}}).at("groups");
  ASSERT_EQ(found.size(), 1U) << found;
  EXPECT_EQ(found[0].at("id"), next);
  EXPECT_EQ(server.storage().number("SELECT COUNT(*) FROM groupsearch"), 1);
  const auto chess = carol.create_group("chess");
  ok(carol, dismiss(chess));
  ok(dave, set_group(next, {{"groupname", "Chess"}}));
}

// A start compares the stored keys with those that the names would get today.
TEST_F(GroupLife, TheNameOfADismissedGroupStaysFreeAfterARestart) {
  const auto old = dave.create_group("чай");
  ok(dave, dismiss(old));
  server.terminate();
  server.start();
  User again = log_in(carol.account);
  again.create_group("чай");
}

TEST_F(GroupLife, CreatorWhoIsAloneDismissesByLeaving) {
  const auto lonely = dave.create_group("lonely");
  ok(dave, leave(lonely));
  refused(carol, join_group_request(carol.account, lonely), "not_found");
}

TEST_F(GroupLife, ApprovalLetsAnAdminDecide) {
  ok(alice, set_group(group, {{"joining", "approval"}}));
  Json ask = join_group_request(dave.account, group);
  ask["text"] = "please";
  EXPECT_EQ(ok(dave, ask).value("pending", false), true);
  Json push = alice.client.push(202);
  EXPECT_EQ(push.value("change", ""), "request") << push;
  EXPECT_EQ(push.value("id", 0), dave.id());
  EXPECT_EQ(push.value("text", ""), "please");
  EXPECT_EQ(ok(dave, ask).value("pending", false), true);
  refused(bob, join_answer(group, dave, true), "not_allowed");
  ok(alice, join_answer(group, dave, true));
  ok(alice, join_answer(group, dave, true));
  expect_notice(dave, "joined", dave);
  dave.group_chat(group, "thank you");
  Json heard = carol.client.push(10);
  while (heard.value("msg", "") != "thank you") heard = carol.client.push(10);
}

TEST_F(GroupLife, RefusedRequestLooksPendingToTheOneWhoAsked) {
  ok(alice, set_group(group, {{"joining", "approval"}}));
  ok(dave, join_group_request(dave.account, group));
  alice.client.push(202);
  ok(alice, join_answer(group, dave, false));
  ok(alice, join_answer(group, dave, false));
  EXPECT_EQ(ok(dave, join_group_request(dave.account, group)).value("pending", false), true);
  alice.client.expect_no_push_for(milliseconds{200});
  refused(alice, join_answer(group, carol, false), "conflict");
}

TEST_F(GroupLife, InvitationAndCodeOpenAClosedGroup) {
  ok(alice, set_group(group, {{"joining", "invite"}}));
  refused(dave, join_group_request(dave.account, group), "not_allowed");
  refused(bob, invite(group, dave), "not_allowed");
  ok(alice, invite(group, dave));
  const Json push = dave.client.push(202);
  EXPECT_EQ(push.value("change", ""), "invited");
  EXPECT_EQ(push.value("by", 0), alice.id());
  EXPECT_EQ(push.value("groupname", ""), "tea");
  ok(alice, invite(group, dave));
  dave.client.expect_no_push_for(milliseconds{200});
  dave.join_group(group);
  ok(dave, leave(group));
  refused(dave, join_group_request(dave.account, group), "not_allowed");

  const std::string code = ok(alice, invite_code(group, 1, 1)).at("code");
  EXPECT_EQ(code.size(), 32U);
  EXPECT_EQ(
      server.storage().number("SELECT count(*) FROM groupcode WHERE code_hash = '" + code + "'"),
      0);
  ok(dave, {{"msgid", 9}, {"code", code}});
  User erin = new_user("erin");
  refused(erin, {{"msgid", 9}, {"code", code}}, "not_found");
  refused(alice, invite_code(group, 31, 1), "bad_field");
  refused(alice, invite_code(group, 1, 1001), "bad_field");
}

TEST_F(GroupLife, SettingsAreAnEventWithWhatHasChanged) {
  const Json reply =
      ok(alice, set_group(group, {{"groupname", "Tea Time"}, {"announcement", "at five"}}));
  EXPECT_EQ(reply.at("group").value("groupname", ""), "Tea Time");
  const Json event = expect_notice(bob, "settings");
  EXPECT_EQ(event.value("groupname", ""), "Tea Time");
  EXPECT_EQ(event.value("announcement", ""), "at five");
  EXPECT_FALSE(event.contains("groupdesc"));
  const auto before = head();
  ok(alice, set_group(group, {{"groupname", "Tea Time"}}));
  EXPECT_EQ(head(), before) << "nothing has changed";
  dave.create_group("chess");
  refused(alice, set_group(group, {{"groupname", "CHESS"}}), "exists");
  refused(bob, set_group(group, {{"groupdesc", "x"}}), "not_allowed");
  EXPECT_EQ(groups_of(bob)[0].value("announcement", ""), "at five");
}

TEST_F(GroupLife, DeletedCreatorHandsOverToTheOldestAdmin) {
  ok(alice, set_role(group, carol, "admin"));
  ok(alice, {{"msgid", 27}, {"password", alice.account.password}});
  Json event = carol.client.notice();
  while (event.value("role", "") != "creator") event = carol.client.notice();
  EXPECT_EQ(event.value("user", 0), carol.id());
  const Json left = carol.client.notice();
  EXPECT_EQ(left.value("event", ""), "left");
  ok(carol, dismiss(group));
}

TEST_F(GroupLife, DeletedCreatorWithoutMembersDismissesTheGroup) {
  const auto lonely = dave.create_group("lonely");
  ok(dave, {{"msgid", 27}, {"password", dave.account.password}});
  EXPECT_TRUE(wait_until([&] {
    return server.storage().number("SELECT dismissed_at FROM allgroup WHERE id = " +
                                   std::to_string(lonely)) > 0;
  }));
}

TEST_F(GroupLife, CidOfOneActIsNoProofOfAnother) {
  Json first = mute(group, carol, 60);
  first["cid"] = "1";
  ok(alice, first);
  Json second = remove(group, carol);
  second["cid"] = "1";
  ok(alice, second);
  EXPECT_TRUE(groups_of(carol).empty());
  refused(carol, set_group(group, {{"groupdesc", "x"}, {"cid", "1"}}), "not_found");
  alice.group_chat(group, "text", "1");
}

TEST_F(GroupLife, MuteOutlivesLeavingAndEndsForACreator) {
  ok(alice, mute(group, bob, 600));
  ok(bob, leave(group));
  bob.join_group(group);
  refused(bob, group_chat_request(bob.account, group, "hey"), "not_allowed");
  ok(alice, set_role(group, bob, "creator"));
  bob.group_chat(group, "mine now");
}

TEST_F(GroupLife, CodesOfARemovedMemberEnd) {
  const std::string code = ok(bob, invite_code(group, 1, 10)).at("code");
  ok(alice, set_group(group, {{"joining", "invite"}}));
  ok(alice, remove(group, bob));
  refused(bob, {{"msgid", 9}, {"code", code}}, "not_found");
}

}  // namespace
}  // namespace chat::test
