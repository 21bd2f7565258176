// One account and several servers: one session at a time, whichever node it is on.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <string>

#include "cluster_fixture.h"
#include "support/figure.h"

namespace chat::test {
namespace {

constexpr milliseconds kTakeoverPromise{2'000};

class OneSession : public WithCluster {
 protected:
  static void expect_taken_over(User& old_session) {
    const auto words = old_session.client.receive_to_end();
    ASSERT_EQ(words.size(), 1U);
    EXPECT_EQ(words[0].at("msgid"), 204);
    EXPECT_EQ(words[0].at("reason"), "taken_over");
    EXPECT_EQ(words[0].at("reconnect_after_ms"), -1);
  }
  // The user's node according to the table.
  std::int64_t online_on(std::size_t node, std::int64_t user) {
    return cluster->storage().number(
        "SELECT count(*) FROM user JOIN node ON node.id = user.node_id AND node.epoch ="
        " user.node_epoch WHERE user.id = " +
        std::to_string(user) + " AND state = 'online' AND node.name = 'node-" +
        std::to_string(node + 1) + "'");
  }
};

TEST_F(OneSession, SecondLoginOnTheOtherNodeIsRefused) {
  User alice = user_on(0, "alice");
  RawClient other(port(1));
  for (int i = 0; i < 3; ++i) {
    expect_refused(other, login_request(alice.account), errors::kAlreadyOnline);
  }
  expect_no_push(alice);
  alice.log_out();
  request_ok(other, login_request(alice.account));
  RawClient back(port(0));
  expect_refused(back, login_request(alice.account), errors::kAlreadyOnline);
}

// The refused login must not hide the user from the node that refuses it.
TEST_F(OneSession, RefusedLoginsElsewhereDelayNoMessage) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  std::atomic<bool> stopping = false;
  auto intruder = std::async(std::launch::async, [&] {
    RawClient client(port(0));
    while (!stopping) client.request(login_request(bob.account));
  });
  for (int i = 1; i <= 200 && !HasFailure(); ++i) {
    alice.chat(bob.id(), std::to_string(i));
    try {
      EXPECT_EQ(bob.client.push(6).at("seq"), i);
    } catch (const std::exception& error) {
      ADD_FAILURE() << "message " << i << ": " << error.what();
    }
  }
  stopping = true;
  intruder.get();
}

TEST_F(OneSession, TakeoverOnTheOtherNodeClosesTheOlderWithBye) {
  User witness = user_on(0, "witness");
  User session = user_on(0, "alice");
  milliseconds slowest{0};
  for (int i = 0; i < 20; ++i) {
    const bool by_token = i % 2 == 1;
    const std::size_t node = i % 2 == 0 ? 1 : 0;
    const auto begin = std::chrono::steady_clock::now();
    User newer{session.account, RawClient(port(node)), {}};
    newer.welcome =
        request_ok(newer.client, by_token ? token_login(session.welcome)
                                          : login_request(session.account, taking_over()));
    EXPECT_EQ(newer.welcome.at("node"), "node-" + std::to_string(node + 1));
    newer.chat(witness.id(), "from the new one");
    EXPECT_EQ(witness.client.push(6).at("msg"), "from the new one");
    witness.chat(newer.id(), std::to_string(i));
    EXPECT_EQ(newer.client.push(6).at("msg"), std::to_string(i));
    expect_taken_over(session);
    const auto took = std::chrono::steady_clock::now() - begin;
    slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(took));
    EXPECT_LT(took, scaled(kTakeoverPromise));
    EXPECT_EQ(online_on(node, newer.id()), 1);
    session = std::move(newer);
  }
  figure("slowest takeover", slowest);
}

// The older session does not close at once; messages sent on its node meanwhile must not be lost.
TEST_F(OneSession, TakeoverFromASlowReaderDelaysNoMessage) {
  const Account bob = account("bob");
  User alice = user_on(0, "alice");
  RawClient stuck(port(0), RawClient::Options{Wire::kText, "127.0.0.1", 4096});
  stuck.send(login_request(bob));
  const std::string text(4000, 'x');
  constexpr int kFill = 300;
  for (int i = 0; i < kFill; ++i) alice.client.send(chat_request(alice.account, bob.id, text));
  for (int i = 0; i < kFill; ++i) expect_ok(alice.client.receive(), 106);
  User newer = log_in_on(1, bob, taking_over());
  std::int64_t seq = 0;
  while (seq < kFill) seq = collect_messages(newer, 1).back().at("seq");
  alice.chat(bob.id, "after the takeover");
  EXPECT_EQ(collect_messages(newer, 1).back().at("msg"), "after the takeover");
}

TEST_F(OneSession, LoginElsewhereRightAfterLogoutGetsPendingMessages) {
  const Account bob = account("bob");
  User alice = user_on(0, "alice");
  for (int i = 1; i <= 20; ++i) {
    User session = log_in_on(static_cast<std::size_t>(i % 2), bob);
    session.log_out();
    alice.chat(bob.id, std::to_string(i));
    User other = log_in_on(static_cast<std::size_t>((i + 1) % 2), bob);
    ASSERT_EQ(other.welcome.at("offlinemsg").size(), 1U);
    EXPECT_EQ(other.welcome["offlinemsg"][0].at("seq"), i);
    other.log_out();
  }
}

// A user who moves between nodes by logout, by disconnecting and by takeover.
class Mover {
 public:
  Mover(Cluster& cluster, Account account)
      : cluster_(cluster), account_(std::move(account)), user_(log_in_now()) {
    inbox.take_offline(user_.welcome);
  }
  void move() {
    if (moves_ % 3 == 0) leave();
    if (moves_ % 3 == 1) user_.client.close();
    ++moves_;
    User newer = log_in_now();
    inbox.take_offline(newer.welcome);
    user_ = std::move(newer);
  }
  // Receives until the stream has reached this seq.
  void read_to(const Stream& stream, std::int64_t seq) {
    while (inbox.last(stream) < seq) take(user_.client.push(6));
  }
  void acknowledge(const Stream& stream) {
    user_.client.send(delivered_request(stream.second, inbox.last(stream)));
  }
  int moves() const { return moves_; }
  User& user() { return user_; }

