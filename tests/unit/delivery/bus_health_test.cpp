#include "delivery/events/bus_health.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"

namespace chat::delivery {
namespace {

using std::chrono::milliseconds;

constexpr storage::Node kHere{NodeId{1}, 5};
constexpr storage::Node kThere{NodeId{2}, 8};

class FakeBus final : public cluster::Bus {
 public:
  void set_cluster(std::string) override {}
  Result<void> start(cluster::BusListener&) override { return {}; }
  void stop() override {}
  void subscribe(std::vector<cluster::Channel>, base::Task) override {}
  void unsubscribe(std::vector<cluster::Channel>) override {}
  void publish(std::vector<cluster::BusMessage> messages) override {
    for (auto& message : messages) published.push_back(std::move(message));
  }
  bool alone() const override { return false; }
  bool up() const override { return is_up; }
  std::uint64_t losses() const override { return lost; }
  std::string describe() const override { return "fake"; }

  std::vector<cluster::BusMessage> published;
  bool is_up = true;
  std::uint64_t lost = 0;
};

// The other node's row changes and its beats arrive, unless a test changes that.
class BusHealthTest : public ::testing::Test {
 protected:
  BusHealthTest() {
    health.start(kHere);
    clock.advance(BusHealth::kHold);
    look();
    pass(BusHealth::kBeatInterval);
  }

  void look() { health.nodes_seen({{kThere, 1, false, other_is_mute, "", ""}}); }
  void beat() { health.heard({kThere.id, kThere.epoch, ++beats}); }
  void pass(milliseconds time, bool heard = true) {
    for (milliseconds passed{0}; passed < time; passed += BusHealth::kTick) {
      clock.advance(BusHealth::kTick);
      if (passed % BusHealth::kBeatInterval == milliseconds{0}) {
        look();
        if (heard) beat();
      }
      health.tick();
    }
  }

