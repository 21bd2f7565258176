// INBOX, SET_CONVERSATION and READERS.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Conversations : public InBothFramings {
 protected:
  static Json acking() { return {{"ack", true}}; }
  static Json inbox_request(const Json& more = Json::object()) {
    Json request{{"msgid", 54}};
    request.update(more);
    return request;
  }
  static std::vector<Json> inbox(User& user, const Json& more = Json::object()) {
    return request_ok(user.client, inbox_request(more)).at("conversations");
  }
  static Json only(User& user) {
    const auto all = inbox(user);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Json::object() : all.front();
  }
  static std::int64_t unread(User& user) { return only(user).value("unread", -1); }
  static Json set_request(const Json& more) {
    Json request{{"msgid", 55}};
    request.update(more);
    return request;
  }
  static Json readers_request(std::int64_t group, std::int64_t seq) {
    return {{"msgid", 53}, {"groupid", group}, {"seq", seq}};
  }
  static Json newest_of_history(User& user, const Json& place) {
    Json request{{"msgid", 25}, {"limit", 1}};
    request.update(place);
    return request_ok(user.client, request).at("messages").at(0);
  }
  static void read_group(User& user, std::int64_t group, std::int64_t seq) {
    user.client.send({{"msgid", 23}, {"groupid", group}, {"seq", seq}});
  }
  // Receipts come in steps; other pushes are dropped.
  static std::vector<Json> receipts_up_to(User& user, const std::string& kind, std::int64_t seq) {
    std::vector<Json> all;
    for (;;) {
      Json push = user.client.push();
      if (push.at("msgid") != 203 || push.at("kind") != kind) continue;
      all.push_back(push);
      if (push.at("seq") >= seq) return all;
    }
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Conversations);

TEST_P(Conversations, AreListedNewestFirstWithTheirLastMessage) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  EXPECT_TRUE(inbox(alice).empty());
  const std::int64_t tea = alice.create_group("tea");
  bob.join_group(tea);
  EXPECT_TRUE(inbox(alice).empty());  // only event rows
  bob.group_chat(tea, "in the group");
  alice.chat(alice.id(), "a note");
  bob.chat(alice.id(), "1");
  bob.chat(alice.id(), "2");
  alice.chat(carol.id(), "to carol");
  const auto all = inbox(alice);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].at("with"), carol.id());
  EXPECT_EQ(all[0].at("name"), "carol");
  EXPECT_EQ(all[1].at("with"), bob.id());
  EXPECT_EQ(all[2].at("with"), alice.id());
  EXPECT_EQ(all[3].at("groupid"), tea);
  EXPECT_EQ(all[3].at("name"), "tea");
  EXPECT_EQ(all[0].at("last"), newest_of_history(alice, {{"with", carol.id()}}));
  EXPECT_EQ(all[1].at("last"), newest_of_history(alice, {{"with", bob.id()}}));
  EXPECT_EQ(all[3].at("last"), newest_of_history(alice, {{"groupid", tea}}));
  const std::vector<int> unread{0, 2, 0, 1};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].at("unread"), unread[i]) << all[i];
    EXPECT_EQ(all[i].at("mentions"), 0);
    EXPECT_EQ(all[i].at("pinned"), false);
    EXPECT_EQ(all[i].at("muted"), false);
  }
  EXPECT_EQ(all[1].at("read_seq"), 0);
}

// Whatever can be in a row.
TEST_P(Conversations, LastIsAsHistoryReturnsIt) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t tea = alice.create_group("tea");
  bob.join_group(tea);
  const auto revise = [](User& user, const Json& sent, const Json& more) {
    Json request{{"seq", sent.at("seq")}};
    const char* target = sent.contains("toid") ? "toid" : "groupid";
    request[target] = sent.at(target);
    request.update(more);
    request_ok(user.client, request);
  };
  const auto expect_same = [&] {
    for (User* user : {&alice, &bob}) {
      const std::int64_t other = user == &alice ? bob.id() : alice.id();
      for (const Json& item : inbox(*user)) {
        const Json place = item.contains("with") ? Json{{"with", other}} : Json{{"groupid", tea}};
        Json request{{"msgid", 25}, {"limit", 20}};
        request.update(place);
        const Json rows = request_ok(user->client, request).at("messages");
        const auto text = std::find_if(rows.rbegin(), rows.rend(),
                                       [](const Json& row) { return !row.contains("kind"); });
        ASSERT_NE(text, rows.rend());
        EXPECT_EQ(item.at("last"), *text);
      }
    }
  };
  const Json first = bob.chat(alice.id(), "question");
  Json answer = chat_request(alice.account, bob.id(), "answer");
  answer["reply"] = {{"id", bob.id()}, {"seq", first.at("seq")}};
  const Json sent = request_ok(alice.client, answer);
  Json call = group_chat_request(alice.account, tea, "@bob");
  call["at"] = {bob.id()};
  call["at_all"] = true;
  const Json in_group = request_ok(alice.client, call);
  expect_same();
  for (const Json* message : {&sent, &in_group}) {
    revise(alice, *message, {{"msgid", 51}, {"msg", "edited"}});
  }
  expect_same();
  for (const Json* message : {&sent, &in_group}) revise(alice, *message, {{"msgid", 50}});
  expect_same();
}

