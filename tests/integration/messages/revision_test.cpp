// RECALL and EDIT: who may, for how long, and what others see of it.
#include "revision_fixture.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "integration/server_fixture.h"
#include "integration/wire/stranger.h"
#include "support/clients/classic_client.h"

namespace chat::test {
namespace {

constexpr int kChat = 6;
constexpr int kGroupChat = 10;
constexpr const char* kSecret = "the-text-nobody-may-find";

// alice has created the group; bob and carol are members.
class Revision : public WithServer {
 protected:
  explicit Revision(Settings settings = {}) : WithServer(std::move(settings)) {
    group = alice.create_group("tea");
    for (User* member : {&bob, &carol}) {
      member->join_group(group);
      alice.client.push(202);  // the group is live for the member, too
    }
    bob.client.push(202);
  }

  static Json ok(User& user, const Json& request) { return request_ok(user.client, request); }
  static void refused(User& user, const Json& request, const ErrorKind& kind) {
    expect_refused(user.client, request, kind);
  }
  Json row(User& reader, const Json& history, std::int64_t seq, std::int64_t sender) {
    const Json reply = ok(reader, history);
    for (const Json& message : reply.at("messages")) {
      if (message.at("seq") == seq && message.at("id") == sender) return message;
    }
    ADD_FAILURE() << "no row " << seq;
    return {};
  }
  std::int64_t number(const std::string& sql) { return server.storage().number(sql); }
  std::int64_t rows_with(const std::string& text) { return number(count_rows_with(text)); }
  void make_admin(const User& user) {
    ok(alice, {{"msgid", 42}, {"groupid", group}, {"userid", user.id()}, {"role", "admin"}});
  }
  void mute(const User& user) {
    ok(alice, {{"msgid", 43}, {"groupid", group}, {"userid", user.id()}, {"seconds", 60}});
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  std::int64_t group = 0;
};

TEST_F(Revision, OfADirectMessageIsPushedAndStored) {
  const Json sent = alice.chat(bob.id(), kSecret);
  EXPECT_EQ(bob.client.push(kChat).at("msg"), kSecret);
  const Json reply = ok(alice, recall_of(sent));
  EXPECT_EQ(reply.at("msgid"), 150);
  EXPECT_EQ(reply.at("toid"), bob.id());
  EXPECT_EQ(reply.at("seq"), 2);
  EXPECT_GE(reply.at("ts"), sent.at("ts"));
  const Json push = bob.client.push(kChat);
  EXPECT_EQ(push.at("kind"), "recall");
  EXPECT_EQ(push.at("ref"), 1);
  EXPECT_EQ(push.at("seq"), 2);
  EXPECT_EQ(push.at("msg"), "alice recalled a message");
  for (User* reader : {&alice, &bob}) {
    const std::int64_t other = reader == &alice ? bob.id() : alice.id();
    const Json found = row(*reader, history_with(other), 1, alice.id());
    EXPECT_EQ(found.at("msg"), "");
    EXPECT_EQ(found.at("recalled"), reply.at("ts"));
    EXPECT_EQ(found.count("kind"), 0U);
    EXPECT_EQ(row(*reader, history_with(other), 2, alice.id()).at("kind"), "recall");
  }
  EXPECT_EQ(rows_with(kSecret), 0);
  EXPECT_EQ(alice.chat(bob.id(), "next").at("seq"), 3);
  EXPECT_EQ(bob.client.push(kChat).at("msg"), "next");
  expect_no_push(alice);
}

TEST_F(Revision, OfAGroupMessageIsPushedToTheOthersAndStored) {
  const Json sent = bob.group_chat(group, kSecret);
  const Json reply = ok(bob, recall_of(sent));
  EXPECT_EQ(reply.at("groupid"), group);
  EXPECT_EQ(reply.at("seq"), sent.at("seq").get<int>() + 1);
  for (User* member : {&alice, &carol}) {
    EXPECT_EQ(member->client.push(kGroupChat).at("msg"), kSecret);
    const Json push = member->client.push(kGroupChat);
    EXPECT_EQ(push.at("kind"), "recall");
    EXPECT_EQ(push.at("ref"), sent.at("seq"));
    EXPECT_EQ(push.at("id"), bob.id());
  }
  expect_no_push(bob);
  const Json found = row(carol, history_of(group), sent.at("seq"), bob.id());
  EXPECT_EQ(found.at("msg"), "");
  EXPECT_EQ(found.at("recalled"), reply.at("ts"));
  EXPECT_EQ(rows_with(kSecret), 0);
  EXPECT_EQ(number("SELECT n - (SELECT n FROM groupmessage WHERE kind = 'recall')"
                   " FROM groupmessage WHERE body = '' AND kind IS NULL"),
            0)
      << "an event counts as nothing";
}

TEST_F(Revision, EditReplacesTheTextAndCounts) {
  const Json direct = alice.chat(bob.id(), "frist");
  const Json in_group = bob.group_chat(group, "frist");
  const Json first = ok(alice, edit_of(direct, "first"));
  const Json second = ok(alice, edit_of(direct, "First"));
  EXPECT_EQ(first.at("msgid"), 151);
  EXPECT_EQ(second.at("seq"), 3);
  bob.client.push(kChat);
  Json push = bob.client.push(kChat);
  EXPECT_EQ(push.at("kind"), "edit");
  EXPECT_EQ(push.at("msg"), "first");
  EXPECT_EQ(push.at("ref"), 1);
  EXPECT_EQ(push.at("rev"), 1);
  push = bob.client.push(kChat);
  EXPECT_EQ(push.at("msg"), "First");
  EXPECT_EQ(push.at("rev"), 2);
  EXPECT_EQ(push.at("prev"), 2);
  const Json found = row(bob, history_with(alice.id()), 1, alice.id());
  EXPECT_EQ(found.at("msg"), "First");
  EXPECT_EQ(found.at("rev"), 2);
  EXPECT_EQ(found.at("edited"), second.at("ts"));
  ok(bob, edit_of(in_group, "first"));
  alice.client.push(kGroupChat);
  push = alice.client.push(kGroupChat);
  EXPECT_EQ(push.at("kind"), "edit");
  EXPECT_EQ(push.at("msg"), "first");
  EXPECT_EQ(row(carol, history_of(group), in_group.at("seq"), bob.id()).at("msg"), "first");
}

TEST_F(Revision, RecallErasesEveryEdit) {
  for (const Json& sent : {alice.chat(bob.id(), "one"), alice.group_chat(group, "one")}) {
    for (const char* more : {"a", "b", "c"}) {
      ok(alice, edit_of(sent, std::string(kSecret) + more));
    }
    EXPECT_EQ(rows_with(kSecret), 4);
    ok(alice, recall_of(sent));
    EXPECT_EQ(rows_with(kSecret), 0);
    const Json history =
        sent.contains("toid") ? history_with(bob.id()) : history_of(sent.at("groupid"));
    const Json found = row(alice, history, sent.at("seq"), alice.id());
    EXPECT_EQ(found.count("edited") + found.count("rev"), 0U) << found;
    const Json edit = row(alice, history, sent.at("seq").get<int>() + 2, alice.id());
    EXPECT_EQ(edit.at("kind"), "edit");
    EXPECT_EQ(edit.at("msg"), "");
    EXPECT_EQ(edit.at("recalled"), found.at("recalled"));
  }
}

TEST_F(Revision, RepeatedOnesAnswerWithTheFirstEventAndWriteNothing) {
  for (const Json& sent : {alice.chat(bob.id(), "one"), alice.group_chat(group, "one")}) {
    EXPECT_EQ(ok(alice, edit_of(sent, "one")).at("seq"), sent.at("seq")) << "it is so already";
    const Json edited = ok(alice, edit_of(sent, "two"));
    EXPECT_EQ(ok(alice, edit_of(sent, "two")), edited);
    const Json recalled = ok(alice, recall_of(sent));
    EXPECT_EQ(ok(alice, recall_of(sent)), recalled);
    refused(alice, edit_of(sent, "three"), errors::kNotAllowed);
    refused(alice, recall_of(recalled), errors::kNotAllowed);
    refused(alice, edit_of(edited, "an event"), errors::kNotAllowed);
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM directmessage"), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupmessage WHERE kind IS NULL OR kind <> 'notice'"), 3);
}

TEST_F(Revision, MissingMessagesAndThoseFromBeforeJoiningAreNotFound) {
  const Json direct = alice.chat(bob.id(), "one");
  const Json before = alice.group_chat(group, "before dave");
  User dave = new_user("dave");
  refused(dave, recall_of(before), errors::kNotFound);
  dave.join_group(group);
  refused(dave, recall_of(before), errors::kNotFound);
  Json other = recall_of(direct);
  other["seq"] = 2;
  refused(alice, other, errors::kNotFound);
  other["toid"] = 99999;
  refused(alice, other, errors::kNotFound);
  refused(bob, {{"msgid", kRecallMsgid}, {"toid", alice.id()}, {"seq", 1}}, errors::kNotFound);
  refused(alice, {{"msgid", kRecallMsgid}, {"groupid", 99999}, {"seq", 1}}, errors::kNotFound);
  refused(alice, {{"msgid", kRecallMsgid}, {"seq", 1}}, errors::kBadField);
  refused(alice, edit_of(direct, ""), errors::kBadField);
  refused(alice, edit_of(direct, std::string(4001, 'x')), errors::kBadField);
  ok(dave, {{"msgid", 40}, {"groupid", group}});
  refused(dave, recall_of(before), errors::kNotFound);
}

TEST_F(Revision, InAGroupFollowsRoles) {
  make_admin(bob);
  User dave = new_user("dave");
  dave.join_group(group);
  const Json of_creator = alice.group_chat(group, "by alice");
  const Json of_admin = bob.group_chat(group, "by bob");
  const Json of_member = carol.group_chat(group, "by carol");
  const Json of_other = dave.group_chat(group, "by dave");
  refused(bob, recall_of(of_creator), errors::kNotAllowed);
  refused(carol, recall_of(of_admin), errors::kNotAllowed);
  refused(carol, recall_of(of_other), errors::kNotAllowed);
  for (const Json& sent : {of_admin, of_member}) {
    refused(alice, edit_of(sent, "forged"), errors::kNotAllowed);
  }
  ok(alice, recall_of(of_admin));
  ok(bob, recall_of(of_member));
  ok(dave, {{"msgid", 40}, {"groupid", group}});
  ok(bob, recall_of(of_other));
  const Json push = [&] {
    for (;;) {
      Json each = carol.client.push(kGroupChat);
      if (each.value("kind", "") == "recall" && each.at("ref") == of_member.at("seq")) return each;
    }
  }();
  EXPECT_EQ(push.at("msg"), "bob recalled a message of carol");
}

TEST_F(Revision, MutedMemberMayRecallButNotEdit) {
  const Json sent = carol.group_chat(group, "one");
  mute(carol);
  refused(carol, edit_of(sent, "two"), errors::kNotAllowed);
  ok(carol, recall_of(sent));
}

TEST_F(Revision, OfADismissedGroupIsRefused) {
  const Json sent = alice.group_chat(group, "one");
  ok(alice, {{"msgid", 47}, {"groupid", group}});
  refused(alice, recall_of(sent), errors::kNotAllowed);
  refused(alice, edit_of(sent, "two"), errors::kNotAllowed);
}

TEST_F(Revision, BlockedUserMayRecallButNotEdit) {
  const Json sent = alice.chat(bob.id(), kSecret);
  ok(bob, {{"msgid", 34}, {"userid", alice.id()}, {"blocked", true}});
  refused(alice, edit_of(sent, "two"), errors::kNotAllowed);
  ok(alice, recall_of(sent));
  EXPECT_EQ(rows_with(kSecret), 0);
}

TEST_F(Revision, MessageToADeletedAccountCanBeRecalled) {
  const Json sent = alice.chat(bob.id(), kSecret);
  ok(bob, {{"msgid", 27}, {"password", bob.account.password}});
  refused(alice, edit_of(sent, "two"), errors::kNotFound);
  ok(alice, recall_of(sent));
  EXPECT_EQ(rows_with(kSecret), 0);
}

TEST_F(Revision, RepetitionIsAcknowledgedAfterTheRecipientsAccountWasDeleted) {
  const Json edited = alice.chat(bob.id(), "one");
  const Json recalled = alice.chat(bob.id(), "two");
  const Json edit = ok(alice, edit_of(edited, "2"));
  const Json recall = ok(alice, recall_of(recalled));
  ok(bob, {{"msgid", 27}, {"password", bob.account.password}});
  EXPECT_EQ(ok(alice, edit_of(edited, "2")), edit);
  EXPECT_EQ(ok(alice, recall_of(recalled)), recall);
  refused(alice, edit_of(edited, kSecret), errors::kNotFound);
  EXPECT_EQ(rows_with(kSecret), 0);
}

TEST_F(Revision, RecallOfADeletedAccountsMessageSaysSo) {
  const Json sent = carol.group_chat(group, kSecret);
  ok(carol, {{"msgid", 27}, {"password", carol.account.password}});
  ok(alice, recall_of(sent));
  for (;;) {
    const Json push = bob.client.push(kGroupChat);
    if (push.value("kind", "") != "recall") continue;
    EXPECT_EQ(push.at("msg"), "alice recalled a message of a deleted user");
    break;
  }
}

TEST_F(Revision, MessageIsEditedAHundredTimes) {
  constexpr int kEditsMost = 100;
  for (const Json& sent : {alice.chat(bob.id(), "0"), alice.group_chat(group, "0")}) {
    for (int i = 1; i <= kEditsMost; ++i) ok(alice, edit_of(sent, std::to_string(i)));
    refused(alice, edit_of(sent, "101"), errors::kNotAllowed);
    ok(alice, edit_of(sent, std::to_string(kEditsMost)));  // it is so already
    const bool direct = sent.contains("toid");
    const std::string rows = direct ? "directmessage" : "groupmessage";
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + rows + " WHERE kind = 'edit'"), kEditsMost);
    EXPECT_EQ(number("SELECT body FROM " + rows + " WHERE kind IS NULL"), kEditsMost);
    ok(alice, recall_of(sent));
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + rows + " WHERE kind = 'edit' AND body <> ''"), 0);
  }
}

