// The wire's limits, each at the limit and one past it.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

std::string times(int count, std::string_view text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

class WireLimits : public InBothFramings {
 protected:
  using InBothFramings::InBothFramings;

  // A PING of exactly `bytes` bytes.
  static std::string ping_of(std::size_t size) {
    const std::string head = R"({"msgid":21,"x":")";
    return head + std::string(size - head.size() - 2, 'x') + "\"}";
  }
  static void expect_frame_limit(RawClient& client, std::size_t limit) {
    client.send_raw(frame(client.wire(), ping_of(limit)));
    expect_ok(client.receive(), 121);
    client.send_raw(frame(client.wire(), ping_of(limit + 1)));
    const std::vector<Json> frames = client.receive_to_end();
    ASSERT_EQ(frames.size(), 2U);
    expect_error(frames[0], 100, errors::kTooLarge);
    EXPECT_EQ(frames[1].value("reason", ""), "too_large");
  }

  // One row for each number i below `count`, straight into the tables: over the wire it would
  // take minutes.
  void insert(const std::string& into, int count, const std::string& values) {
    const std::string numbers =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(count - 1) + ") SELECT " + values + " FROM n";
    server.storage().execute(
        (on_mysql() ? "SET max_recursive_iterations = 5000; " : std::string()) + "INSERT INTO " +
        into + " " + numbers);
  }
  void insert_users(int count) {
    insert("user (id, name, name_key, password, created_at)", count,
           "10000 + i, cast(10000 + i as char(10)), cast(10000 + i as char(10)), 'x', 1");
  }
  void insert_friends(std::int64_t who, int count) {
    insert("friend (userid, friendid)", count, std::to_string(who) + ", 10000 + i");
  }
  void insert_groups(int count) {
    insert("allgroup (id, groupname, name_key, groupdesc)", count,
           "20000 + i, cast(20000 + i as char(10)), cast(20000 + i as char(10)), ''");
  }
  void insert_memberships(std::int64_t who, int count) {
    insert("groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)", count,
           "20000 + i, " + std::to_string(who) + ", 0, 0, 0");
  }
  void insert_members(std::int64_t group, int count) {
    insert("groupuser (groupid, userid, joined_seq, delivered_seq, read_seq)", count,
           std::to_string(group) + ", 10000 + i, 0, 0, 0");
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(WireLimits);

TEST_P(WireLimits, AFrameBeforeLoginHas4096Bytes) {
  RawClient client = connect();
  expect_frame_limit(client, 4096);
}

TEST_P(WireLimits, AFrameAfterLoginHas65536Bytes) {
  User alice = new_user("alice");
  expect_frame_limit(alice.client, 65536);
}

TEST_P(WireLimits, ATextHas4000CodePoints) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  for (const char* unit : {"x", "ä", "中", "😀"}) {
    const std::string longest = times(4000, unit);
    alice.chat(bob.id(), longest);
    EXPECT_EQ(bob.client.push(6).at("msg"), longest);
    expect_refused(alice.client, chat_request(alice.account, bob.id(), longest + unit),
                   errors::kBadField);
  }
}

TEST_P(WireLimits, AnIdIsAtMost2147483647) {
  User alice = new_user("alice");
  expect_refused(alice.client, {{"msgid", 6}, {"toid", 2147483647}, {"msg", "x"}},
                 errors::kNotFound);
  expect_refused(alice.client, {{"msgid", 6}, {"toid", 2147483648}, {"msg", "x"}},
                 errors::kBadField);
}

TEST_P(WireLimits, AUserHas2000Friends) {
  User alice = new_user("alice");
  const Account last = register_account("last");
  const Account too_many = register_account("too many");
  insert_users(2000);
  insert_friends(alice.id(), 1999);
  request_ok(alice.client, add_friend_request(alice.account, last.id));
  expect_refused(alice.client, add_friend_request(alice.account, too_many.id), errors::kNotAllowed);
}

TEST_P(WireLimits, AUserIsIn500Groups) {
  User alice = new_user("alice");
  insert_groups(501);
  insert_memberships(alice.id(), 499);
  User bob = new_user("bob");
  insert_memberships(bob.id(), 499);
  request_ok(alice.client, join_group_request(alice.account, 20499));
  expect_refused(alice.client, join_group_request(alice.account, 20500), errors::kNotAllowed);
  expect_refused(alice.client, create_group_request(alice.account, "one more"),
                 errors::kNotAllowed);
  bob.create_group("the last one");
  expect_refused(bob.client, create_group_request(bob.account, "one more"), errors::kNotAllowed);
}

TEST_P(WireLimits, AGroupHas2000Members) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  insert_users(1999);
  insert_groups(1);
  insert_members(20000, 1999);
  alice.join_group(20000);
  expect_refused(bob.client, join_group_request(bob.account, 20000), errors::kNotAllowed);
}

TEST_P(WireLimits, AGroupInAReplyNames200Users) {
  User alice = new_user("alice");
  insert_users(200);
  insert_groups(2);
  insert_members(20000, 199);
  insert_members(20001, 200);
  const auto named = [&](std::int64_t group) {
    return alice.join_group(group).at("group").at("users").size();
  };
  EXPECT_EQ(named(20000), 200U) << "all of 200";
  EXPECT_EQ(named(20001), 200U) << "200 of 201";
}

TEST_P(WireLimits, APageOfHistoryHas100Messages) {
  User alice = new_user("alice");
  for (int i = 0; i < 101; ++i) alice.chat(alice.id(), "x");
  const auto page = [&](int limit) {
    return Json{{"msgid", 25}, {"with", alice.id()}, {"limit", limit}};
  };
  const Json reply = request_ok(alice.client, page(100));
  EXPECT_EQ(reply.at("messages").size(), 100U);
  EXPECT_TRUE(reply.contains("cursor"));
  expect_refused(alice.client, page(101), errors::kBadField);
}

TEST_P(WireLimits, FrameMustEndWithin10Seconds) {
  RawClient slow = connect();
  RawClient silent = connect();
  const std::string ping = slow.framed({{"msgid", 21}});
  slow.send_raw(std::string_view(ping).substr(0, ping.size() - 2));  // not a whole object
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(wait_until(
      [&] {
        slow.take_in(milliseconds{100});
        return slow.ended();
      },
      milliseconds{15'000}));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, milliseconds{9'500});
  EXPECT_LT(took, milliseconds{10'000} + scaled(milliseconds{1'500}));
  ASSERT_EQ(slow.waiting(), 1U);
  EXPECT_EQ(slow.receive().value("reason", ""), "timeout");
  // Without a begun frame the time-out is longer.
  expect_alive(silent);
}

}  // namespace
}  // namespace chat::test
