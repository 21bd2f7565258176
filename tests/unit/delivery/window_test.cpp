#include "delivery/push/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "delivery_fixture.h"

namespace chat::delivery {
namespace {

using test::wait_until;
using Seqs = std::vector<Seq>;

class WindowTest : public DeliveryTest {
 protected:
  void store_later(Seq first, Seq last, UnixMillis sent_at) {
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = first; seq <= last; ++seq) {
      rows.push_back(message(seq, "later"));
      rows.back().sent_at = sent_at;
    }
    ASSERT_TRUE(send(rows));
  }
  void offer_later(Seq seq, UnixMillis sent_at) {
    Push offered = push(seq, "later");
    offered.sent_at = sent_at;
    rig_.in_loop([&] { window()->offer(offered); });
  }
  void notice(Seq head) {
    rig_.in_loop([&] { window()->notice({StreamKey::from(bob_), 0, head}); });
  }
};

TEST_F(WindowTest, PushesTheNextAndDropsRepeats) {
  log_in();
  store(1, 3);
  offer(1);
  offer(2);
  offer(1);
  offer(2);
  offer(3);
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
}

TEST_F(WindowTest, GapIsReadFromTheTable) {
  log_in();
  store(1, 5);
  offer(1);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
}

// The database has lost rows 3 to 5, and new messages got their seqs.
TEST_F(WindowTest, MessageWithAReusedSeqIsNotARepeat) {
  log_in();
  store(1, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
  ASSERT_TRUE(connection_->execute("DELETE FROM directmessage WHERE seq >= 3"));
  for (const Seq seq : {3, 4}) {
    storage::DirectMessage later = message(seq, "later");
    later.sent_at = 2;
    ASSERT_TRUE(send(std::vector<storage::DirectMessage>{later}));
    Push offered = push(seq, "later");
    offered.sent_at = 2;
    for (int repeat = 0; repeat < 2; ++repeat) {
      rig_.in_loop([&] { window()->offer(offered); });
    }
  }
  EXPECT_EQ(received(), (Seqs{3, 4}));
}

// The second of the new messages is stored after the page was read, and offered before it arrives.
TEST_F(WindowTest, MessageWithAReusedSeqIsNotMissedByAPageBeforeIt) {
  log_in();
  store(1, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
  ASSERT_TRUE(connection_->execute("DELETE FROM directmessage WHERE seq >= 3"));
  store_later(3, 3, 2);
  rig_.in_loop([&] {
    Push third = push(3, "later");
    third.sent_at = 2;
    window()->offer(third);
    finish_reads();
    store_later(4, 4, 2);
    Push fourth = push(4, "later");
    fourth.sent_at = 2;
    window()->offer(fourth);
  });
  EXPECT_EQ(received(), (Seqs{3, 4}));
}

// The bus has lost the first of the new messages.
TEST_F(WindowTest, NewMessagesWithReusedSeqsAreRead) {
  log_in();
  store(1, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
  ASSERT_TRUE(connection_->execute("DELETE FROM directmessage WHERE seq >= 3"));
  store_later(3, 5, 2);
  offer_later(5, 2);
  EXPECT_EQ(received(), (Seqs{3, 4, 5}));
}

// Nothing was pushed; the times of the lost messages were read at login.
TEST_F(WindowTest, ReusedSeqIsDetectedBeforeTheFirstPush) {
  store(1, 5);
  advance(5);
  log_in();
  ASSERT_TRUE(connection_->execute("DELETE FROM directmessage WHERE seq >= 3"));
  store_later(3, 4, 2);
  offer_later(4, 2);
  EXPECT_EQ(received(), (Seqs{3, 4}));
}

TEST_F(WindowTest, LossIsDetectedByTheHead) {
  log_in(true);
  store(1, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
  ASSERT_TRUE(connection_->execute("DELETE FROM directmessage WHERE seq >= 4"));
  notice(3);
  EXPECT_EQ(received(), Seqs{});
  EXPECT_FALSE(rig_.in_loop([&] { return window()->acknowledge(StreamKey::from(bob_), 5); }));
  EXPECT_TRUE(rig_.in_loop([&] { return window()->acknowledge(StreamKey::from(bob_), 3); }));
  // Its time is the same, and so tells nothing.
  store(4, 4);
  offer(4);
  EXPECT_EQ(received(), Seqs{4});
}

// It was read before the last messages were pushed.
TEST_F(WindowTest, StaleHeadIsNotALoss) {
  log_in(true);
  store(1, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 3, 4, 5}));
  for (int repeat = 0; repeat < 2; ++repeat) {
    rig_.in_loop([&] {
      window()->notice({StreamKey::from(bob_), 0, 3});
      window()->offer(push(4));
    });
  }
  EXPECT_TRUE(rig_.in_loop([&] { return window()->acknowledge(StreamKey::from(bob_), 5); }));
  EXPECT_EQ(received(), Seqs{});
  store(6, 6);
  offer(6);
  EXPECT_EQ(received(), Seqs{6});
}

// The cursor was written to the table of a database that had lost the messages.
TEST_F(WindowTest, PositionPastTheHeadHidesNothing) {
  store(1, 2);
  advance(5);
  log_in();
  store(3, 3);
  offer(3);
  EXPECT_EQ(received(), Seqs{3});
}

TEST_F(WindowTest, HoldsPushesUntilTheLoginIsAnswered) {
  attach();
  store(1, 2);
  offer(1);
  event("{\"seq\":100}");
  settle();
  say("{\"seq\":0}");  // the answer to the login
  release();
  EXPECT_EQ(received(), (Seqs{0, 100, 1, 2}));
}

TEST_F(WindowTest, MessagesInTheLoginReplyAreNotPushedAgain) {
  attach();
  store(1, 4);
  release({push(1), push(2)});
  EXPECT_EQ(received(), (Seqs{3, 4}));
  EXPECT_TRUE(is_written("SELECT delivered_seq FROM directcursor", 4));
}

TEST_F(WindowTest, BeginsAtTheDeliveredPosition) {
  store(1, 4);
  advance(3);
  log_in();
  EXPECT_EQ(received(), Seqs{4});
}

// The page was read before the message was committed, and arrives after it was offered.
TEST_F(WindowTest, MessageDuringACatchUpIsNotLost) {
  log_in();
  store(1, 2);
  rig_.in_loop([this] {
    window()->offer(push(2));  // a gap: asks for a page
    finish_reads();
    store(3, 3);
    window()->offer(push(3));
  });
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
}

TEST_F(WindowTest, HoleInTheTableIsSkipped) {
  log_in();
  store(1, 2);
  store(4, 5);
  offer(5);
  EXPECT_EQ(received(), (Seqs{1, 2, 4, 5}));
}

TEST_F(WindowTest, OwnGroupMessagesAdvanceUnsent) {
  const GroupId group = add_group("group", alice_);
  log_in(false, {group});
  const StreamKey stream = StreamKey::of(group);
  for (Seq seq = 1; seq <= 4; ++seq) {
    const UserId sender = seq % 2 == 1 ? alice_ : bob_;
    ASSERT_TRUE(send(std::vector<storage::GroupMessage>{
        {group, seq, sender, "g" + std::to_string(seq), 1, "text"}}));
    rig_.in_loop([&] {
      loop_delivery_.offer_to_group(group, Push{stream, seq, sender, 1, json(seq)});
    });
  }
  EXPECT_EQ(received(), (Seqs{2, 4}));
  EXPECT_TRUE(is_written(
      "SELECT delivered_seq FROM groupuser WHERE userid = " + std::to_string(alice_.value), 4));
}

TEST_F(WindowTest, JoinBeginsAtTheStreamsPosition) {
  const GroupId group = add_group("group", bob_);
  log_in();
  std::vector<storage::GroupMessage> rows;
  for (Seq seq = 1; seq <= 3; ++seq) {
    rows.push_back({group, seq, bob_, "g" + std::to_string(seq), 1, "text"});
  }
  ASSERT_TRUE(send(rows));
  add_member(group, alice_);
  // Committed between the join and its arrival in the loop, and never offered.
  ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 4, bob_, "g4", 1, "text"}}));
  rig_.in_loop([&] { window()->join(group, 3); });
  EXPECT_EQ(received(), Seqs{4});
  rig_.in_loop([&] {
    loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), 5, bob_, 1, json(5)});
  });
  EXPECT_EQ(received(), Seqs{5});
}

