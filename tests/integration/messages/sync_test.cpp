// SYNC: a client that lost its messages requests them again.
#include <gtest/gtest.h>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

class Sync : public InBothFramings {
 protected:
  static Json acking() { return {{"ack", true}}; }
  static Json sync_request(const Json& more = Json::object()) {
    Json request = {{"msgid", 24}};
    request.update(more);
    return request;
  }
  // The next `count` chat pushes are seq first, first + 1, …
  static void expect_pushes(User& user, int msgid, std::int64_t first, int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(user.client.push(msgid).at("seq"), first + i);
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Sync);

TEST_P(Sync, RepeatsAStreamFromTheGivenSeq) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  for (int i = 1; i <= 5; ++i) alice.chat(bob.id(), std::to_string(i));
  expect_pushes(bob, 6, 1, 5);
  bob.client.send(delivered_request(alice.id(), 5));
  request_ok(bob.client, sync_request({{"from", alice.id()}, {"after", 2}}));
  expect_pushes(bob, 6, 3, 3);
  request_ok(bob.client, sync_request({{"from", alice.id()}, {"after", 0}}));
  expect_pushes(bob, 6, 1, 5);
  // Acknowledgements are kept, and new messages follow.
  alice.chat(bob.id(), "6");
  expect_pushes(bob, 6, 6, 1);
  expect_no_push(bob);
  bob.client.close();
  const Json offline = log_in(bob.account, acking()).welcome.at("offlinemsg");
  ASSERT_FALSE(offline.empty());
  EXPECT_EQ(offline[0].at("seq"), 6);
}

// The server gets acknowledgements of earlier pushes after the SYNC.
TEST_P(Sync, AcceptsAcknowledgementsOfEarlierPushes) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  for (int i = 1; i <= 5; ++i) alice.chat(bob.id(), std::to_string(i));
  expect_pushes(bob, 6, 1, 5);
  const Json sync = sync_request({{"from", alice.id()}, {"after", 0}});
  Json beyond = delivered_request(alice.id(), 6);
  beyond["cid"] = "beyond";
  bob.client.send_raw(bob.client.framed(sync) +
                      bob.client.framed(delivered_request(alice.id(), 4)) +
                      bob.client.framed(beyond));
  expect_ok(bob.client.reply(sync), 124);
  expect_error(bob.client.reply(beyond), 122, errors::kBadField);
  expect_pushes(bob, 6, 1, 5);
  request_ok(bob.client, sync_request({{"from", alice.id()}}));
  expect_pushes(bob, 6, 5, 1);
  expect_no_push(bob);
}

TEST_P(Sync, WithoutAStreamRepeatsUnacknowledgedMessages) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  const std::int64_t group = alice.create_group("all");
  bob.join_group(group);
  for (int i = 1; i <= 4; ++i) alice.chat(bob.id(), std::to_string(i));
  for (int i = 1; i <= 3; ++i) alice.group_chat(group, std::to_string(i));
  expect_pushes(bob, 6, 1, 4);
  expect_pushes(bob, 10, 2, 3);
  bob.client.send(delivered_request(alice.id(), 2));
  bob.client.send(group_delivered_request(group, 2));
  request_ok(bob.client, sync_request());
  expect_pushes(bob, 6, 3, 2);
  expect_pushes(bob, 10, 3, 2);
  expect_no_push(bob);
}

TEST_P(Sync, OfAGroupBeginsAfterTheJoin) {
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  const std::int64_t group = alice.create_group("late");
  for (int i = 1; i <= 3; ++i) alice.group_chat(group, std::to_string(i));
  bob.join_group(group);
  alice.group_chat(group, "4");
  expect_pushes(bob, 10, 5, 1);
  request_ok(bob.client, sync_request({{"groupid", group}, {"after", 0}}));
  expect_pushes(bob, 10, 5, 1);
  expect_no_push(bob);
}

TEST_P(Sync, ThousandsAreRepeatedInOrder) {
  constexpr int kMany = 3000;
  User alice = new_user("alice");
  User bob = new_user("bob", acking());
  for (int i = 0; i < kMany; ++i) {
    alice.client.send(chat_request(alice.account, bob.id(), std::string(100, 'x')));
  }
  expect_pushes(bob, 6, 1, kMany);
  request_ok(bob.client, sync_request({{"from", alice.id()}, {"after", 10}}));
  expect_pushes(bob, 6, 11, kMany - 10);
  expect_no_push(bob);
}

TEST_P(Sync, RefusesUnknownStreams) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::int64_t group = bob.create_group("not alice's");
  expect_refused(alice.client, sync_request({{"from", 9999}}), errors::kNotFound);
  expect_refused(alice.client, sync_request({{"groupid", 9999}}), errors::kNotFound);
  expect_refused(alice.client, sync_request({{"groupid", group}}), errors::kNotFound);
  expect_refused(alice.client, sync_request({{"groupid", group}, {"from", bob.id()}}),
                 errors::kBadField);
  expect_refused(alice.client, sync_request({{"after", 1}}), errors::kBadField);
  expect_refused(alice.client, sync_request({{"from", bob.id()}, {"after", -1}}),
                 errors::kBadField);
  // An empty stream is accepted, and nothing follows.
  request_ok(alice.client, sync_request({{"from", bob.id()}, {"after", 0}}));
  expect_no_push(alice);
}

}  // namespace
}  // namespace chat::test