// The original text is lost, so any text counts as a repetition.
TEST_F(Revision, RepeatedCidOfAChangedMessageGetsItsSeq) {
  const Json recalled = alice.chat(bob.id(), "one", "c1");
  const Json edited = alice.chat(bob.id(), "two", "c2");
  const Json in_group = alice.group_chat(group, "three", "g1");
  ok(alice, recall_of(recalled));
  ok(alice, edit_of(edited, "2"));
  ok(alice, recall_of(in_group));
  for (bool restarted : {false, true}) {
    if (restarted) {
      server.terminate();
      server.start();
      alice = log_in(alice.account);
    }
    EXPECT_EQ(alice.chat(bob.id(), "one", "c1").at("seq"), recalled.at("seq"));
    EXPECT_EQ(alice.chat(bob.id(), "two", "c2").at("seq"), edited.at("seq"));
    EXPECT_EQ(alice.group_chat(group, "three", "g1").at("seq"), in_group.at("seq"));
  }
  EXPECT_EQ(rows_with("one") + rows_with("three"), 0);
}

// The resend carries the recalled text once more; it must not reach somebody who has not had it.
TEST_F(Revision, RepetitionOfARecalledMessageDoesNotPushItsText) {
  const Account away = register_account("away");
  const Json sent = alice.chat(away.id, kSecret, "c1");
  ok(alice, recall_of(sent));
  User back = WithServer::log_in(away, Wire::kText, {{"ack", true}});
  const Json offline = back.welcome.at("offlinemsg");
  ASSERT_EQ(offline.size(), 2U);
  EXPECT_EQ(offline[0].at("msg"), "");
  EXPECT_TRUE(offline[0].contains("recalled"));
  EXPECT_EQ(offline[1].at("kind"), "recall");
  EXPECT_EQ(alice.chat(away.id, kSecret, "c1").at("seq"), 1);
  EXPECT_EQ(alice.chat(away.id, "next").at("seq"), 3);
  EXPECT_EQ(back.client.push(kChat).at("msg"), "next");
}