TEST_P(Conversations, PagesJoinWhileMessagesArrive) {
  User alice = new_user("alice");
  std::vector<User> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(new_user("other" + std::to_string(i)));
    others.back().chat(alice.id(), "hello");
  }
  std::vector<std::int64_t> listed;
  Json request = inbox_request({{"limit", 2}});
  for (;;) {
    const Json reply = request_ok(alice.client, request);
    for (const Json& item : reply.at("conversations")) listed.push_back(item.at("with"));
    EXPECT_LE(reply.at("conversations").size(), 2u);
    if (!reply.contains("cursor")) break;
    request["cursor"] = reply.at("cursor");
    others[4].chat(alice.id(), "again");  // the first of the list stays the first
  }
  std::vector<std::int64_t> expected;
  for (auto other = others.rbegin(); other != others.rend(); ++other) {
    expected.push_back(other->id());
  }
  EXPECT_EQ(listed, expected);
}

TEST_P(Conversations, PageEndsWhereTheReplyIsFull) {
  User alice = new_user("alice");
  const std::string large(16'000, 'x');
  for (int i = 0; i < 6; ++i) {
    User other = new_user("other" + std::to_string(i));
    other.chat(alice.id(), large.substr(0, 4000));
    std::string wide;
    for (int k = 0; k < 3900; ++k) wide += "\U0001F600";
    other.chat(alice.id(), wide);
  }
  std::size_t count = 0;
  std::size_t pages = 0;
  Json request = inbox_request();
  for (;;) {
    const Json reply = request_ok(alice.client, request);
    count += reply.at("conversations").size();
    ++pages;
    if (!reply.contains("cursor")) break;
    request["cursor"] = reply.at("cursor");
  }
  EXPECT_EQ(count, 6u);
  EXPECT_EQ(pages, 2u);
}

TEST_P(Conversations, ReadTakesEffectBeforeTheNextRequest) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob");
  const std::int64_t tea = bob.create_group("tea");
  alice.join_group(tea);
  for (int i = 1; i <= 3; ++i) {
    bob.chat(alice.id(), std::to_string(i));
    bob.group_chat(tea, std::to_string(i));
    alice.client.push(6);
    alice.client.push(10);
  }
  alice.client.send({{"msgid", 23}, {"from", bob.id()}, {"seq", 2}});
  // Both may have been written in the same millisecond.
  const auto group_first = [&] {
    auto found = inbox(alice);
    if (found.size() == 2 && found[0].contains("with")) std::swap(found[0], found[1]);
    return found;
  };
  auto all = group_first();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at("unread"), 3);
  EXPECT_EQ(all[1].at("unread"), 1);
  EXPECT_EQ(all[1].at("read_seq"), 2);
  read_group(alice, tea, 3);  // its first row is alice's joining
  alice.client.send({{"msgid", 23}, {"from", bob.id()}, {"seq", 3}});
  all = group_first();
  EXPECT_EQ(all[0].at("unread"), 1);
  EXPECT_EQ(all[0].at("read_seq"), 3);
  EXPECT_EQ(all[1].at("unread"), 0);
}