  test::FakeClock clock;
  FakeBus bus;
  bool says_mute = false;
  BusHealth health{bus, clock, [this](bool mute) { says_mute = mute; }};
  std::int64_t beats = 0;
  bool other_is_mute = false;
};

TEST_F(BusHealthTest, IsHealthyWhileAllNodesAreHeard) {
  pass(milliseconds{60'000});
  EXPECT_FALSE(health.impaired());
  EXPECT_FALSE(says_mute);
}

TEST_F(BusHealthTest, PublishesANumberedBeatEachSecond) {
  bus.published.clear();
  pass(milliseconds{10'000});
  ASSERT_EQ(bus.published.size(), 10U);
  const auto first = decode(bus.published.front().payload);
  const auto last = decode(bus.published.back().payload);
  ASSERT_TRUE(first && last);
  EXPECT_EQ(bus.published.front().channel, cluster::kChannelOfAll);
  const auto& beat = std::get<BeatEnvelope>(*first);
  EXPECT_EQ(beat.node, kHere.id);
  EXPECT_EQ(beat.epoch, kHere.epoch);
  EXPECT_EQ(std::get<BeatEnvelope>(*last).number, beat.number + 9);
}

TEST_F(BusHealthTest, LiveNodeWithoutBeatsImpairsTheBus) {
  pass(BusHealth::kUnheardAfter + 2 * BusHealth::kTick, false);
  EXPECT_TRUE(health.impaired());
  EXPECT_TRUE(says_mute);
  pass(milliseconds{20'000}, false);
  EXPECT_TRUE(health.impaired());
  pass(BusHealth::kHold + BusHealth::kBeatInterval);
  EXPECT_FALSE(health.impaired());
  EXPECT_FALSE(says_mute);
}

TEST_F(BusHealthTest, BeatOfAnEarlierLifeDoesNotCount) {
  for (int i = 0; i < 5; ++i) {
    pass(BusHealth::kBeatInterval, false);
    health.heard({kThere.id, kThere.epoch - 1, 1'000 + i});
  }
  EXPECT_TRUE(health.impaired());
}

TEST_F(BusHealthTest, IgnoresTheEndOfOtherLives) {
  health.note_ended({kThere.id, kHere.epoch});
  health.note_ended({kHere.id, kHere.epoch - 1});
  EXPECT_FALSE(health.take_ended());
  health.note_ended({kHere.id, kHere.epoch});
  EXPECT_TRUE(health.take_ended());
  EXPECT_FALSE(health.take_ended());
}

TEST_F(BusHealthTest, BeatOfItsOwnLaterLifeProvesItsEnd) {
  health.heard({kHere.id, kHere.epoch, 7});
  EXPECT_FALSE(health.take_ended());
  health.heard({kHere.id, kHere.epoch + 1, 1});
  EXPECT_TRUE(health.take_ended());
  health.heard({kHere.id, kHere.epoch + 1, 2});
  EXPECT_TRUE(health.take_ended());
}

TEST_F(BusHealthTest, EveryBeatOfAnEndedLifeIsAnswered) {
  const storage::Node third{NodeId{3}, 4};
  health.life_ended(third);
  pass(milliseconds{400'000});
  for (const storage::Node& over : {storage::Node{kHere.id, kHere.epoch - 1},
                                    storage::Node{kThere.id, kThere.epoch - 2}, third}) {
    bus.published.clear();
    for (int number = 1; number <= 3; ++number) {
      health.heard({over.id, over.epoch, number});
      ASSERT_EQ(bus.published.size(), static_cast<std::size_t>(number));
      const auto told = decode(bus.published.back().payload);
      ASSERT_TRUE(told);
      EXPECT_EQ(std::get<EndedEnvelope>(*told).node, over.id);
      EXPECT_EQ(std::get<EndedEnvelope>(*told).epoch, over.epoch);
    }
  }
  EXPECT_FALSE(health.take_ended());
}

TEST_F(BusHealthTest, BeatsOfACurrentLifeAreNotAnswered) {
  health.life_ended({kThere.id, kThere.epoch - 1});
  health.life_ended({NodeId{3}, 4});
  bus.published.clear();
  beat();
  health.heard({NodeId{3}, 6, 1});
  health.heard({NodeId{4}, 1, 1});
  EXPECT_TRUE(bus.published.empty());
}

TEST_F(BusHealthTest, SkippedBeatNumberImpairsTheBus) {
  ++beats;
  beat();
  health.tick();
  EXPECT_TRUE(health.impaired());
  EXPECT_TRUE(says_mute);
}

TEST_F(BusHealthTest, ARepeatedBeatIsNoGap) {
  health.heard({kThere.id, kThere.epoch, beats});
  health.tick();
  EXPECT_FALSE(health.impaired());
}

TEST_F(BusHealthTest, EndedNodeNeedsNoBeats) {
  health.nodes_seen({});
  for (int i = 0; i < 100; ++i) {
    clock.advance(BusHealth::kTick);
    health.tick();
  }
  EXPECT_FALSE(health.impaired());
}

TEST_F(BusHealthTest, NewNodeHasTimeForItsFirstBeat) {
  const storage::Node third{NodeId{3}, 1};
  health.nodes_seen({{kThere, 1, false, false, "", ""}, {third, 1, false, false, "", ""}});
  health.tick();
  EXPECT_FALSE(health.impaired());
}

TEST_F(BusHealthTest, ShortFaultIsReportedForAWhile) {
  ++bus.lost;
  health.tick();
  EXPECT_TRUE(health.impaired());
  pass(BusHealth::kHold - 2 * BusHealth::kTick);
  EXPECT_TRUE(says_mute);
  pass(3 * BusHealth::kTick);
  EXPECT_FALSE(says_mute);
  EXPECT_FALSE(health.impaired());
}

TEST_F(BusHealthTest, DownBusOrGapImpairsTheBus) {
  bus.is_up = false;
  health.tick();
  EXPECT_TRUE(says_mute);
  bus.is_up = true;
  pass(BusHealth::kHold + BusHealth::kTick);
  EXPECT_FALSE(says_mute);
  health.note_gap();
  health.tick();
  EXPECT_TRUE(says_mute);
}

// Otherwise two nodes would infect each other for ever.
TEST_F(BusHealthTest, AMuteNodeImpairsTheBusAndDoesNotMakeTheOthersMute) {
  other_is_mute = true;
  pass(BusHealth::kBeatInterval);
  EXPECT_TRUE(health.impaired());
  EXPECT_FALSE(says_mute);
  other_is_mute = false;
  pass(BusHealth::kBeatInterval);
  EXPECT_FALSE(health.impaired());
}

}  // namespace
}  // namespace chat::delivery
