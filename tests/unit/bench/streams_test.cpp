#include "tests/bench/chatbench/streams.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace chat::bench {
namespace {

constexpr std::uint32_t kRun = 1;

Push direct(std::int64_t sender, std::int64_t seq, std::uint64_t number) {
  return {sender, 0, seq, Stamp{kRun, number, 0}};
}

Push to_group(std::int64_t group, std::int64_t seq) {
  return {7, group, seq, Stamp{kRun, 1, 0}};
}

bool is_good(const Streams::Verdict& v) {
  return v.fresh && !v.doubled && !v.reordered && v.gap == 0;
}

bool is_doubled(const Streams::Verdict& v) {
  return v.doubled && !v.fresh;
}

std::vector<std::pair<std::int64_t, std::int64_t>> owed(Streams& streams) {
  std::vector<std::pair<std::int64_t, std::int64_t>> out;
  streams.acknowledge([&](const Streams::Stream& s) { out.emplace_back(s.peer, s.seq); });
  return out;
}

TEST(BenchStreams, TakesEachStreamInOrder) {
  Streams streams;
  EXPECT_TRUE(is_good(streams.take(direct(1, 10, 1), kRun, false)));
  EXPECT_TRUE(is_good(streams.take(direct(2, 500, 1), kRun, false)));
  EXPECT_TRUE(is_good(streams.take(to_group(1, 3), kRun, false)));
  EXPECT_TRUE(is_good(streams.take(direct(1, 11, 2), kRun, false)));
  EXPECT_TRUE(is_good(streams.take(to_group(1, 4), kRun, false)));
}

TEST(BenchStreams, SeesASeqThatComesTwice) {
  Streams streams;
  streams.take(direct(1, 10, 1), kRun, false);
  EXPECT_TRUE(is_doubled(streams.take(direct(1, 10, 1), kRun, false)));
}

TEST(BenchStreams, SeesAMessageUnderTwoSeqs) {
  Streams streams;
  streams.take(direct(1, 10, 1), kRun, false);
  EXPECT_TRUE(is_doubled(streams.take(direct(1, 11, 1), kRun, false)));
}

TEST(BenchStreams, SeesAHoleAndWhatFillsItLate) {
  Streams streams;
  streams.take(direct(1, 10, 1), kRun, false);
  EXPECT_EQ(streams.take(direct(1, 13, 4), kRun, false).gap, 2u);
  const auto late = streams.take(direct(1, 11, 2), kRun, false);
  EXPECT_TRUE(late.reordered);
  EXPECT_TRUE(late.fresh);
  EXPECT_TRUE(streams.take(direct(1, 12, 3), kRun, false).reordered);
  EXPECT_TRUE(streams.take(direct(1, 12, 3), kRun, false).doubled);
}

TEST(BenchStreams, AWritersOwnMessagesLeaveHolesInItsGroup) {
  Streams streams;
  streams.take(to_group(1, 3), kRun, true);
  EXPECT_TRUE(is_good(streams.take(to_group(1, 6), kRun, true)));
  EXPECT_TRUE(streams.take(to_group(1, 6), kRun, true).doubled);
}

TEST(BenchStreams, NumbersOfOtherRunsSayNothing) {
  Streams streams;
  streams.take(direct(1, 10, 99), kRun + 1, false);
  EXPECT_TRUE(is_good(streams.take(direct(1, 11, 1), kRun, false)));
}

TEST(BenchStreams, HolesInWhatEarlierRunsLeftSayNothing) {
  Streams streams;
  Push old = to_group(1, 3);
  old.stamp->run = kRun + 1;
  streams.take(old, kRun, false);
  old.seq = 6;
  EXPECT_TRUE(is_good(streams.take(old, kRun, false)));
  EXPECT_TRUE(is_good(streams.take(to_group(1, 9), kRun, false)));
  EXPECT_EQ(streams.take(to_group(1, 11), kRun, false).gap, 1u);
}

TEST(BenchStreams, OwesOneAcknowledgementForEachStream) {
  Streams streams;
  streams.take(direct(1, 10, 1), kRun, false);
  streams.take(direct(1, 11, 2), kRun, false);
  streams.take(direct(2, 5, 1), kRun, false);
  EXPECT_EQ(owed(streams), (std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 11}, {2, 5}}));
  EXPECT_TRUE(owed(streams).empty());
  streams.take(direct(1, 12, 3), kRun, false);
  EXPECT_EQ(owed(streams), (std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 12}}));
}

}  // namespace
}  // namespace chat::bench
