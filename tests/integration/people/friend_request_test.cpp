// Friend requests with approval, their answers, and the end of a friendship (msgids 7, 32 and 33).
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "integration/people/contact_requests.h"
#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

// Alice asks; Bob approves requests.
class FriendRequests : public WithServer {
 protected:
  void SetUp() override {
    alice.emplace(new_user("alice"));
    bob.emplace(new_user("bob"));
    set_policy(server.storage(), bob->id(), "who_may_add", "approval");
  }
  std::int64_t number(const std::string& sql) { return server.storage().number(sql); }
  void execute(const std::string& sql) { server.storage().execute(sql); }
  // Makes all requests older.
  void let_pass(std::int64_t time_ms) {
    execute("UPDATE friendrequest SET created_at = created_at - " + std::to_string(time_ms));
  }
  void expect_pending(User& asker, std::int64_t other) {
    const Json reply = request_ok(asker.client, ask_request(other));
    EXPECT_EQ(reply.value("pending", false), true) << reply;
    EXPECT_FALSE(reply.contains("friend")) << reply;
  }
  static Json friend_item(const User& user, const std::string& state = "online") {
    return {{"id", user.id()}, {"name", user.account.name}, {"state", state}};
  }
  void befriend() {
    request_ok(alice->client, ask_request(bob->id()));
    request_ok(bob->client, answer_request(alice->id(), true));
    expect_contact(*bob, *alice, "request");
    expect_contact(*alice, *bob, "accepted");
  }

  std::optional<User> alice;
  std::optional<User> bob;
};

TEST_F(FriendRequests, RequestWaitsAndIsPushedWithItsText) {
  Json request = ask_request(bob->id(), "it's \"me\" \U0001F600");
  request["cid"] = "f";
  const Json reply = alice->client.request(request);
  expect_ok(reply, 107);
  EXPECT_EQ(reply.at("pending"), true);
  EXPECT_EQ(reply.at("cid"), "f");
  EXPECT_FALSE(reply.contains("friend"));
  EXPECT_EQ(bob->client.push(kContactPush), (Json{{"msgid", 201},
                                                  {"id", alice->id()},
                                                  {"name", "alice"},
                                                  {"event", "request"},
                                                  {"text", "it's \"me\" \U0001F600"}}));
  EXPECT_FALSE(lists_friend(*alice, bob->id()));
  EXPECT_FALSE(lists_friend(*bob, alice->id()));
  const Json received = list_of(*bob, "requests");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].at("id"), alice->id());
  EXPECT_EQ(received[0].at("name"), "alice");
  EXPECT_EQ(received[0].at("text"), "it's \"me\" \U0001F600");
  EXPECT_GT(received[0].at("ts"), 1'600'000'000'000);
  const Json sent = list_of(*alice, "sent_requests");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].at("id"), bob->id());
  EXPECT_EQ(list_of(*alice, "requests"), Json::array());
}

TEST_F(FriendRequests, AcceptingMakesBothDirections) {
  request_ok(alice->client, ask_request(bob->id()));
  alice->client.keep_presence();
  const Json reply = request_ok(bob->client, answer_request(alice->id(), true));
  EXPECT_EQ(reply.at("msgid"), 132);
  EXPECT_EQ(reply.at("friend"), friend_item(*alice));
  expect_contact(*alice, *bob, "accepted");
  EXPECT_EQ(alice->client.push(200),
            (Json{{"msgid", 200}, {"id", bob->id()}, {"state", "online"}}));
  EXPECT_EQ(list_of(*alice, "friends"), Json::array({friend_item(*bob)}));
  EXPECT_EQ(list_of(*bob, "friends"), Json::array({friend_item(*alice)}));
  EXPECT_EQ(list_of(*bob, "requests"), Json::array());
  EXPECT_EQ(list_of(*alice, "sent_requests"), Json::array());
  expect_refused(alice->client, ask_request(bob->id()), errors::kExists);
}