// Another node's clock may be far ahead: its message from before the join is no sign that the
// database has lost rows.
TEST_F(WindowTest, MessageFromBeforeAJoinMayBeLaterThanThisClock) {
  const GroupId group = add_group("group", bob_);
  log_in();
  const UnixMillis ahead = base::system_clock().unix_millis() + 3'600'000;
  for (Seq seq = 1; seq <= 3; ++seq) {
    ASSERT_TRUE(send(std::vector<storage::GroupMessage>{
        {group, seq, bob_, "g" + std::to_string(seq), ahead, "text"}}));
  }
  add_member(group, alice_);
  rig_.in_loop([&] {
    window()->join(group, 3);
    loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), 3, bob_, ahead, json(3)});
  });
  EXPECT_EQ(received(), Seqs{});
  rig_.in_loop([&] {
    loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), 4, bob_, ahead, json(4)});
  });
  EXPECT_EQ(received(), Seqs{4});
}

// Messages and the event that removes the user may arrive in any order, live or from the table.
TEST_F(WindowTest, NothingPastTheEndOfAMembershipIsPushed) {
  const GroupId group = add_group("group", bob_);
  add_member(group, alice_);
  log_in();
  rig_.in_loop([&] { window()->join(group, 0); });
  const StreamKey stream = StreamKey::of(group);
  const auto offer = [&](Seq seq, UserId ended) {
    rig_.in_loop([&] {
      loop_delivery_.offer_to_group(group, Push{stream, seq, bob_, 1, json(seq), true, ended});
    });
  };
  offer(1, {});
  offer(2, UserId{77});
  offer(3, alice_);
  offer(4, {});
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
  rig_.in_loop([&] { window()->notice({stream, 0, 5}); });
  EXPECT_EQ(received(), Seqs{}) << "the table predates the end";
}

