// The deletion of an account that is in many groups: it leaves them one by one, also after a crash.
#include <gtest/gtest.h>

#include <string>

#include "integration/people/contact_requests.h"
#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kGroups = 500;
constexpr int kFirstGroup = 10'000;

// Alice and Bob are in many groups, in each of which Alice is the creator.
class Departure : public WithServer {
 protected:
  void SetUp() override {
    const std::string name = on_mysql() ? "concat('g', i)" : "'g' || i";
    insert_numbered(
        server.storage(), kGroups, "allgroup (id, groupname, name_key)",
        "SELECT " + std::to_string(kFirstGroup) + " + i, " + name + ", " + name + " FROM n");
    add_member(alice, "creator");
    add_member(bob, "normal");
  }
  void add_member(const User& user, const std::string& role) {
    insert_numbered(server.storage(), kGroups,
                    "groupuser (groupid, userid, grouprole, joined_seq, delivered_seq, read_seq)",
                    "SELECT " + std::to_string(kFirstGroup) + " + i, " + std::to_string(user.id()) +
                        ", '" + role + "', 0, 0, 0 FROM n");
  }
  void delete_alice() {
    request_ok(alice.client, {{"msgid", 27}, {"password", alice.account.password}});
  }
  std::int64_t number(const std::string& sql) { return server.storage().number(sql); }
  std::int64_t memberships(const User& user, const std::string& more = "") {
    return number("SELECT COUNT(*) FROM groupuser WHERE userid = " + std::to_string(user.id()) +
                  more);
  }
  void expect_departed() {
    EXPECT_TRUE(wait_until([&] { return number("SELECT COUNT(*) FROM departure") == 0; },
                           milliseconds{30'000}));
    EXPECT_EQ(memberships(alice), 0);
    EXPECT_EQ(memberships(bob, " AND grouprole = 'creator'"), kGroups);
    // Two rows in each group: Bob is the creator, and Alice has left.
    EXPECT_EQ(number("SELECT COUNT(*) FROM groupmessage"), 2 * kGroups);
    EXPECT_EQ(number("SELECT MAX(seq) FROM groupmessage"), 2);
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
};

TEST_F(Departure, EndsInEveryGroup) {
  User again = log_in(bob.account, Wire::kText, {{"takeover", true}});
  again.client.keep_notices();
  delete_alice();
  const Json info =
      request_ok(again.client, {{"msgid", 30}, {"groupid", kFirstGroup + kGroups - 1}});
  EXPECT_EQ(info.at("users").size(), 1U) << "she is not listed any more";
  for (int i = 0; i < kGroups; ++i) {
    EXPECT_EQ(again.client.notice().at("event"), "role");
    EXPECT_EQ(again.client.notice().at("event"), "left");
  }
  expect_departed();
}

TEST_F(Departure, GoesOnAfterACrash) {
  delete_alice();
  server.kill9();
  EXPECT_EQ(number("SELECT COUNT(*) FROM departure"), 1);
  EXPECT_GT(memberships(alice, " AND left_seq = 0"), 0) << "too fast for this test";
  server.storage().execute("UPDATE departure SET created_at = 1");
  server.start();
  expect_departed();
}

}  // namespace
}  // namespace chat::test
