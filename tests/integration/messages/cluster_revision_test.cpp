// RECALL and EDIT between servers: at the same moment, after a lost answer to the COMMIT, after a
// repetition, and without the bus.
#include <string>
#include <vector>

#include "integration/database/lost_answer_fixture.h"
#include "integration/messages/revision_fixture.h"

namespace chat::test {
namespace {

constexpr const char* kSecret = "the-text-nobody-may-find";

class ClusterRevision : public WithLostAnswers {
 protected:
  static Json ok(User& user, const Json& request) { return request_ok(user.client, request); }
  std::int64_t rows_with(const std::string& text) { return number(count_rows_with(text)); }
  static std::vector<Json> pushes(User& user, int msgid, std::size_t count) {
    std::vector<Json> all;
    while (all.size() < count) all.push_back(user.client.push(msgid));
    return all;
  }
};

// Each server has the stream cached when an event, or the other server, takes the next seq.
TEST_F(ClusterRevision, EachServersJournalGoesOnAfterAnEvent) {
  User bob = user_on(1, "bob");
  const Account who = account("alice");
  std::int64_t seq = 0;
  for (const std::size_t node : {0U, 1U, 0U, 1U}) {
    User alice = log_in_on(node, who, taking_over());
    const Json sent = alice.chat(bob.id(), kSecret);
    EXPECT_EQ(sent.at("seq"), ++seq);
    EXPECT_EQ(ok(alice, edit_of(sent, std::string(kSecret) + "!")).at("seq"), ++seq);
    EXPECT_EQ(alice.chat(bob.id(), "between").at("seq"), ++seq);
    EXPECT_EQ(ok(alice, recall_of(sent)).at("seq"), ++seq);
    EXPECT_EQ(alice.chat(bob.id(), "after").at("seq"), ++seq);
  }
  expect_consecutive(pushes(bob, 6, static_cast<std::size_t>(seq)));
  EXPECT_EQ(rows_with(kSecret), 0);
  expect_no_push(bob);
}

TEST_F(ClusterRevision, RecallAndEditAtOnceLeaveTheTextErased) {
  constexpr int kRounds = 20;
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  User carol = user_on(1, "carol");
  const std::int64_t group = alice.create_group("club");
  for (User* member : {&bob, &carol}) member->join_group(group);
  for (int round = 0; round < kRounds; ++round) {
    const Json sent = bob.group_chat(group, "text");
    const Json edit = edit_of(sent, kSecret);
    alice.client.send(recall_of(sent));
    bob.client.send(edit);
    expect_ok(alice.client.reply(recall_of(sent)), 150);
    const Json edited = bob.client.reply(edit);
    const bool both = edited.at("errno") == 0;
    EXPECT_TRUE(both || edited.at("error") == "not_allowed") << edited;
    EXPECT_EQ(rows_with(kSecret), 0) << "round " << round;
    const std::size_t events = both ? 3 : 2;
    EXPECT_EQ(pushes(carol, 10, events).back().at("kind"), "recall");
  }
}

TEST_F(ClusterRevision, RecalledTwiceAtOnceIsOneEvent) {
  constexpr int kRounds = 20;
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  for (int round = 0; round < kRounds; ++round) {
    const Json request = recall_of(bob.group_chat(group, "text"));
    alice.client.send(request);
    bob.client.send(request);
    const Json one = alice.client.reply(request);
    const Json other = bob.client.reply(request);
    expect_ok(one, 150);
    EXPECT_EQ(one, other);
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupmessage WHERE kind = 'recall'"), kRounds);
}

TEST_F(ClusterRevision, RepetitionOnAnotherServerGetsTheFirstSeq) {
  User bob = user_on(1, "bob");
  const Account who = account("alice");
  User alice = log_in_on(0, who);
  const std::int64_t group = alice.create_group("club");
  const Json direct = alice.chat(bob.id(), kSecret, "c1");
  const Json edited = alice.chat(bob.id(), "frist", "c2");
  const Json in_group = alice.group_chat(group, kSecret, "g1");
  for (const Json& sent : {direct, in_group}) ok(alice, recall_of(sent));
  ok(alice, edit_of(edited, "first"));
  for (const std::size_t node : {1U, 0U}) {
    alice = log_in_on(node, who, taking_over());
    EXPECT_EQ(alice.chat(bob.id(), kSecret, "c1").at("seq"), direct.at("seq"));
    EXPECT_EQ(alice.chat(bob.id(), "frist", "c2").at("seq"), edited.at("seq"));
    EXPECT_EQ(alice.group_chat(group, kSecret, "g1").at("seq"), in_group.at("seq"));
  }
  EXPECT_EQ(rows_with(kSecret) + rows_with("frist"), 0);
  EXPECT_EQ(alice.chat(bob.id(), "next").at("seq"), 5);
}

TEST_F(ClusterRevision, ArrivesWithoutTheBus) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const Json sent = alice.chat(bob.id(), "text");
  bob.client.push(6);
  for (const std::size_t node : {0U, 1U}) {
    cluster->links(node).redis.refuse(true);
    cluster->links(node).redis.reset_all();
  }
  ok(alice, recall_of(sent));
  ASSERT_TRUE(wait_until(
      [&] {
        bob.client.take_in(milliseconds{50});
        return bob.client.waiting() > 0;
      },
      milliseconds{10'000}));
  EXPECT_EQ(bob.client.push(6).at("kind"), "recall");
}

class LostRevision : public LostAnswer {
 protected:
  // Writes once, answers with the event, and the other gets it once.
  void expect_once(User& actor, User& other, const Json& request) {
    const bool direct = request.contains("toid");
    const std::string table = direct ? "directmessage" : "groupmessage";
    const std::string events =
        "SELECT COUNT(*) FROM " + table + " WHERE kind = 'recall' OR kind = 'edit'";
    const std::int64_t before = number(events);
    lose("UPDATE " + table + " SET body");
    const Json reply = request_ok(actor.client, request);
    expect_lost();
    EXPECT_EQ(number(events), before + 1);
    const Json push = other.client.push(direct ? 6 : 10);
    EXPECT_EQ(push.at("seq"), reply.at("seq"));
    EXPECT_EQ(push.at("ref"), request.at("seq"));
    EXPECT_EQ(request_ok(actor.client, request), reply);
  }
};
INSTANTIATE_TEST_SUITE_P(AllWays, LostRevision, ::testing::ValuesIn(ways()), way_name);

TEST_P(LostRevision, OfADirectMessageIsDoneOnceAndTold) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const Json sent = alice.chat(bob.id(), "text");
  bob.client.push(6);
  expect_once(alice, bob, edit_of(sent, "edited"));
  expect_once(alice, bob, recall_of(sent));
  EXPECT_EQ(alice.chat(bob.id(), "next").at("seq"), 4);
  EXPECT_EQ(bob.client.push(6).at("seq"), 4);
  expect_no_push(bob);
}

TEST_P(LostRevision, OfAGroupMessageIsDoneOnceAndTold) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const std::int64_t group = alice.create_group("club");
  bob.join_group(group);
  const Json sent = alice.group_chat(group, "text");
  bob.client.push(10);
  expect_once(alice, bob, edit_of(sent, "edited"));
  expect_once(alice, bob, recall_of(sent));
  alice.group_chat(group, "next");
  EXPECT_EQ(bob.client.push(10).at("msg"), "next");
}

class RevisionInAnOutage : public LostInAnOutage {};

TEST_F(RevisionInAnOutage, IsToldAfterwards) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  const Json sent = alice.chat(bob.id(), "text");
  bob.client.push(6);
  lose_and_cut_off("UPDATE directmessage SET body");
  expect_unavailable(alice.client, recall_of(sent));
  end_outage();
  EXPECT_EQ(bob.client.push(6).at("kind"), "recall");
  EXPECT_EQ(request_patiently(alice.client, recall_of(sent)).at("seq"), 2);
  EXPECT_EQ(number("SELECT COUNT(*) FROM directmessage"), 2);
}

}  // namespace
}  // namespace chat::test