// The server does not know whether a join was committed; it only reads the stream's position from
// the table.
TEST_F(WindowTest, UnknownGroupBecomesLiveByNotice) {
  const GroupId noticed = add_group("noticed", bob_);
  const GroupId synced = add_group("synced", bob_);
  log_in();
  for (const GroupId group : {noticed, synced}) {
    std::vector<storage::GroupMessage> rows;
    for (Seq seq = 1; seq <= 3; ++seq) {
      rows.push_back({group, seq, bob_, "g" + std::to_string(seq), 1, "text"});
    }
    ASSERT_TRUE(send(rows));
    add_member(group, alice_);
    ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 4, bob_, "g4", 1, "text"}}));
  }
  rig_.in_loop([&] { window()->notice({StreamKey::of(noticed), 3, 4}); });
  EXPECT_EQ(received(), Seqs{4});
  rig_.in_loop([&] { window()->rewind({StreamKey::of(synced), 3, 4}, std::nullopt); });
  EXPECT_EQ(received(), Seqs{4});
  rig_.in_loop([&] {
    for (const GroupId group : {noticed, synced}) {
      loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), 5, bob_, 1, json(5)});
    }
  });
  EXPECT_EQ(received(), (Seqs{5, 5}));
}

// One pass may have been answered by a server that was being replaced.
TEST_F(WindowTest, GroupMissingTwiceIsLeft) {
  const GroupId lost = add_group("lost", bob_);
  const GroupId kept = add_group("kept", bob_);
  log_in();
  for (const GroupId group : {lost, kept}) {
    add_member(group, alice_);
    rig_.in_loop([&] { window()->join(group, 0); });
  }
  const auto look = [&](const std::vector<GroupId>& groups, base::SteadyTime began) {
    rig_.in_loop([&] { window()->keep_groups(groups, began); });
  };
  const auto offer_to = [&](GroupId group, Seq seq) {
    rig_.in_loop([&] {
      loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), seq, bob_, 1, json(seq)});
    });
  };
  const auto before = std::chrono::steady_clock::now();
  look({kept}, before);
  offer_to(lost, 1);
  EXPECT_EQ(received(), Seqs{1});
  look({lost, kept}, std::chrono::steady_clock::now());
  look({kept}, std::chrono::steady_clock::now());
  look({kept}, before);  // began before the doubt
  offer_to(lost, 2);
  EXPECT_EQ(received(), Seqs{2});
  look({kept}, std::chrono::steady_clock::now());
  offer_to(lost, 3);
  offer_to(kept, 1);
  EXPECT_EQ(received(), Seqs{1});
}

