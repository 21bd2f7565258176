#include "cluster/redis/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace chat::cluster {
namespace {

using std::chrono::milliseconds;

// The maximum of many first, second, … pauses.
milliseconds longest(int attempt) {
  milliseconds found{0};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Backoff backoff(seed);
    milliseconds pause{0};
    for (int i = 0; i < attempt; ++i) pause = backoff.next();
    found = std::max(found, pause);
  }
  return found;
}

TEST(Backoff, LimitDoublesUpToTheMaximumWithFullJitter) {
  milliseconds limit = Backoff::kFirst;
  for (int attempt = 1; attempt <= 10; ++attempt) {
    EXPECT_LE(longest(attempt), limit) << attempt;
    EXPECT_GE(longest(attempt), limit * 9 / 10) << attempt;
    limit = std::min(limit * 2, Backoff::kLongest);
  }
}

TEST(Backoff, RestartsAfterReset) {
  Backoff backoff(1);
  for (int i = 0; i < 10; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), Backoff::kFirst);
}

}  // namespace
}  // namespace chat::cluster
