// A block binds on all servers, whatever becomes of Redis.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "integration/cluster/cluster_fixture.h"
#include "integration/people/contact_requests.h"

namespace chat::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Sends chats one after the other, each after the answer to the one before, until one is refused.
// Threading: a thread of its own; the results after stop().
class FullSpeedSender {
 public:
  FullSpeedSender(User& from, std::int64_t to) : thread_([this, &from, to] { run(from, to); }) {}
  ~FullSpeedSender() { stop(); }

  bool wait_for_refusal() {
    return wait_until([this] { return refused_.load(); }, milliseconds{10'000});
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::int64_t sent() const { return sent_; }
  const Json& refusal() const { return refusal_; }
  SteadyClock::time_point last_stored() const { return last_stored_; }

 private:
  void run(User& from, std::int64_t to) {
    while (!stopping_) {
      const Json reply = from.client.request(chat_request(from.account, to, "again"));
      if (reply.at("errno") != 0) {
        refusal_ = reply;
        refused_ = true;
        return;
      }
      last_stored_ = SteadyClock::now();
      ++sent_;
    }
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> refused_ = false;
  std::atomic<std::int64_t> sent_ = 0;
  Json refusal_;
  SteadyClock::time_point last_stored_;
  std::thread thread_;
};

class ClusterBlock : public WithCluster {
 protected:
  explicit ClusterBlock(Wiring wiring = Wiring::kDirect) : WithCluster(2, {}, wiring) {}

  // What the design promises, with the time that the test machine may lose.
  static constexpr milliseconds kBinds{500};

  void SetUp() override {
    WithCluster::SetUp();
    if (IsSkipped()) return;
    alice.emplace(user_on(1, "alice"));
    bob.emplace(user_on(0, "bob"));
  }
  // Waits until Alice sees Bob so. The previous state may be pushed again.
  void expect_becomes(const std::string& state) {
    while (alice->client.push(kPresence).at("state") != state) {
    }
  }
  std::int64_t stored() {
    return cluster->storage().number("SELECT COALESCE(MAX(seq), 0) FROM directmessage");
  }
  // Bob, on node 0, blocks Alice, who sends on node 1 as fast as she can.
  void expect_block_to_bind() {
    FullSpeedSender sender(*alice, bob->id());
    ASSERT_TRUE(wait_until([&] { return sender.sent() > 20; }));
    request_ok(bob->client, block_request(alice->id()));
    const auto acknowledged = SteadyClock::now();
    ASSERT_TRUE(sender.wait_for_refusal());
    sender.stop();
    EXPECT_EQ(sender.refusal().at("errno"), 22) << sender.refusal();
    EXPECT_EQ(sender.refusal().at("errmsg"), kNotAccepted);
    EXPECT_LT(sender.last_stored() - acknowledged, scaled(kBinds));
    const std::int64_t last = stored();
    for (int i = 0; i < 20; ++i) expect_chat_refused(*alice, bob->id(), kNotAccepted);
    EXPECT_EQ(stored(), last);
  }

  std::optional<User> alice;  // on node 1
  std::optional<User> bob;    // on node 0
};

TEST_F(ClusterBlock, BindsASenderAtFullSpeedOnAnotherServer) {
  expect_block_to_bind();
}

TEST_F(ClusterBlock, BindsASenderAtFullSpeedWithoutRedis) {
  cluster->redis().kill9();
  expect_block_to_bind();
}

// The link of one server delivers nothing, in either direction, without an error.
class ClusterBlockOverStalledLink : public ClusterBlock,
                                    public ::testing::WithParamInterface<std::size_t> {
 protected:
  ClusterBlockOverStalledLink() : ClusterBlock(Wiring::kOwnLinks) {}
};
INSTANTIATE_TEST_SUITE_P(OfNode, ClusterBlockOverStalledLink, ::testing::Values(0U, 1U));

TEST_P(ClusterBlockOverStalledLink, BindsASenderAtFullSpeed) {
  FaultProxy& redis = cluster->links(GetParam()).redis;
  for (const auto way : {FaultProxy::Way::kToServer, FaultProxy::Way::kToClient}) {
    redis.blackhole(way, true);
  }
  const auto began = SteadyClock::now();
  expect_block_to_bind();
  EXPECT_LT(SteadyClock::now() - began, scaled(milliseconds{10'000}));
}

TEST_F(ClusterBlock, RemovalIsToldOnAnotherServerBeforeTheNextFriendship) {
  request_ok(alice->client, ask_request(bob->id()));
  request_ok(bob->client, ask_request(alice->id()));
  EXPECT_EQ(alice->client.push(kContactPush).at("event"), "added");
  request_ok(bob->client, remove_request(alice->id()));
  request_ok(bob->client, ask_request(alice->id()));
  EXPECT_EQ(alice->client.push(kContactPush).at("event"), "removed");
  EXPECT_EQ(alice->client.push(kContactPush).at("event"), "added");
  EXPECT_FALSE(lists_friend(*alice, bob->id()));
}

TEST_F(ClusterBlock, EndsOnAnotherServer) {
  request_ok(bob->client, block_request(alice->id()));
  alice->client.request(chat_request(alice->account, bob->id(), "refused, now or in a moment"));
  request_ok(bob->client, block_request(alice->id(), false));
  const Json request = chat_request(alice->account, bob->id(), "hello");
  EXPECT_TRUE(wait_until([&] { return alice->client.request(request).at("errno") == 0; }));
}

TEST_F(ClusterBlock, BlockerLooksOfflineOnAnotherServer) {
  request_ok(alice->client, ask_request(bob->id()));
  alice->client.keep_presence();
  request_ok(bob->client, block_request(alice->id()));
  expect_becomes("offline");
  request_ok(bob->client, block_request(alice->id(), false));
  expect_becomes("online");
}

TEST_F(ClusterBlock, ContactPushesReachTheOtherServer) {
  set_policy(cluster->storage(), bob->id(), "who_may_add", "approval");
  request_ok(alice->client, ask_request(bob->id(), "hi"));
  EXPECT_EQ(bob->client.push(kContactPush).at("text"), "hi");
  request_ok(bob->client, answer_request(alice->id(), true));
  expect_contact(*alice, *bob, "accepted");
  request_ok(alice->client, remove_request(bob->id()));
  expect_contact(*bob, *alice, "removed");
}

// Through the database; the users on both servers hear of each other.
TEST_F(ClusterBlock, ContactPushesReachTheOtherServerWithoutRedis) {
  set_policy(cluster->storage(), bob->id(), "who_may_add", "approval");
  cluster->redis().kill9();
  request_ok(alice->client, ask_request(bob->id(), "hi"));
  const auto hears = [](User& user, const std::string& event) {
    return wait_until(
        [&] {
          try {
            return user.client.push(kContactPush).at("event") == event;
          } catch (const TimedOut&) {
            return false;
          }
        },
        milliseconds{20'000});
  };
  EXPECT_TRUE(hears(*bob, "request"));
  request_ok(bob->client, answer_request(alice->id(), true));
  EXPECT_TRUE(hears(*alice, "accepted"));
  request_ok(alice->client, remove_request(bob->id()));
  EXPECT_TRUE(hears(*bob, "removed"));
}

}  // namespace
}  // namespace chat::test