TEST_F(Revision, SyncAndTheViewShowTheFinalState) {
  const Account away = register_account("away");
  const Json recalled = alice.chat(away.id, kSecret);
  const Json edited = alice.chat(away.id, "two");
  ok(alice, recall_of(recalled));
  ok(alice, edit_of(edited, "zwei"));
  const std::string of_away = " FROM offlinemessage WHERE userid = " + std::to_string(away.id);
  EXPECT_EQ(number("SELECT COUNT(*)" + of_away), 4);
  const auto with = [&](const std::string& text) {
    return number("SELECT COUNT(*)" + of_away + " AND message LIKE '%" + text + "%'");
  };
  EXPECT_EQ(with(kSecret), 0);
  EXPECT_EQ(with("\"recalled\""), 1);
  EXPECT_EQ(with("\"kind\"%recall"), 1);
  EXPECT_EQ(with("\"kind\"%edit"), 1);
  EXPECT_EQ(with("\"edited\""), 1);
  EXPECT_EQ(with("\"kind\"%null"), 0);
  User back = log_in(away, Wire::kText, {{"ack", true}});
  ok(back, {{"msgid", 24}, {"from", alice.id()}, {"after", 0}});
  EXPECT_EQ(back.client.push(kChat).at("msg"), "");
  const Json push = back.client.push(kChat);
  EXPECT_EQ(push.at("msg"), "zwei");
  EXPECT_EQ(push.at("rev"), 1);
}

