// Redis dies or says nothing any more under traffic: it is only a hint, so nothing may be missed.
#include "fixture.h"

namespace chat::test {
namespace {

class RedisFault : public Faults {};

TEST_F(RedisFault, KilledAndForAWhileAway) {
  start();
  start_traffic();
  for (int kill = 0; kill < 3; ++kill) {
    ASSERT_TRUE(traffic->flows(random(20, 150)));
    cluster->redis().kill9();
    EXPECT_TRUE(traffic->flows(random(50, 300))) << "nobody needs Redis to store a message";
    cluster->redis().start();
  }
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

TEST_F(RedisFault, StoppedForTenSeconds) {
  start();
  start_traffic();
  ASSERT_TRUE(traffic->flows(100));
  cluster->redis().freeze();
  const std::int64_t before = traffic->acknowledged();
  stay_alive_for(milliseconds{10'000}, witnesses[0].client);
  EXPECT_GT(traffic->acknowledged(), before + 500) << "of about 1500 that were sent";
  cluster->redis().thaw();
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
}

}  // namespace
}  // namespace chat::test