TEST_P(Conversations, SendingReadsWhatWasBeforeAndTellsTheAuthors) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  const std::int64_t tea = bob.create_group("tea");
  alice.join_group(tea);
  for (int i = 1; i <= 3; ++i) {
    bob.chat(alice.id(), std::to_string(i));
    alice.client.push(6);
  }
  EXPECT_EQ(unread(alice), 3);
  alice.chat(bob.id(), "I have seen them");
  EXPECT_EQ(unread(alice), 0);
  EXPECT_EQ(only(alice).at("read_seq"), 3);
  EXPECT_EQ(receipts_up_to(bob, "read", 3).back(),
            (Json{{"msgid", 203}, {"kind", "read"}, {"id", alice.id()}, {"seq", 3}}));
  const std::int64_t seq = bob.group_chat(tea, "and here").at("seq");
  alice.client.push(10);
  EXPECT_EQ(inbox(alice).at(0).at("unread"), 1);
  alice.group_chat(tea, "yes");
  EXPECT_EQ(inbox(alice).at(0).at("unread"), 0);
  EXPECT_EQ(inbox(bob).at(0).at("unread"), 1);
  // A receipt of the other chat may come again.
  Json receipt;
  while (!receipt.contains("groupid")) receipt = receipts_up_to(bob, "read", seq).back();
  EXPECT_EQ(receipt.at("groupid"), tea);
}

// The positions that follow from messages are not in the table yet when the server dies.
TEST_P(Conversations, AcknowledgedMessagesHaveReadWhatWasBeforeAfterACrash) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob");
  const std::int64_t tea = bob.create_group("tea");
  alice.join_group(tea);
  for (int i = 1; i <= 3; ++i) {
    bob.chat(alice.id(), std::to_string(i));
    bob.group_chat(tea, std::to_string(i));
  }
  alice.chat(bob.id(), "seen");
  alice.group_chat(tea, "seen");
  server.kill9();
  server.start();
  User again = log_in(alice.account, {{"takeover", true}});
  auto all = inbox(again);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at("unread"), 0) << all[0];
  EXPECT_EQ(all[1].at("unread"), 0) << all[1];
  User writer = log_in(bob.account, {{"takeover", true}});
  writer.chat(alice.id(), "4");
  EXPECT_EQ(inbox(again).at(0).at("unread"), 1);
}

TEST_P(Conversations, SettingsAreKeptAndHidingLastsUntilTheNextMessage) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  bob.chat(alice.id(), "1");
  request_ok(alice.client, set_request({{"with", bob.id()}, {"pinned", true}}));
  request_ok(alice.client, set_request({{"with", bob.id()}, {"muted", true}}));
  request_ok(alice.client, set_request({{"with", bob.id()}, {"muted", true}}));
  EXPECT_EQ(only(alice).at("pinned"), true);
  EXPECT_EQ(only(alice).at("muted"), true);
  EXPECT_EQ(only(alice).at("unread"), 1);
  request_ok(alice.client, set_request({{"with", bob.id()}, {"hidden", true}}));
  EXPECT_TRUE(inbox(alice).empty());
  EXPECT_TRUE(inbox(bob).size() == 1u);  // it concerns alice alone
  bob.chat(alice.id(), "2");
  EXPECT_EQ(only(alice).at("unread"), 2);
  request_ok(alice.client, set_request({{"with", bob.id()}, {"hidden", true}}));
  request_ok(alice.client, set_request({{"with", bob.id()}, {"hidden", false}}));
  EXPECT_EQ(only(alice).at("pinned"), true);
}

TEST_P(Conversations, SettingsNeedAConversation) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t tea = bob.create_group("tea");
  const Json pinned{{"pinned", true}};
  const auto set = [&](const Json& place) {
    Json request = set_request(place);
    request.update(pinned);
    return request;
  };
  expect_refused(alice.client, set({{"with", bob.id()}}), errors::kNotFound);
  expect_refused(alice.client, set({{"with", 9999}}), errors::kNotFound);
  expect_refused(alice.client, set({{"groupid", tea}}), errors::kNotFound);
  expect_refused(alice.client, set(Json::object()), errors::kBadField);
  expect_refused(alice.client, set({{"with", bob.id()}, {"groupid", tea}}), errors::kBadField);
  expect_refused(alice.client, set_request({{"with", bob.id()}}), errors::kBadField);
  request_ok(bob.client, set({{"groupid", tea}}));
  RawClient stranger = connect();
  expect_refused(stranger, set({{"with", bob.id()}}), errors::kNotLoggedIn);
}

TEST_P(Conversations, BadPagesAreRefused) {
  User alice = new_user("alice");
  for (const Json& more : std::vector<Json>{{{"limit", 0}},
                                            {{"limit", 101}},
                                            {{"cursor", ""}},
                                            {{"cursor", "5"}},
                                            {{"cursor", "5.x1"}},
                                            {{"cursor", "5.g0"}},
                                            {{"cursor", "-5.g1"}},
                                            {{"cursor", "5.g1x"}}}) {
    expect_refused(alice.client, inbox_request(more), errors::kBadField);
  }
  RawClient stranger = connect();
  expect_refused(stranger, inbox_request(), errors::kNotLoggedIn);
}