TEST_F(FriendRequests, RepeatedAnswerSucceedsAndNotifiesNobody) {
  befriend();
  const Json again = request_ok(bob->client, answer_request(alice->id(), true));
  EXPECT_EQ(again.at("friend"), friend_item(*alice));
  expect_no_push(*alice);
  expect_refused(bob->client, answer_request(alice->id(), false), errors::kNotFound);
}

TEST_F(FriendRequests, RefusalIsSilent) {
  request_ok(alice->client, ask_request(bob->id()));
  for (int i = 0; i < 2; ++i) {
    const Json reply = request_ok(bob->client, answer_request(alice->id(), false));
    EXPECT_FALSE(reply.contains("friend"));
  }
  expect_no_push(*alice);
  EXPECT_EQ(list_of(*bob, "requests"), Json::array());
  EXPECT_EQ(list_of(*alice, "sent_requests").size(), 1U) << "it looks pending";
  expect_contact(*bob, *alice, "request");
  expect_pending(*alice, bob->id());
  expect_no_push(*bob);
  expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotFound);
}

TEST_F(FriendRequests, AskingAgainWritesNothing) {
  request_ok(alice->client, ask_request(bob->id(), "first"));
  const std::int64_t at = number("SELECT created_at FROM friendrequest");
  expect_contact(*bob, *alice, "request");
  request_ok(alice->client, ask_request(bob->id(), "second"));
  EXPECT_EQ(number("SELECT created_at FROM friendrequest"), at);
  EXPECT_EQ(list_of(*bob, "requests")[0].at("text"), "first");
  expect_no_push(*bob);
}

TEST_F(FriendRequests, CrossingRequestsAcceptEachOther) {
  set_policy(server.storage(), alice->id(), "who_may_add", "approval");
  expect_pending(*alice, bob->id());
  const Json reply = request_ok(bob->client, ask_request(alice->id()));
  EXPECT_EQ(reply.at("friend"), friend_item(*alice));
  EXPECT_FALSE(reply.contains("pending"));
  expect_contact(*alice, *bob, "accepted");
  EXPECT_TRUE(lists_friend(*alice, bob->id()));
  EXPECT_TRUE(lists_friend(*bob, alice->id()));
}

// Whichever comes first waits, and the other one accepts it.
TEST_F(FriendRequests, SimultaneousRequestsAcceptEachOther) {
  set_policy(server.storage(), alice->id(), "who_may_add", "approval");
  for (int round = 0; round < 10; ++round) {
    const std::vector<User*> both{&*alice, &*bob};
    run_in_parallel(2, [&](int i) {
      User& self = *both[static_cast<std::size_t>(i)];
      request_ok(self.client, ask_request(both[static_cast<std::size_t>(1 - i)]->id()));
    });
    ASSERT_TRUE(lists_friend(*alice, bob->id())) << round;
    ASSERT_TRUE(lists_friend(*bob, alice->id())) << round;
    request_ok(alice->client, remove_request(bob->id()));
    execute("DELETE FROM friendrequest");
  }
}

TEST_F(FriendRequests, OneWhoAskedIsAddedThoughNobodyMayAddThem) {
  expect_pending(*alice, bob->id());
  set_policy(server.storage(), alice->id(), "who_may_add", "nobody");
  EXPECT_TRUE(request_ok(bob->client, ask_request(alice->id())).contains("friend"));
}

TEST_F(FriendRequests, NobodyMayAddAUserWhoSaysSo) {
  set_policy(server.storage(), bob->id(), "who_may_add", "nobody");
  expect_refused(alice->client, ask_request(bob->id()), errors::kNotAllowed);
  expect_no_push(*bob);
}

TEST_F(FriendRequests, AnswersNeedARequest) {
  expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotFound);
  expect_refused(bob->client, answer_request(alice->id(), false), errors::kNotFound);
  expect_refused(bob->client, answer_request(9999, true), errors::kNotFound);
  expect_refused(bob->client, answer_request(bob->id(), true), errors::kBadField);
  request_ok(alice->client, ask_request(bob->id()));
  expect_refused(alice->client, answer_request(bob->id(), true), errors::kNotFound);
}

