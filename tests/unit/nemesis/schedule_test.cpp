#include "faults/nemesis/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace chat::test::nemesis {
namespace {

constexpr std::size_t kNodes = 3;

TEST(NemesisSchedule, SameSeedGivesTheSameRounds) {
  for (std::size_t number = 0; number < 20; ++number) {
    const Round one = draw_round(7, number, kNodes);
    const Round other = draw_round(7, number, kNodes);
    EXPECT_EQ(one.events, other.events);
    EXPECT_EQ(one.standing, other.standing);
  }
}

// A seed always gives the same schedule, on every machine, so that seeds in reports stay useful.
TEST(NemesisSchedule, SeedsGiveStableSchedules) {
  const Round round = draw_round(1, 1, kNodes);
  ASSERT_FALSE(round.events.empty());
  ASSERT_TRUE(round.standing);
  EXPECT_EQ(describe(round.events.front()), "stall of the publisher, node 2, 413 ms");
  EXPECT_EQ(describe(*round.standing), "stall of the subscriber, node 2, 246 ms");
}

TEST(NemesisSchedule, SeedsAndRoundsDiffer) {
  EXPECT_NE(draw_round(1, 0, kNodes).events, draw_round(2, 0, kNodes).events);
  EXPECT_NE(draw_round(1, 0, kNodes).events, draw_round(1, 1, kNodes).events);
}

TEST(NemesisSchedule, EveryFaultOccursWithinAHundredRounds) {
  std::set<Fault> drawn;
  for (std::size_t number = 1; number < 200; number += 2) {
    for (const Event& event : draw_round(3, number, kNodes).events) drawn.insert(event.fault);
  }
  EXPECT_EQ(drawn.size(), kFaults);
}

TEST(NemesisSchedule, EventsRespectTheirBounds) {
  for (std::size_t number = 0; number < 200; ++number) {
    const Round round = draw_round(5, number, kNodes);
    milliseconds before{0};
    for (const Event& event : round.events) {
      EXPECT_GE(event.at - before, milliseconds{200});
      before = event.at;
      EXPECT_GE(event.lasts, milliseconds{200});
      EXPECT_LE(event.lasts, milliseconds{15'000});
      EXPECT_LT(event.node, kNodes);
    }
  }
}

TEST(NemesisSchedule, LightRoundsHaveOneFaultOrTwoKindsOfLostAnswersInTurn) {
  std::set<Fault> faults;
  std::set<int> kinds;
  for (std::size_t number = 0; number < 400; number += 2) {
    const Round round = draw_round(5, number, kNodes);
    EXPECT_TRUE(round.light);
    EXPECT_FALSE(round.standing);
    std::vector<Event> events = round.events;
    std::erase_if(events, [](const Event& event) { return event.fault == Fault::kKillNode; });
    ASSERT_FALSE(events.empty());
    const Event& first = events.front();
    std::set<std::string> of_round;
    std::map<std::size_t, milliseconds> free_at;
    for (const Event& event : events) {
      EXPECT_EQ(event.fault, first.fault);
      if (first.fault == Fault::kLostAnswer) {
        kinds.insert(event.detail);
        of_round.insert(write_kinds()[static_cast<std::size_t>(event.detail)]);
        EXPECT_LT(free_at[event.node], event.at);
        free_at[event.node] = event.at + event.lasts;
        continue;
      }
      EXPECT_EQ(event.node, first.node);
      EXPECT_LE(event.lasts, milliseconds{2'500});
    }
    faults.insert(first.fault);
    EXPECT_EQ(of_round, std::set(round.lost.begin(), round.lost.end()));
    EXPECT_EQ(of_round.size(), first.fault == Fault::kLostAnswer ? 2u : 0u);
  }
  EXPECT_EQ(faults.size(), 12u);
  EXPECT_EQ(kinds.size(), std::set(write_kinds().begin(), write_kinds().end()).size());
}

// Both other nodes then free its users.
TEST(NemesisSchedule, AnswersAboutADeadNodeAreSometimesLost) {
  int lost = 0;
  for (std::size_t number = 1; number < 400; number += 2) {
    const Round round = draw_round(5, number, kNodes);
    for (const Event& death : round.events) {
      if (death.fault != Fault::kKillNode || death.lasts < milliseconds{11'000}) continue;
      std::set<std::size_t> nodes;
      for (const Event& event : round.events) {
        if (event.fault == Fault::kLostAnswer && event.at > death.at &&
            event.at + event.lasts >= death.at + death.lasts &&
            describe(event).find("UPDATE node SET epoch") != std::string::npos) {
          nodes.insert(event.node);
        }
      }
      if (nodes.size() == kNodes - 1) ++lost;
    }
  }
  EXPECT_GE(lost, 10);
}

TEST(NemesisSchedule, StoppedOrKilledNodesAreNotHitTwice) {
  for (std::size_t number = 0; number < 200; ++number) {
    std::vector<Event> stops = draw_round(5, number, kNodes).events;
    std::erase_if(stops, [](const Event& event) {
      return event.fault != Fault::kFreezeNode && event.fault != Fault::kKillNode;
    });
    for (std::size_t i = 0; i < stops.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (stops[i].node != stops[k].node) continue;
        EXPECT_GT(stops[i].at, stops[k].at + stops[k].lasts);
      }
    }
  }
}

TEST(NemesisSchedule, EveryKindOfWriteLosesItsAnswersInTheFirstRounds) {
  const std::set<std::string> kinds(write_kinds().begin(), write_kinds().end());
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::set<std::string> lost;
    for (std::size_t number = 0; number < 26; ++number) {
      for (const std::string& kind : draw_round(seed, number, kNodes).lost) lost.insert(kind);
    }
    EXPECT_EQ(lost, kinds) << "seed " << seed;
  }
}

}  // namespace
}  // namespace chat::test::nemesis
