// The connection to the database is cut while a COMMIT is in flight, under traffic: its outcome is
// unknown, but each message must be stored exactly once.
#include "fault_fixture.h"
#include "support/proxies/mysql_proxy.h"

namespace chat::test {
namespace {

class CutCommits : public Faults, public ::testing::WithParamInterface<MysqlProxy::Cut> {};
INSTANTIATE_TEST_SUITE_P(BothWays, CutCommits,
                         ::testing::Values(MysqlProxy::Cut::kAfterDelivery,
                                           MysqlProxy::Cut::kBeforeDelivery));

TEST_P(CutCommits, TwentyCommitsAreCutUnderTraffic) {
  constexpr int kCuts = 20;
  MysqlProxy proxy(mariadb().socket());
  start(std::make_unique<Cluster>(2, Settings{"mysql.socket=" + proxy.socket()}));
  start_traffic();
  for (int cut = 1; cut <= kCuts; ++cut) {
    proxy.cut_next_commit(GetParam());
    ASSERT_TRUE(wait_until([&] { return proxy.cuts() == cut; }));
    if (random(0, 3) == 0) {
      ASSERT_TRUE(traffic->flows(random(1, 50)));
    }
  }
  ASSERT_TRUE(traffic->flows(100));
  EXPECT_EQ(expect_promises().at("disconnections"), 0);
  cluster.reset();  // before its proxy to the database
}

}  // namespace
}  // namespace chat::test
