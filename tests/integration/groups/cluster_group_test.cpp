// Changes of a group bind on every node, whatever the bus does.
#include <string>

#include "integration/cluster/cluster_fixture.h"

namespace chat::test {
namespace {

constexpr milliseconds kWithoutBus{10'000};

enum class BusState { kUp, kDown };

// alice, the creator, is on node 0; bob is on node 1.
class ClusterGroup : public WithCluster, public ::testing::WithParamInterface<BusState> {
 protected:
  ClusterGroup() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  void SetUp() override {
    WithCluster::SetUp();
    if (IsSkipped()) return;
    alice = std::make_unique<User>(user_on(0, "alice"));
    bob = std::make_unique<User>(user_on(1, "bob"));
    group = alice->create_group("club");
    if (GetParam() == BusState::kDown) {
      for (std::size_t node : {0U, 1U}) {
        cluster->links(node).redis.refuse(true);
        cluster->links(node).redis.reset_all();
      }
    }
  }

  Json ok(User& user, const Json& request) { return request_ok(user.client, request); }
  std::int64_t number(const std::string& sql) { return cluster->storage().number(sql); }
  Json remove_bob() const { return {{"msgid", 41}, {"groupid", group}, {"userid", bob->id()}}; }
  // The next event row, within the time that a cluster without a bus needs.
  static Json notice_soon(User& user) {
    Json found;
    EXPECT_TRUE(wait_until(
        [&] {
          try {
            found = user.client.notice();
          } catch (const TimedOut&) {
            return false;
          }
          return true;
        },
        kWithoutBus));
    return found;
  }

  std::unique_ptr<User> alice;
  std::unique_ptr<User> bob;
  std::int64_t group = 0;
};
INSTANTIATE_TEST_SUITE_P(Bus, ClusterGroup, ::testing::Values(BusState::kUp, BusState::kDown),
                         [](const auto& way) {
                           return std::string(way.param == BusState::kUp ? "Up" : "Down");
                         });

TEST_P(ClusterGroup, NothingOfARemovedMemberIsStoredAfterItsRemoval) {
  constexpr int kMessages = 300;
  bob->join_group(group);
  for (int i = 0; i < kMessages; ++i) {
    bob->client.send(
        group_chat_request(bob->account, group, std::to_string(i), "c" + std::to_string(i)));
    if (i == kMessages / 3) alice->client.send(remove_bob());
  }
  expect_ok(alice->client.reply(remove_bob()), 141);
  int stored = 0;
  for (int i = 0; i < kMessages; ++i) {
    const Json request =
        group_chat_request(bob->account, group, std::to_string(i), "c" + std::to_string(i));
    if (bob->client.reply(request).at("errno") == 0) ++stored;
  }
  const auto event = number("SELECT seq FROM groupmessage WHERE kind = 'notice' AND ref = " +
                            std::to_string(bob->id()));
  ASSERT_GT(event, 0);
  const std::string of_bob =
      " FROM groupmessage WHERE kind IS NULL AND sender = " + std::to_string(bob->id());
  EXPECT_EQ(number("SELECT COUNT(*)" + of_bob), stored);
  EXPECT_EQ(number("SELECT COUNT(*)" + of_bob + " AND seq > " + std::to_string(event)), 0);
  Json last = notice_soon(*bob);
  while (last.value("event", "") != "removed") last = notice_soon(*bob);
  alice->group_chat(group, "among ourselves");
  bob->client.expect_no_push_for(milliseconds{500});
}

TEST_P(ClusterGroup, MemberLetInOnAnotherNodeIsLive) {
  ok(*alice, {{"msgid", 44}, {"groupid", group}, {"joining", "approval"}});
  EXPECT_EQ(ok(*bob, join_group_request(bob->account, group)).value("pending", false), true);
  ok(*alice, {{"msgid", 45}, {"groupid", group}, {"userid", bob->id()}, {"accept", true}});
  EXPECT_EQ(notice_soon(*bob).value("event", ""), "joined");
  alice->group_chat(group, "welcome");
  EXPECT_TRUE(wait_until(
      [&] {
        bob->client.take_in(milliseconds{50});
        return bob->client.waiting() > 0 && bob->client.push().value("msg", "") == "welcome";
      },
      kWithoutBus));
}

}  // namespace
}  // namespace chat::test