TEST_F(WindowTest, JoiningAgainChangesNothing) {
  const GroupId group = add_group("group", bob_);
  log_in();
  add_member(group, alice_);
  rig_.in_loop([&] { window()->join(group, 0); });
  ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 1, bob_, "g1", 1, "text"}}));
  rig_.in_loop([&] {
    loop_delivery_.offer_to_group(group, Push{StreamKey::of(group), 1, bob_, 1, json(1)});
    window()->join(group, 0);
  });
  EXPECT_EQ(received(), Seqs{1});
  EXPECT_TRUE(is_written(
      "SELECT delivered_seq FROM groupuser WHERE userid = " + std::to_string(alice_.value), 1));
}

// A bus that confirms subscriptions only when told to.
class SlowBus final : public cluster::Bus {
 public:
  void set_cluster(std::string) override {}
  Result<void> start(cluster::BusListener&) override { return {}; }
  void stop() override {}
  void subscribe(std::vector<cluster::Channel>, base::Task heard) override {
    asked_.push_back(std::move(heard));
  }
  void unsubscribe(std::vector<cluster::Channel>) override {}
  void publish(std::vector<cluster::BusMessage>) override {}
  bool alone() const override { return false; }
  bool up() const override { return true; }
  std::uint64_t losses() const override { return 0; }
  std::string describe() const override { return "slow"; }

  void confirm() {
    for (base::Task& heard : std::exchange(asked_, {})) heard();
  }

 private:
  std::vector<base::Task> asked_;
};

// Another member of this loop has subscribed the group, but that is not confirmed yet, and a
// message published meanwhile by another node is lost.
TEST_F(WindowTest, SecondMemberChecksAgainOnceSubscribed) {
  const GroupId group = add_group("group", bob_);
  SlowBus bus;
  LoopDelivery loop(backlog_, writeback_, bus, rig_.workers());
  auto other = rig_.connect();
  rig_.in_loop([&] {
    loop.attach(*other.session, bob_, false, {group}, [] {});
    loop.attach(*pair_.session, alice_, false, {}, [] {});
    bus.confirm();
    window()->release({}, {});
    Window::of(*other.session)->release({{StreamKey::of(group)}}, {});
  });
  add_member(group, alice_);
  rig_.in_loop([&] { window()->join(group, 0); });
  EXPECT_EQ(received(), Seqs{});
  ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 1, bob_, "g1", 1, "text"}}));
  rig_.in_loop([&] { bus.confirm(); });
  EXPECT_EQ(received(), Seqs{1});
  rig_.in_loop([&] {
    for (auto* session : {pair_.session.get(), other.session.get()}) {
      loop.detach(*session, [] {});
    }
  });
  rig_.in_loop([] { return 0; });
}

// The page that the join asks for predates a message of another node, which was published before
// the group was subscribed.
TEST_F(WindowTest, SubscriptionDuringAReadIsFollowedByAnotherRead) {
  const GroupId group = add_group("group", bob_);
  SlowBus bus;
  LoopDelivery loop(backlog_, writeback_, bus, rig_.workers());
  rig_.in_loop([&] {
    loop.attach(*pair_.session, alice_, false, {}, [] {});
    bus.confirm();
    window()->release({}, {});
  });
  settle();
  add_member(group, alice_);
  rig_.in_loop([&] {
    std::promise<void> read;
    ASSERT_TRUE(rig_.workers().try_post([&read] { read.get_future().wait(); }));
    window()->join(group, 0);
    bus.confirm();
    read.set_value();
    finish_reads();
    ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group, 1, bob_, "g1", 1, "text"}}));
  });
  EXPECT_EQ(received(), Seqs{1});
  rig_.in_loop([&] { loop.detach(*pair_.session, [] {}); });
  rig_.in_loop([] { return 0; });
}

