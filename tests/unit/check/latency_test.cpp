#include "client/load/latency.h"

#include <gtest/gtest.h>

namespace chat::client::load {
namespace {

using std::chrono::microseconds;

TEST(Latency, IsZeroWithoutMeasurements) {
  const Latency latency;
  EXPECT_EQ(latency.count(), 0U);
  EXPECT_EQ(latency.percentile(50), microseconds(0));
  EXPECT_EQ(latency.max(), microseconds(0));
}

TEST(Latency, SingleMeasurementIsEveryPercentile) {
  Latency latency;
  latency.add(microseconds(123'456));
  for (const double percent : {0.1, 50.0, 99.9, 100.0}) {
    EXPECT_EQ(latency.percentile(percent), microseconds(123'456)) << percent;
  }
}

TEST(Latency, ShortTimesAreExact) {
  Latency latency;
  for (int i = 1; i <= 50; ++i) latency.add(microseconds(i));
  EXPECT_EQ(latency.percentile(50), microseconds(25));
  EXPECT_EQ(latency.percentile(90), microseconds(45));
  EXPECT_EQ(latency.percentile(100), microseconds(50));
}

TEST(Latency, LongTimesAreWithinASixtyFourth) {
  Latency latency;
  for (int i = 1; i <= 10'000; ++i) latency.add(microseconds(i * 100));
  const auto near = [&](double percent, double expected) {
    const auto value = static_cast<double>(latency.percentile(percent).count());
    EXPECT_GE(value, expected) << percent;
    EXPECT_LE(value, expected * (1 + 1.0 / 64)) << percent;
  };
  near(50, 500'000);
  near(90, 900'000);
  near(99, 990'000);
  near(99.9, 999'000);
  EXPECT_EQ(latency.max(), microseconds(1'000'000));
}

TEST(Latency, MergedHistogramsGiveTheSameResult) {
  Latency one;
  Latency two;
  Latency both;
  for (int i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? one : two).add(microseconds(i * i));
    both.add(microseconds(i * i));
  }
  one.add(two);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.max(), both.max());
  for (const double percent : {10.0, 50.0, 99.0}) {
    EXPECT_EQ(one.percentile(percent), both.percentile(percent));
  }
}

TEST(Latency, ClampsDurationsOutsideItsRange) {
  Latency latency;
  latency.add(microseconds(-5));
  latency.add(std::chrono::hours(24 * 365));
  EXPECT_EQ(latency.percentile(50), microseconds(0));
  EXPECT_GT(latency.max(), std::chrono::hours(24 * 12));
}

}  // namespace
}  // namespace chat::client::load