TEST_F(FriendRequests, TextIsLimited) {
  std::string text;
  for (int i = 0; i < 51; ++i) text += "\U0001F600";
  expect_refused(alice->client, ask_request(bob->id(), text), errors::kBadField);
  expect_refused(alice->client, ask_request(bob->id(), "a\nb"), errors::kBadField);
  text.resize(text.size() - 4);
  request_ok(alice->client, ask_request(bob->id(), text));
  EXPECT_EQ(list_of(*bob, "requests")[0].at("text"), text);
}

TEST_F(FriendRequests, RequestEndsAfterThirtyDays) {
  request_ok(alice->client, ask_request(bob->id(), "first"));
  expect_contact(*bob, *alice, "request");
  let_pass(30 * kDayMs);
  EXPECT_EQ(list_of(*bob, "requests"), Json::array());
  EXPECT_EQ(list_of(*alice, "sent_requests"), Json::array());
  expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotFound);
  expect_pending(*alice, bob->id());
  expect_contact(*bob, *alice, "request");
  EXPECT_FALSE(list_of(*bob, "requests")[0].contains("text"));
}

TEST_F(FriendRequests, RefusedUserMayAskAgainAfterThirtyDays) {
  request_ok(alice->client, ask_request(bob->id()));
  request_ok(bob->client, answer_request(alice->id(), false));
  expect_contact(*bob, *alice, "request");
  let_pass(30 * kDayMs);
  expect_pending(*alice, bob->id());
  expect_contact(*bob, *alice, "request");
  request_ok(bob->client, answer_request(alice->id(), true));
  EXPECT_TRUE(lists_friend(*alice, bob->id()));
}

TEST_F(FriendRequests, OneThatWasRefusedWaitsNoLongerOnceTheOtherIsAccepted) {
  set_policy(server.storage(), alice->id(), "who_may_add", "approval");
  request_ok(alice->client, ask_request(bob->id()));
  request_ok(bob->client, answer_request(alice->id(), false));
  request_ok(bob->client, ask_request(alice->id()));
  request_ok(alice->client, answer_request(bob->id(), true));
  EXPECT_EQ(list_of(*alice, "sent_requests"), Json::array());
}