  Inbox inbox;

 private:
  User log_in_now() {
    const Json how = {{"ack", true}, {"takeover", moves_ % 3 != 1}};
    return log_in(cluster_.port(static_cast<std::size_t>(moves_ % 2)), account_, Wire::kText, how);
  }
  void take(const Json& push) { inbox.take(push); }
  void leave() {
    request_ok(user_.client, logout_request(account_));
    while (user_.client.waiting() > 0) take(user_.client.push(6));
  }

  Cluster& cluster_;
  const Account account_;
  int moves_ = 0;
  User user_;
};

constexpr int kMoves = 50;

TEST_F(OneSession, MovingBetweenNodesLosesNothing) {
  User sender = user_on(0, "sender");
  const Stream stream{false, sender.id()};
  Mover mover(*cluster, account("mover"));
  std::atomic<bool> stopping = false;
  std::atomic<std::int64_t> acknowledged = 0;
  auto sending = std::async(std::launch::async, [&, to = mover.user().id()] {
    for (int i = 1; !stopping; ++i) {
      sender.chat(to, "message " + std::to_string(i));
      acknowledged = i;
    }
  });
  try {
    while (mover.moves() < kMoves) {
      mover.read_to(stream, acknowledged + 3);
      if (mover.moves() % 4 != 0) mover.acknowledge(stream);
      mover.move();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << "after " << mover.moves() << " moves: " << error.what();
  }
  stopping = true;
  sending.get();
  mover.read_to(stream, acknowledged);
  expect_no_push(mover.user());
  EXPECT_EQ(mover.inbox.count(), acknowledged);
}

// No later message reveals the gap.
TEST_F(OneSession, SingleMessageDuringAMoveArrives) {
  std::array<User, 2> senders{user_on(0, "sender 0"), user_on(1, "sender 1")};
  Mover mover(*cluster, account("mover"));
  std::array<std::int64_t, 2> sent{};
  const std::int64_t to = mover.user().id();
  for (int i = 0; i < 2 * kMoves && !HasFailure(); ++i) {
    const auto side = static_cast<std::size_t>(i / 2 % 2);
    const Stream stream{false, senders[side].id()};
    auto sending = std::async(std::launch::async,
                              [&] { senders[side].chat(to, std::to_string(++sent[side])); });
    ASSERT_NO_THROW(mover.move()) << "move " << i;
    sending.get();
    ASSERT_NO_THROW(mover.read_to(stream, sent[side])) << "lost at move " << i;
    mover.acknowledge(stream);
  }
}

TEST_F(OneSession, SimultaneousLoginsOnTwoNodesHaveExactlyOneWinner) {
  const Account alice = account("alice");
  std::array<RawClient, 2> clients{RawClient(port(0)), RawClient(port(1))};
  std::array<int, 2> wins{};
  const Json request = login_request(alice);
  for (unsigned round = 0; round < 500; ++round) {
    for (std::size_t i : {round % 2, 1 - round % 2}) clients[i].send(request);
    int winners = 0;
    std::size_t winner = 0;
    for (std::size_t i : {0U, 1U}) {
      const Json reply = clients[i].reply(request);
      if (reply.at("errno") != 0) {
        expect_error(reply, 2, errors::kAlreadyOnline);
        continue;
      }
      ++winners;
      winner = i;
    }
    ASSERT_EQ(winners, 1) << "round " << round;
    ++wins[winner];
    request_ok(clients[winner], logout_request(alice));
  }
  RecordProperty("wins_of_the_first", wins[0]);
}

// One of two simultaneous takeovers, as its client sees it.
struct Contender {
  std::unique_ptr<RawClient> client;
  bool in = false;

  void take_answer(const Json& request) {
    const Json reply = client->reply(request);
    in = reply.at("errno") == 0;
    if (!in) expect_error(reply, 2, errors::kAlreadyOnline);
  }
  bool lives() {
    if (in && !client->ended()) client->take_in(milliseconds{1});
    return in && !client->ended();
  }
};

TEST_F(OneSession, SimultaneousTakeoversLeaveExactlyOneSession) {
  const Account alice = account("alice");
  const Json request = login_request(alice, taking_over());
  std::array<Contender, 2> contenders;
  for (unsigned round = 0; round < 100; ++round) {
    // New connections, because a refused login may still be evicted.
    for (std::size_t i : {0U, 1U}) contenders[i].client = std::make_unique<RawClient>(port(i));
    for (std::size_t i : {round % 2, 1 - round % 2}) contenders[i].client->send(request);
    for (Contender& one : contenders) one.take_answer(request);
    ASSERT_TRUE(contenders[0].in || contenders[1].in) << "round " << round;
    ASSERT_TRUE(wait_until([&] { return !contenders[0].lives() || !contenders[1].lives(); }))
        << "two sessions live in round " << round;
    const std::size_t survivor = contenders[0].lives() ? 0 : 1;
    Contender& last = contenders[survivor];
    Contender& other = contenders[1 - survivor];
    if (other.in) {
      EXPECT_EQ(other.client->push(204).at("reason"), "taken_over");
    }
    ASSERT_EQ(online_on(survivor, alice.id), 1) << "round " << round;
    request_ok(*last.client, chat_request(alice, alice.id, std::to_string(round)));
    EXPECT_EQ(last.client->push(6).at("msg"), std::to_string(round));
    request_ok(*last.client, logout_request(alice));
  }
}

}  // namespace
}  // namespace chat::test
