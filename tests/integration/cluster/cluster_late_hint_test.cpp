// Hints on the bus may arrive late: a network can delay the bytes of a closed connection until
// newer ones of other connections and servers have arrived.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cluster_fixture.h"
#include "support/redis_tap.h"

namespace chat::test {
namespace {

constexpr int kReceipt = 203;

class LateHints : public WithCluster {
 protected:
  void SetUp() override {
    WithCluster::SetUp();
    if (!IsSkipped()) tap = std::make_unique<RedisTap>(cluster->redis().socket());
  }

  // Publishes everything since the last call again, newest first.
  void deliver_late() {
    auto messages = tap->take();
    std::reverse(messages.begin(), messages.end());
    for (const RedisTap::Message& message : messages) tap->publish(message);
  }
  void befriend(User& watcher, const User& watched) {
    watcher.client.request(add_friend_request(watcher.account, watched.id()));
  }
  // Waits for that PRESENCE. The previous state may be pushed again.
  static void expect_becomes(User& watcher, std::int64_t id, const std::string& state) {
    for (;;) {
      const Json push = watcher.client.push(kPresence);
      if (push.at("id") == id && push.at("state") == state) return;
    }
  }
  // The pushes of that kind to `user`, until a newer change has arrived from the other server.
  std::vector<Json> pushes_until_changed(User& user, int msgid, User& marker) {
    marker.log_out();
    std::vector<Json> pushes;
    for (;;) {
      const Json push = user.client.push();
      if (push.at("msgid") == msgid) pushes.push_back(push);
      if (push.at("msgid") == kPresence && push.at("id") == marker.id()) return pushes;
    }
  }

  std::unique_ptr<RedisTap> tap;
};

TEST_F(LateHints, PresenceComesFromTheTable) {
  User watcher = user_on(1, "watcher");
  watcher.client.keep_presence();
  User comes = user_on(0, "comes");
  User goes = user_on(0, "goes");
  User marker = user_on(0, "marker");
  for (const User* user : {&comes, &goes, &marker}) befriend(watcher, *user);
  (void)tap->take();
  comes.log_out();
  expect_becomes(watcher, comes.id(), "offline");
  comes = log_in_on(0, comes.account);
  expect_becomes(watcher, comes.id(), "online");
  goes.log_out();
  expect_becomes(watcher, goes.id(), "offline");
  goes = log_in_on(0, goes.account);
  expect_becomes(watcher, goes.id(), "online");
  goes.log_out();
  expect_becomes(watcher, goes.id(), "offline");
  deliver_late();
  for (const Json& push : pushes_until_changed(watcher, kPresence, marker)) {
    const std::string now = push.at("id") == comes.id() ? "online" : "offline";
    EXPECT_EQ(push.at("state"), now);
  }
}

TEST_F(LateHints, ReceiptsNeverDecrease) {
  User sender = user_on(1, "sender", acking());
  sender.client.keep_presence();
  User recipient = user_on(0, "recipient", acking());
  User marker = user_on(0, "marker");
  befriend(sender, marker);
  (void)tap->take();
  for (std::int64_t seq = 1; seq <= 3; ++seq) {
    sender.chat(recipient.id(), "text");
    recipient.client.push(6);
    recipient.client.send(delivered_request(sender.id(), seq));
    EXPECT_EQ(sender.client.push(kReceipt).at("seq"), seq);
  }
  deliver_late();
  for (const Json& push : pushes_until_changed(sender, kReceipt, marker)) {
    EXPECT_EQ(push.at("seq"), 3);
  }
}

// Messages, takeovers and their answers, the end of an account.
TEST_F(LateHints, SessionsAndMessagesAreUnaffected) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  bob.client.keep_presence();
  User gone = user_on(0, "gone");
  User marker = user_on(0, "marker");
  for (const User* user : {&gone, &marker}) befriend(bob, *user);
  const std::int64_t group = bob.create_group("group");
  alice.join_group(group);
  (void)tap->take();
  for (const std::size_t node : {1U, 0U}) {
    User moved = log_in_on(node, alice.account, taking_over());
    alice.client.receive_to_end();
    alice = std::move(moved);
    alice.chat(bob.id(), "text");
    alice.group_chat(group, "text");
    EXPECT_EQ(bob.client.push(6).at("msg"), "text");
    EXPECT_EQ(bob.client.push(10).at("msg"), "text");
  }
  gone.client.request({{"msgid", 27}, {"password", gone.account.password}});
  expect_becomes(bob, gone.id(), "offline");
  deliver_late();
  EXPECT_TRUE(pushes_until_changed(bob, 6, marker).empty());
  alice.chat(bob.id(), "next");
  EXPECT_EQ(bob.client.push().at("msg"), "next");
  for (User* user : {&alice, &bob}) expect_alive(user->client);
}

}  // namespace
}  // namespace chat::test
