#include "delivery/events/hint_relay.h"

#include <gtest/gtest.h>

#include <atomic>

#include "chat/base/mutex.h"
#include "chat/cluster/local_bus.h"
#include "support/eventually.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

class Listener final : public HintListener {
 public:
  Result<void> on_hints(const std::vector<Hint>& hints) override {
    base::MutexLock lock(mutex_);
    if (fails.exchange(false)) return fail(ErrorCode::kUnavailable, "not now");
    hints_.insert(hints_.end(), hints.begin(), hints.end());
    return {};
  }
  std::vector<Hint> hints() const {
    base::MutexLock lock(mutex_);
    return hints_;
  }
  std::atomic<bool> fails = false;

 private:
  mutable base::Mutex mutex_;
  std::vector<Hint> hints_ CHAT_GUARDED_BY(mutex_);
};

// A node with one other node, which treats the bus as impaired after a gap.
struct RelayNode {
  RelayNode(storage::Database& database, cluster::LocalHub& hub, storage::Node self,
            storage::Node another)
      : other(another), pool(database, {}, base::system_clock()), bus(hub) {
    see_rows();
    relay.start(self, listener);
  }
  ~RelayNode() { relay.stop(); }
  // The database can be read. Repeat it in tests that take seconds.
  void see_rows() { health.nodes_seen({{other, 1, false, false, "", ""}}); }
  void impair() {
    health.note_gap();
    health.tick();
  }

  const storage::Node other;
  storage::Pool pool;
  cluster::LocalBus bus;
  BusHealth health{bus, base::system_clock(), [](bool) {}};
  Listener listener;
  HintRelay relay{pool, health};
};

class HintRelayTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    storage::StorageTest::SetUp();
    here = std::make_unique<RelayNode>(database_, hub, kHere, kThere);
    there = std::make_unique<RelayNode>(database_, hub, kThere, kHere);
  }
  void TearDown() override {
    here.reset();
    there.reset();
  }

  static constexpr storage::Node kHere{NodeId{1}, 3};
  static constexpr storage::Node kThere{NodeId{2}, 7};
  cluster::LocalHub hub;
  std::unique_ptr<RelayNode> here;
  std::unique_ptr<RelayNode> there;
};

const Hint kCame{Hint::Kind::kPresence, 7, 0};
const Hint kMoved{Hint::Kind::kDirectCursor, 2'147'483'647, 8};
const Hint kGroupHint{Hint::Kind::kGroupCursors, 9, 0};

// Includes earlier hints, because an impaired bus is not noticed at once.
TEST_F(HintRelayTest, CarriesHintsWhileTheBusIsImpaired) {
  here->relay.note(kCame);
  here->relay.note(kMoved);
  here->impair();
  there->impair();
  ASSERT_TRUE(test::eventually([&] { return there->listener.hints().size() == 2; }));
  here->relay.note(kGroupHint);
  here->relay.note(kCame);
  ASSERT_TRUE(test::eventually([&] { return there->listener.hints().size() == 4; }));
  EXPECT_EQ(there->listener.hints(), (std::vector<Hint>{kCame, kMoved, kGroupHint, kCame}));
  EXPECT_TRUE(here->listener.hints().empty()) << "its own";
}

TEST_F(HintRelayTest, CarriesPushes) {
  const Hint to_user{Hint::Kind::kUserEvent, 7, 0, R"({"msgid":201,"name":"a b\n"})", 1LL << 60};
  const Hint to_group{Hint::Kind::kGroupEvent, 9, 7, R"({"msgid":202})", 1};
  here->relay.note(to_user);
  here->relay.note(to_group);
  here->impair();
  there->impair();
  ASSERT_TRUE(test::eventually([&] { return there->listener.hints().size() == 2; }));
  EXPECT_EQ(there->listener.hints(), (std::vector<Hint>{to_user, to_group}));
}

TEST_F(HintRelayTest, PushIsAcceptedOnce) {
  const Hint event{Hint::Kind::kUserEvent, 7, 0, R"({"msgid":201})"};
  Hint to_another = event;
  to_another.id = 8;
  EXPECT_TRUE(here->relay.take(event));
  EXPECT_FALSE(here->relay.take(event));
  EXPECT_TRUE(here->relay.take(to_another));
  Hint again = event;
  again.mark = 1;
  EXPECT_TRUE(here->relay.take(again));
}

// A server that starts later would take them for new ones.
TEST_F(HintRelayTest, OldHintsAreErased) {
  const auto bytes = [this] {
    here->see_rows();
    return number("SELECT COALESCE(SUM(LENGTH(hints)), 0) FROM nodehint WHERE node_id = 1");
  };
  here->relay.note({Hint::Kind::kAnnouncement, 0, 0, R"({"msgid":207})", 1});
  here->impair();
  ASSERT_TRUE(test::eventually([&] { return bytes() > 0; }));
  EXPECT_TRUE(test::eventually([&] { return bytes() == 0; }));
  there->impair();
  there->relay.note(kCame);
  ASSERT_TRUE(test::eventually([&] { return here->listener.hints().size() == 1; }));
  EXPECT_TRUE(there->listener.hints().empty());
}

TEST_F(HintRelayTest, BoundsTheBytesOfPushes) {
  constexpr std::size_t kBytes = HintRelay::kPushBytesMax / 2;
  for (std::int32_t id = 1; id <= 3; ++id) {
    here->relay.note({Hint::Kind::kUserEvent, id, 0, std::string(kBytes, 'x')});
  }
  here->relay.note(kCame);
  here->impair();
  there->impair();
  ASSERT_TRUE(test::eventually([&] { return there->listener.hints().size() == 3; }));
  EXPECT_EQ(there->listener.hints().back(), kCame);
}

TEST(HintRetention, KeepsHintsForAWhile) {
  const HintRetention retention;
  const HintRetention::Time noted{std::chrono::hours{1}};
  EXPECT_FALSE(retention.is_over(noted, noted + HintRetention::kKept));
  EXPECT_TRUE(retention.is_over(noted, noted + HintRetention::kKept + std::chrono::seconds{1}));
}

TEST(HintRetention, DropsNothingDuringAndShortlyAfterAnOutage) {
  HintRetention retention;
  const HintRetention::Time noted{std::chrono::hours{1}};
  HintRetention::Time now = noted;
  for (; now < noted + std::chrono::seconds{60}; now += std::chrono::seconds{1}) {
    retention.note_outage(now);
    EXPECT_FALSE(retention.is_over(noted, now));
  }
  EXPECT_FALSE(retention.is_over(noted, now + std::chrono::seconds{8}));
  EXPECT_TRUE(retention.is_over(noted, now + std::chrono::seconds{10}));
}

TEST_F(HintRelayTest, RepeatsHintsThatTheListenerRefused) {
  there->listener.fails = true;
  here->relay.note(kCame);
  here->impair();
  there->impair();
  ASSERT_TRUE(test::eventually([&] { return there->listener.hints().size() == 1; }));
  EXPECT_FALSE(there->listener.fails);
}

}  // namespace
}  // namespace chat::delivery
