// The database of a cluster is replaced by a copy that lacks the newest rows, as when a lagging
// replica takes over. The servers' memory must soon agree with the copy, because the ids of lost
// rows are reassigned.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "cluster_fixture.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

// Presence promises the same.
constexpr milliseconds kAgreesWithin{15'000};
// More than the two passes after which a session or a group is given up.
constexpr milliseconds kLooksTake{4'500};

class ClusterFailover : public WithCluster {
 protected:
  ClusterFailover() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  void SetUp() override {
    WithCluster::SetUp();
    if (cluster != nullptr) replica_ = std::make_unique<MariadbServer>();
  }
  void TearDown() override {
    if (cluster != nullptr) mariadb().query("SET GLOBAL read_only = 0");
  }

  void copy() { replica_->copy_database(mariadb(), cluster->storage().database()); }
  // Redirects new connections of all servers to the copy.
  void redirect() {
    for (std::size_t i = 0; i < cluster->size(); ++i) network(i).redirect(replica_->socket());
  }
  void fail_over() {
    redirect();
    for (std::size_t i = 0; i < cluster->size(); ++i) network(i).reset_all();
  }
  FaultProxy& network(std::size_t node) { return cluster->links(node).database.network(); }
  std::string of_copy(const std::string& sql) {
    return replica_->query(sql, cluster->storage().database());
  }
  std::string state_of(const User& user) {
    return of_copy("SELECT state FROM user WHERE id = " + std::to_string(user.id()));
  }
  static void expect_lost(User& user) {
    const Json bye = user.client.push(kBye);
    EXPECT_EQ(bye.at("reason"), "session_lost") << user.account.name;
    EXPECT_GE(bye.at("reconnect_after_ms"), 0);
    user.client.receive_to_end();
  }
  // Until its session ends.
  static void expect_to_store_nothing(User& user, std::int64_t to) {
    try {
      for (;;) {
        const Json reply = user.client.request(chat_request(user.account, to, "lost"));
        EXPECT_THAT(reply.value("errno", 0), ::testing::AnyOf(31, 32)) << reply;
        wait_as_told(reply);
      }
    } catch (const ConnectionEnded&) {
    }
  }
  void expect_in_logs(const std::string& event) {
    EXPECT_TRUE(wait_until([&] {
      return occurrences(cluster->node(0).log(), event) +
                 occurrences(cluster->node(1).log(), event) >
             0;
    })) << event;
  }

  std::unique_ptr<MariadbServer> replica_;
};

// The presence reported to one client.
class Watch {
 public:
  explicit Watch(User& watcher) : watcher_(watcher) { watcher_.client.keep_presence(); }

  void befriend(const User& user) {
    request_ok(watcher_.client, add_friend_request(watcher_.account, user.id()));
  }
  bool told(const User& user, const std::string& state) {
    return wait_until(
        [&] {
          take_in();
          return states_[user.id()] == state;
        },
        kAgreesWithin);
  }

 private:
  void take_in() {
    watcher_.client.take_in(milliseconds{50});
    while (watcher_.client.waiting() > 0) {
      const Json frame = watcher_.client.receive();
      if (frame.at("msgid") == kPresence) states_[frame.at("id")] = frame.at("state");
    }
  }

  User& watcher_;
  std::map<std::int64_t, std::string> states_;
};

TEST_F(ClusterFailover, SessionsMissingFromTheReplicaEnd) {
  User watcher = user_on(1, "watcher");
  Watch watch(watcher);
  User login = user_on(0, "login");
  User takeover = user_on(0, "takeover");
  User logout = user_on(0, "logout");
  for (const User* user : {&login, &takeover, &logout}) watch.befriend(*user);
  login.log_out();
  ASSERT_TRUE(watch.told(login, "offline"));
  copy();

  User lost_login = log_in_on(0, login.account);
  ASSERT_TRUE(watch.told(login, "online"));
  User lost_takeover = log_in_on(1, takeover.account, taking_over());
  EXPECT_EQ(takeover.client.push(kBye).at("reason"), "taken_over");
  logout.log_out();
  ASSERT_TRUE(watch.told(logout, "offline"));
  User lost_account = user_on(0, "lost account");
  lost_account.chat(watcher.id(), "before");
  fail_over();

  expect_to_store_nothing(lost_account, watcher.id());
  for (User* user : {&lost_login, &lost_takeover, &lost_account}) expect_lost(*user);
  for (const User* user : {&login, &takeover, &logout}) {
    EXPECT_TRUE(wait_until([&] { return state_of(*user) == "offline"; }, kAgreesWithin))
        << user->account.name << ' ' << state_of(*user);
  }
  for (const User* user : {&login, &takeover}) {
    EXPECT_TRUE(watch.told(*user, "offline")) << user->account.name;
  }
  expect_in_logs("event=sessions_lost missing=");
  // The id and its messages now belong to another user.
  User newcomer = user_on(1, "newcomer");
  ASSERT_EQ(newcomer.id(), lost_account.id());
  newcomer.chat(watcher.id(), "after");
  Json message = watcher.client.push(6);
  if (message.at("msg") == "before") message = watcher.client.push(6);
  EXPECT_EQ(message.at("msg"), "after");
  EXPECT_EQ(message.at("name"), "newcomer");
  // The returning clients are not blocked.
  for (std::size_t node = 0; node < 2; ++node) {
    User login_again = log_in_on(node, login.account);
    User takeover_again = log_in_on(node, takeover.account);
    User logout_again = log_in_on(node, logout.account);
    for (User* user : {&login_again, &takeover_again, &logout_again}) {
      watcher.chat(user->id(), "welcome back");
      EXPECT_EQ(user->client.push(6).at("msg"), "welcome back");
      user->log_out();
    }
  }
  expect_alive(watcher.client);
}

// The user has logged in on the other server before the lost session there was found: the newer
// one has the same epoch in the table, and stays.
TEST_F(ClusterFailover, SessionsBegunAfterTheFailoverStay) {
  const Account account_of_both = account("both");
  copy();
  User lost = log_in_on(0, account_of_both);
  fail_over();
  RawClient client(port(1));
  const Json welcome = request_patiently(client, login_request(account_of_both));
  ASSERT_EQ(welcome.at("errno"), 0) << welcome;
  expect_lost(lost);
  const auto began = Clock::now();
  while (Clock::now() - began < kLooksTake) {
    expect_alive(client);
    client.take_in(milliseconds{200});
  }
  EXPECT_EQ(of_copy("SELECT state FROM user WHERE id = " + std::to_string(account_of_both.id)),
            "online");
}

TEST_F(ClusterFailover, GroupsMissingFromTheReplicaAreLeft) {
  User creator = user_on(0, "creator");
  User member = user_on(0, "member");
  User other = user_on(1, "other");
  const std::int64_t old_group = other.create_group("old group");
  creator.join_group(old_group);
  copy();
  const std::int64_t lost_group = creator.create_group("lost group");
  member.join_group(old_group);
  EXPECT_EQ(creator.client.push(202).at("groupid"), old_group);
  fail_over();

  EXPECT_TRUE(wait_until(
      [&] { return occurrences(cluster->node(0).log(), "event=groups_lost") == 2; }, kAgreesWithin))
      << cluster->node(0).log();
  const Json created =
      request_patiently(other.client, create_group_request(other.account, "new group"));
  ASSERT_EQ(created.at("groupid"), lost_group);
  for (const std::int64_t group : {lost_group, old_group}) other.group_chat(group, "for members");
  const Json message = creator.client.push(10);
  EXPECT_EQ(message.at("groupid"), old_group) << message;
  expect_no_push(creator);
  expect_no_push(member);
  // Members again, from here on.
  member.join_group(old_group);
  creator.join_group(lost_group);
  for (const std::int64_t group : {lost_group, old_group}) other.group_chat(group, "welcome");
  EXPECT_EQ(member.client.push(10).at("msg"), "welcome");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(creator.client.push(10).at("msg"), "welcome");
}

// Read-only connections stay with the old server for a moment and see old data.
TEST_F(ClusterFailover, FailoverWithoutLostRowsDisturbsNobody) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const Account carol = account("carol");
  RawClient client(port(0));
  const std::int64_t group = alice.create_group("group");
  mariadb().query("SET GLOBAL read_only = 1");
  copy();
  redirect();
  // Once the new server is used.
  ASSERT_EQ(request_patiently(client, login_request(carol)).at("errno"), 0);
  ASSERT_EQ(request_patiently(bob.client, join_group_request(bob.account, group)).at("errno"), 0);
  expect_in_logs("event=database_changed");
  const auto began = Clock::now();
  while (Clock::now() - began < kLooksTake) {
    for (RawClient* one : {&alice.client, &bob.client, &client}) {
      expect_alive(*one);
      one->take_in(milliseconds{100});
    }
  }
  alice.group_chat(group, "still here");
  EXPECT_EQ(bob.client.push(10).at("msg"), "still here");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(occurrences(cluster->node(i).log(), "s_lost "), 0) << cluster->node(i).log();
  }
}

}  // namespace
}  // namespace chat::test