TEST_F(Revision, RecalledTextIsSoonInNoFileOfTheDatabase) {
  if (on_mysql()) GTEST_SKIP() << "MySQL writes its own files";
  for (const Json& sent : {alice.chat(bob.id(), kSecret), alice.group_chat(group, kSecret)}) {
    ok(alice, edit_of(sent, std::string(kSecret) + " edited"));
    ok(alice, recall_of(sent));
  }
  const auto contents_of = [&](const std::string& suffix) {
    std::ifstream file(server.storage().file().string() + suffix, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  };
  EXPECT_TRUE(wait_until([&] { return contents_of("-wal").find(kSecret) == std::string::npos; }));
  const std::string bytes = contents_of("");
  EXPECT_NE(bytes.find("alice recalled a message"), std::string::npos);
  EXPECT_EQ(bytes.find(kSecret), std::string::npos);
}

TEST_F(Revision, ClassicClientsGetARecallAsALineAndNoEdit) {
  ClassicClient classic(port());
  const std::int64_t id = classic.register_user("classic").at("id");
  const Json before = alice.chat(id, "before");
  const Json gone = alice.chat(id, "gone");
  ok(alice, edit_of(before, "earlier"));
  ok(alice, recall_of(gone));
  const Json welcome = classic.log_in(id, "classic");
  ASSERT_EQ(welcome.at("offlinemsg").size(), 2U) << welcome;
  const auto line = [&](std::size_t i) {
    return Json::parse(welcome.at("offlinemsg")[i].get<std::string>()).at("msg");
  };
  EXPECT_EQ(line(0), "earlier");
  EXPECT_EQ(line(1), "alice recalled a message");
  const Json sent = alice.chat(id, "live");
  ok(alice, edit_of(sent, "lively"));
  ok(alice, recall_of(sent));
  EXPECT_EQ(classic.receive().at("msg"), "live");
  EXPECT_EQ(classic.receive().at("msg"), "alice recalled a message");
  EXPECT_TRUE(wait_until([&] {
    return number("SELECT delivered_seq FROM directcursor WHERE recipient = " +
                  std::to_string(id)) == 7;
  })) << "what is not sent counts as delivered";
}

// A classic client takes 30 ms a message, so many wait; the recalled one must not be among them.
TEST_F(Revision, ClassicClientThatLagsBehindDoesNotGetARecalledText) {
  ClassicClient classic(port());
  const std::int64_t id = classic.register_user("classic").at("id");
  classic.log_in(id, "classic");
  constexpr int kMany = 100;
  const auto request = [&](int i) {
    return chat_request(alice.account, id, std::to_string(i), std::to_string(i));
  };
  for (int i = 0; i < kMany; ++i) alice.client.send(request(i));
  Json last;
  for (int i = 0; i < kMany; ++i) {
    last = alice.client.reply(request(i));
    expect_ok(last, 106);
  }
  ok(alice, recall_of(last));
  for (int i = 0; i < kMany - 1; ++i) EXPECT_EQ(classic.receive().at("msg"), std::to_string(i));
  EXPECT_EQ(classic.receive().at("msg"), "alice recalled a message");
}

TEST_F(Revision, MessagesAndEditsAtOnceKeepTheStreamWhole) {
  constexpr int kMessages = 60;
  const Json first = alice.chat(bob.id(), "0");
  for (int i = 1; i < kMessages; ++i) {
    alice.client.send(chat_request(alice.account, bob.id(), std::to_string(i)));
    if (i % 10 == 0) alice.client.send(edit_of(first, "edit " + std::to_string(i)));
  }
  std::vector<Json> pushes;
  for (int i = 0; i < kMessages + kMessages / 10 - 1; ++i) {
    pushes.push_back(bob.client.push(kChat));
  }
  expect_consecutive(pushes);
  EXPECT_EQ(row(bob, history_with(alice.id()), 1, alice.id()).value("rev", 0), 5);
}

// The server holds no texts for somebody who reads slowly: they are read from the table when there
// is room for them.
TEST_F(Revision, SlowReaderDoesNotGetWhatWasRecalledMeanwhile) {
  constexpr int kLongOnes = 800;
  std::string text;
  while (text.size() < 12'000) text += "\u8336";
  for (int i = 0; i < kLongOnes; ++i) alice.chat(carol.id(), text);
  const Json sent = alice.chat(carol.id(), kSecret);
  ok(alice, recall_of(sent));
  alice.chat(carol.id(), "end");
  std::vector<Json> pushes;
  do {
    pushes.push_back(carol.client.push(kChat));
  } while (pushes.back().at("msg") != "end");
  expect_consecutive(pushes);
  EXPECT_EQ(pushes.at(kLongOnes).at("msg"), "");
  EXPECT_TRUE(pushes.at(kLongOnes).contains("recalled"));
  EXPECT_EQ(pushes.at(kLongOnes + 1).at("kind"), "recall");
}

// Another transaction stores the next seq after the event's was chosen.
TEST_F(Revision, TakesTheNextSeqIfAnotherMessageWasFaster) {
  if (!on_mysql()) GTEST_SKIP() << "SQLite has one writer at a time";
  const Json sent = alice.chat(bob.id(), "one");
  const std::string db = server.storage().database();
  Stranger gate(server.storage(), "SELECT GET_LOCK('" + db + "', 10)");
  std::thread other([&] {
    mariadb().query(
        "BEGIN; INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body)"
        " VALUES (" +
            std::to_string(bob.id()) + ", " + std::to_string(alice.id()) +
            ", 2, 'other', 1, 'faster'); SELECT GET_LOCK('" + db + "', 30); COMMIT",
        db);
  });
  const auto runs = [&](const std::string& statement) {
    return number("SELECT COUNT(*) FROM information_schema.processlist WHERE db = '" + db +
                  "' AND info LIKE '" + statement + "%'") > 0;
  };
  EXPECT_TRUE(wait_until([&] { return runs("SELECT GET_LOCK(_" + db + "_, 30"); }));
  alice.client.send(recall_of(sent));
  EXPECT_TRUE(wait_until([&] { return runs("INSERT INTO directmessage"); })) << "it waits";
  gate.release();
  other.join();
  const Json reply = alice.client.reply(recall_of(sent));
  EXPECT_EQ(reply.value("seq", 0), 3) << reply;
}

class ShortRevision : public Revision {
 protected:
  ShortRevision() : Revision({"messages.recall_seconds=1", "messages.edit_seconds=1"}) {}
  void age(const Json& sent) {
    const std::string table = sent.contains("toid") ? "directmessage" : "groupmessage";
    server.storage().execute("UPDATE " + table + " SET sent_at = sent_at - 2000 WHERE seq = " +
                             sent.at("seq").dump() + " AND kind IS NULL");
  }
};

TEST_F(ShortRevision, EndsWithTheTimeExceptForAdmins) {
  make_admin(bob);
  const Json direct = alice.chat(bob.id(), "one");
  const Json edited = alice.chat(carol.id(), "one");
  const Json event = ok(alice, edit_of(edited, "two"));
  const Json in_group = carol.group_chat(group, "one");
  const Json of_admin = bob.group_chat(group, "one");
  for (const Json& sent : {direct, in_group, of_admin}) age(sent);
  refused(alice, recall_of(direct), errors::kNotAllowed);
  refused(alice, edit_of(direct, "two"), errors::kNotAllowed);
  EXPECT_EQ(ok(alice, edit_of(edited, "two")), event) << "it is so already";
  refused(carol, recall_of(in_group), errors::kNotAllowed);
  refused(carol, edit_of(in_group, "two"), errors::kNotAllowed);
  refused(bob, edit_of(of_admin, "two"), errors::kNotAllowed);
  ok(bob, recall_of(of_admin));
  ok(bob, recall_of(in_group));
  ok(carol, recall_of(in_group));
}

}  // namespace
}  // namespace chat::test