TEST_F(WindowTest, WrittenMessagesCountAsDelivered) {
  log_in();
  store(1, 3);
  rig_.in_loop([this] {
    window()->offer(push(1));
    EXPECT_TRUE(window()->take_moves().empty());  // queued only
    window()->offer(push(2));
    pair_.session->socket().flush();
    const auto moves = window()->take_moves();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].delivered, 2);
    EXPECT_EQ(moves[0].sender, bob_);
    EXPECT_TRUE(window()->take_moves().empty());
  });
}

TEST_F(WindowTest, AcknowledgingClientDecidesWhatIsDelivered) {
  log_in(true);
  store(1, 3);
  offer(1);
  offer(2);
  EXPECT_EQ(received(), (Seqs{1, 2}));
  rig_.in_loop([this] {
    EXPECT_TRUE(window()->take_moves().empty());
    EXPECT_FALSE(window()->acknowledge(StreamKey::from(bob_), 3));
    EXPECT_FALSE(window()->acknowledge(StreamKey::from(UserId{99}), 1));
    EXPECT_TRUE(window()->acknowledge(StreamKey::from(bob_), 2));
    EXPECT_TRUE(window()->acknowledge(StreamKey::from(bob_), 1));
    const auto moves = window()->take_moves();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].delivered, 2);
  });
}

TEST_F(WindowTest, FailedCatchUpIsRetriedAtTheTick) {
  log_in();
  store(1, 3);
  run("ALTER TABLE directmessage RENAME TO away");
  offer(3);
  settle();
  run("ALTER TABLE away RENAME TO directmessage");
  rig_.in_loop([this] { loop_delivery_.tick(); });
  EXPECT_EQ(received(), (Seqs{1, 2, 3}));
}

TEST_F(WindowTest, SlowReaderFallsBehindAndGetsEverythingWhenItReads) {
  log_in();
  const std::string body(3000, 'x');
  constexpr Seq kLast = 1000;
  store(1, kLast, body);
  for (Seq seq = 1; seq <= kLast; ++seq) offer(seq, body);
  rig_.in_loop([this] {
    EXPECT_TRUE(pair_.session->socket().pushes_wait());
    EXPECT_LT(pair_.session->socket().queued_total(), 1024U * 1024U);
  });
  for (Seq seq = 1; seq <= kLast; ++seq) {
    ASSERT_EQ(next_seq(), seq);
  }
  EXPECT_TRUE(received().empty());
  EXPECT_TRUE(is_written("SELECT delivered_seq FROM directcursor", kLast));
}

// Objects that wait for their turn are finished; all others must still be rows of the table.
TEST_F(WindowTest, ClassicClientHasFewObjectsWaitingAndGetsTheRestAsItIsByThen) {
  pair_.peer->send(std::string_view("{\"msgid\":21}\0", 13));
  ASSERT_TRUE(wait_until([this] { return pair_.session->classic(); }));
  log_in();
  constexpr Seq kLast = 100;  // takes 3 s
  constexpr std::size_t kMostWaiting = 16;
  std::vector<storage::DirectMessage> rows;
  for (Seq seq = 1; seq <= kLast; ++seq) rows.push_back(message(seq, std::to_string(seq)));
  ASSERT_TRUE(send(rows));
  for (Seq seq = 1; seq <= kLast; ++seq) offer(seq, std::to_string(seq));
  settle();
  rig_.in_loop([&] {
    const auto& socket = pair_.session->socket();
    EXPECT_LE(socket.queued_total() - socket.written_total(),
              kMostWaiting * push(kLast).json->size());
  });
  run(test::on_mysql() ? "UPDATE directmessage SET body = CONCAT('-', body)"
                       : "UPDATE directmessage SET body = '-' || body");
  bool changed = false;
  for (Seq seq = 1; seq <= kLast; ++seq) {
    const auto object = pair_.peer->line('\0');
    ASSERT_TRUE(object) << seq;
    const std::string text = nlohmann::json::parse(*object).at("msg");
    ASSERT_EQ(std::abs(std::stoll(text)), seq);
    changed = text.starts_with("-");
  }
  EXPECT_TRUE(changed);
  EXPECT_TRUE(is_written("SELECT delivered_seq FROM directcursor", kLast));
}

