// Mentions and typing over several servers.
#include <string>

#include "integration/cluster/cluster_fixture.h"

namespace chat::test {
namespace {

// alice, the creator, is on node 0; bob, an admin, on node 1.
class ClusterMarks : public WithCluster {
 protected:
  ClusterMarks() : WithCluster(2, {}, Wiring::kOwnLinks) {}

  void SetUp() override {
    WithCluster::SetUp();
    if (IsSkipped()) return;
    alice = std::make_unique<User>(user_on(0, "alice", acking()));
    bob = std::make_unique<User>(user_on(1, "bob", acking()));
    group = alice->create_group("club");
    bob->join_group(group);
    request_ok(alice->client,
               {{"msgid", 42}, {"groupid", group}, {"userid", bob->id()}, {"role", "admin"}});
  }
  Json in_group(const User& from, const Json& more) const {
    Json request = group_chat_request(from.account, group, "text");
    request.update(more);
    return request;
  }
  static Json typing(const Json& where) {
    Json request = {{"msgid", 52}, {"on", true}};
    request.update(where);
    return request;
  }

  std::unique_ptr<User> alice;
  std::unique_ptr<User> bob;
  std::int64_t group = 0;
};

TEST_F(ClusterMarks, ServersAgreeOnTheMinuteOfMentioningEverybody) {
  request_ok(alice->client, in_group(*alice, {{"at_all", true}}));
  EXPECT_EQ(bob->client.push(10).at("at_all"), true);
  expect_refused(bob->client, in_group(*bob, {{"at_all", true}}), errors::kRateLimited);
}

TEST_F(ClusterMarks, ReplyAndMentionReachTheOtherServer) {
  const Json seq = alice->group_chat(group, "question").at("seq");
  request_ok(bob->client, in_group(*bob, {{"reply", seq}, {"at", {alice->id()}}}));
  const Json push = alice->client.push(10);
  EXPECT_EQ(push.at("reply"), seq);
  EXPECT_EQ(push.at("at"), Json{alice->id()});
}

TEST_F(ClusterMarks, CidIsComparedWithItsMarksOnEveryServer) {
  bob->chat(alice->id(), "question");
  Json request = chat_request(alice->account, bob->id(), "answer", "c");
  request["reply"] = {{"id", bob->id()}, {"seq", 1}};
  const Json first = request_ok(alice->client, request);
  User again = log_in_on(1, alice->account, taking_over());
  EXPECT_EQ(request_ok(again.client, request).at("seq"), first.at("seq"));
  request.erase("reply");
  expect_error(again.client.request(request), 106, errors::kConflict);
}

TEST_F(ClusterMarks, TypingReachesTheOtherServer) {
  alice->client.send(typing({{"toid", bob->id()}}));
  EXPECT_EQ(bob->client.push(205),
            (Json{{"msgid", 205}, {"id", alice->id()}, {"toid", bob->id()}, {"on", true}}));
  alice->client.send(typing({{"groupid", group}}));
  EXPECT_EQ(bob->client.push(205),
            (Json{{"msgid", 205}, {"id", alice->id()}, {"groupid", group}, {"on", true}}));
}

TEST_F(ClusterMarks, BlockStopsTypingFromTheOtherServerAtOnce) {
  request_ok(bob->client, {{"msgid", 34}, {"userid", alice->id()}, {"blocked", true}});
  expect_refused(alice->client, typing({{"toid", bob->id()}}), errors::kNotAllowed);
}

// Until its server notices that Redis is down, a TYPING is lost; so it is sent repeatedly.
TEST_F(ClusterMarks, TypingGoesThroughTheDatabaseWhileRedisIsDown) {
  for (std::size_t node : {0U, 1U}) {
    cluster->links(node).redis.refuse(true);
    cluster->links(node).redis.reset_all();
  }
  EXPECT_TRUE(wait_until(
      [&] {
        alice->client.send(typing({{"toid", bob->id()}}));
        try {
          return bob->client.push(205).at("id") == alice->id();
        } catch (const TimedOut&) {
          return false;
        }
      },
      milliseconds{30'000}));
}

}  // namespace
}  // namespace chat::test