TEST_F(FriendRequests, TwentyADay) {
  insert_users(server.storage(), 22);
  for (int i = 0; i < 20; ++i) expect_pending(*alice, 10'000 + i);
  const Json refused = expect_refused(alice->client, ask_request(10'020), errors::kRateLimited);
  EXPECT_GT(refused.at("retry_after_ms"), kDayMs - 600'000);
  EXPECT_LE(refused.at("retry_after_ms"), kDayMs);
  expect_pending(*alice, 10'000);  // not a new one
  EXPECT_EQ(list_of(*alice, "sent_requests").size(), 20U);
  let_pass(kDayMs);
  expect_pending(*alice, 10'020);
}

TEST_F(FriendRequests, OfflineUserFindsTheRequestLater) {
  bob->log_out();
  bob->client.close();
  request_ok(alice->client, ask_request(bob->id(), "hi"));
  bob.emplace(log_in(bob->account));
  EXPECT_EQ(bob->welcome.at("friends"), Json::array());
  EXPECT_EQ(list_of(*bob, "requests").size(), 1U);
}

TEST_F(FriendRequests, DeletedAccountTakesItsRequestsAlong) {
  request_ok(alice->client, ask_request(bob->id()));
  request_ok(alice->client, {{"msgid", 27}, {"password", alice->account.password}});
  EXPECT_EQ(list_of(*bob, "requests"), Json::array());
  EXPECT_EQ(number("SELECT COUNT(*) FROM friendrequest"), 0);
  expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotFound);
}

TEST_F(FriendRequests, ListsPage) {
  insert_users(server.storage(), 1200);
  // About ten each have the same time, and a page ends among them.
  const std::string now = std::to_string(
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  insert_numbered(
      server.storage(), 1200, "friendrequest (userid, friendid, created_at)",
      "SELECT 10000 + i, " + std::to_string(bob->id()) + ", " + now + " - i % 130 FROM n");
  insert_numbered(server.storage(), 1200, "block (userid, blocked, created_at)",
                  "SELECT " + std::to_string(alice->id()) + ", 10000 + i, 1 FROM n");
  std::set<std::int64_t> ids;
  std::int64_t last = INT64_MAX;
  for (const Json& item : list_of(*bob, "requests")) {
    EXPECT_TRUE(ids.insert(item.at("id").get<std::int64_t>()).second) << item;
    EXPECT_LE(item.at("ts"), last) << "the newest come first";
    last = item.at("ts").get<std::int64_t>();
  }
  EXPECT_EQ(ids.size(), 1200U);
  const Json blocked = list_of(*alice, "blocked");
  ASSERT_EQ(blocked.size(), 1200U);
  EXPECT_EQ(blocked[0], (Json{{"id", 10000}, {"name", "u0"}}));
  for (const char* cursor : {"", "5", "5.", ".5", "5.0", "-1.5", "5.5x"}) {
    expect_refused(bob->client, {{"msgid", 31}, {"kind", "requests"}, {"cursor", cursor}},
                   errors::kBadField);
  }
}

TEST_F(FriendRequests, RemovalEndsBothDirections) {
  befriend();
  alice->chat(bob->id(), "before");
  bob->client.push(6);
  EXPECT_EQ(request_ok(alice->client, remove_request(bob->id())).at("msgid"), 133);
  expect_contact(*bob, *alice, "removed");
  EXPECT_EQ(list_of(*alice, "friends"), Json::array());
  EXPECT_EQ(list_of(*bob, "friends"), Json::array());
  EXPECT_EQ(request_ok(bob->client, {{"msgid", 25}, {"with", alice->id()}}).at("messages").size(),
            1U);
  bob->client.keep_presence();
  alice->log_out();
  alice->client.close();
  alice.emplace(log_in(alice->account));
  expect_no_push(*bob);  // nor PRESENCE
}

TEST_F(FriendRequests, RepeatedRemovalSucceedsAndNotifiesNobody) {
  befriend();
  request_ok(alice->client, remove_request(bob->id()));
  expect_contact(*bob, *alice, "removed");
  request_ok(alice->client, remove_request(bob->id()));
  request_ok(bob->client, remove_request(alice->id()));
  expect_no_push(*alice);
  expect_no_push(*bob);
  expect_refused(alice->client, remove_request(9999), errors::kNotFound);
  expect_refused(alice->client, remove_request(alice->id()), errors::kBadField);
}

TEST_F(FriendRequests, RemovedFriendMayAskAgain) {
  befriend();
  request_ok(alice->client, remove_request(bob->id()));
  expect_contact(*bob, *alice, "removed");
  expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotFound);
  expect_pending(*alice, bob->id());
  expect_contact(*bob, *alice, "request");
}

TEST_F(FriendRequests, OneWayFriendIsRemovedToo) {
  request_ok(bob->client, ask_request(alice->id()));  // anyone may add Alice
  expect_contact(*alice, *bob, "added");
  request_ok(alice->client, remove_request(bob->id()));
  expect_contact(*bob, *alice, "removed");
  EXPECT_FALSE(lists_friend(*bob, alice->id()));
}

TEST_F(FriendRequests, FullListsAreNamed) {
  request_ok(alice->client, ask_request(bob->id()));
  insert_users(server.storage(), 2000);
  insert_numbered(server.storage(), 2000, "friend (userid, friendid)",
                  "SELECT " + std::to_string(alice->id()) + ", 10000 + i FROM n");
  const Json refused =
      expect_refused(bob->client, answer_request(alice->id(), true), errors::kNotAllowed);
  EXPECT_EQ(refused.at("errmsg"), "the other user's list of friends is full");
  EXPECT_EQ(list_of(*bob, "friends"), Json::array()) << "not one direction alone";
  EXPECT_EQ(list_of(*bob, "requests").size(), 1U);
}

}  // namespace
}  // namespace chat::test