// The client may be gone; it gets the rest when it returns.
TEST_F(WindowTest, NothingIsPushedAfterAHangUp) {
  log_in();
  store(1, 1);
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  for (int worker = 0; worker < 2; ++worker) {
    ASSERT_TRUE(rig_.workers().try_post([opened] { opened.wait(); }));
  }
  pair_.peer->finish();
  EXPECT_TRUE(wait_until([this] {
    bool wait = false;
    rig_.in_loop([&] { wait = pair_.session->socket().pushes_wait(); });
    return wait;
  }));
  offer(1);
  gate.set_value();
  EXPECT_TRUE(pair_.peer->at_end());
}

TEST_F(WindowTest, DetachWritesTheCursors) {
  log_in();
  store(1, 2);
  offer(1);
  offer(2);
  detach();
  rig_.in_loop([this] { EXPECT_EQ(window(), nullptr); });
  detach();  // nothing is left: it ends at once
  EXPECT_TRUE(wait_until([this] { return number("SELECT delivered_seq FROM directcursor") == 2; }));
}

// Messages still being written at logout are received, so they must not be repeated.
TEST_F(WindowTest, DetachWaitsForPushedOutput) {
  log_in();
  store(1, 1);
  bool finished = false;
  rig_.in_loop([&] {
    pair_.session->socket().send("{\"seq\":0,\"x\":\"" + std::string(250 * 1024, 'x') + "\"}");
    window()->offer(push(1));
    loop_delivery_.detach(*pair_.session, [&finished] { finished = true; });
  });
  rig_.in_loop([&] { EXPECT_FALSE(finished) << "the client has not read it"; });
  EXPECT_EQ(received(), (Seqs{0, 1}));
  EXPECT_TRUE(wait_until([&] { return rig_.in_loop([&] { return finished; }); }));
  EXPECT_TRUE(wait_until([this] { return number("SELECT delivered_seq FROM directcursor") == 1; }));
}

TEST_F(WindowTest, PageOfAnEarlierLoginIsDropped) {
  log_in();
  store(1, 2);
  rig_.in_loop([this] {
    window()->offer(push(2));
    loop_delivery_.detach(
        *pair_.session, [this] { loop_delivery_.attach(*pair_.session, bob_, false, {}, [] {}); });
  });
  settle();
  EXPECT_TRUE(received().empty());
}

// Messages are committed, then offered on time, late, twice or never, while pages are read at any
// time: each arrives exactly once, in order.
TEST_F(WindowTest, RandomisedOffersYieldEachSeqOnceInOrder) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    SetUpPair();
    std::minstd_rand random(seed);
    advance(head_);
    log_in();
    const Seq first = head_ + 1;
    const std::string body(random() % 3000, 'x');
    for (int step = 0; step < 80; ++step) {
      const Seq from = head_ + 1;
      store(from, from + static_cast<Seq>(random() % 4), body);
      const Seq count = static_cast<Seq>(random() % 6);
      rig_.loops().post(0, [this, count, body, head = head_, salt = random()] {
        std::minstd_rand inner(static_cast<unsigned>(salt));
        for (Seq i = 0; i < count; ++i) {
          const Seq back = static_cast<Seq>(inner() % 8);
          if (head - back >= 1) window()->offer(push(head - back, body));
        }
      });
      if (random() % 10 == 0) settle();
    }
    offer(head_, body);
    for (Seq seq = first; seq <= head_; ++seq) ASSERT_EQ(next_seq(), seq) << "seed " << seed;
    ASSERT_TRUE(received().empty());
  }
}

}  // namespace
}  // namespace chat::delivery