TEST_P(Conversations, GroupsThatOneHasLeftAreNotListed) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t tea = alice.create_group("tea");
  bob.join_group(tea);
  alice.group_chat(tea, "1");
  EXPECT_EQ(inbox(bob).size(), 1u);
  request_ok(bob.client, {{"msgid", 40}, {"groupid", tea}});
  EXPECT_TRUE(inbox(bob).empty());
  bob.join_group(tea);
  EXPECT_TRUE(inbox(bob).empty());
  alice.group_chat(tea, "2");
  EXPECT_EQ(unread(bob), 1);
}

TEST_P(Conversations, ReadersAreThoseWhosePositionHasReachedTheMessage) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  User carol = new_user("carol", acking());
  const std::int64_t tea = alice.create_group("tea");
  bob.join_group(tea);
  carol.join_group(tea);
  const std::int64_t seq = alice.group_chat(tea, "1").at("seq");
  User late = new_user("late");
  late.join_group(tea);
  Json reply = request_ok(alice.client, readers_request(tea, seq));
  EXPECT_EQ(reply.at("read"), 0);
  EXPECT_EQ(reply.at("members"), 2);
  EXPECT_EQ(reply.at("users"), Json::array());
  carol.group_chat(tea, "sending reads");
  reply = request_ok(bob.client, readers_request(tea, seq));
  EXPECT_EQ(reply.at("read"), 1);
  EXPECT_EQ(reply.at("users"), (Json{{{"id", carol.id()}, {"name", "carol"}}}));
  bob.client.push(10);
  read_group(bob, tea, seq);
  EXPECT_TRUE(wait_until(
      [&] { return request_ok(alice.client, readers_request(tea, seq)).at("read") == 2; }));
  expect_refused(late.client, readers_request(tea, seq), errors::kNotFound);
  expect_refused(alice.client, readers_request(tea, seq + 100), errors::kNotFound);
  expect_refused(alice.client, readers_request(tea, 0), errors::kNotFound);
  expect_refused(alice.client, readers_request(9999, 1), errors::kNotFound);
  Json bad = readers_request(tea, seq);
  bad["cursor"] = "x";
  expect_refused(alice.client, bad, errors::kBadField);
}

TEST_P(Conversations, ReadersComeInPages) {
  User alice = new_user("alice");
  const std::int64_t tea = alice.create_group("tea");
  const std::int64_t dummies = 120;
  std::vector<User> members;
  for (std::int64_t i = 0; i < dummies; ++i) {
    members.push_back(new_user("member" + std::to_string(i)));
    members.back().join_group(tea);
  }
  const std::int64_t seq = alice.group_chat(tea, "1").at("seq");
  for (User& member : members) member.group_chat(tea, "seen");
  Json request = readers_request(tea, seq);
  Json reply = request_ok(alice.client, request);
  EXPECT_EQ(reply.at("read"), dummies);
  EXPECT_EQ(reply.at("members"), dummies);
  ASSERT_EQ(reply.at("users").size(), 100u);
  EXPECT_EQ(reply.at("users").at(0).at("id"), members[0].id());
  request["cursor"] = reply.at("cursor");
  reply = request_ok(alice.client, request);
  ASSERT_EQ(reply.at("users").size(), 20u);
  EXPECT_EQ(reply.at("users").at(19).at("id"), members.back().id());
  EXPECT_FALSE(reply.contains("cursor"));
}

// Positions are written several times a second.
TEST_P(Conversations, AuthorsGetAtMostOneReadReceiptASecondPerGroup) {
  User alice = new_user("alice", acking());
  User bob = new_user("bob", acking());
  const std::int64_t tea = alice.create_group("tea");
  bob.join_group(tea);
  const auto began = std::chrono::steady_clock::now();
  const auto took = [began] { return std::chrono::steady_clock::now() - began; };
  std::int64_t seq = 0;
  while (took() < milliseconds{2500}) {
    seq = alice.group_chat(tea, "text").at("seq");
    bob.client.push(10);
    read_group(bob, tea, seq);
  }
  const auto receipts = receipts_up_to(alice, "read", seq);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(took()).count();
  EXPECT_LE(static_cast<std::int64_t>(receipts.size()), seconds + 2);
}

}  // namespace
}  // namespace chat::test
