// The balancer dies: clients reconnect through the new one, to any server.
#include "support/processes/nginx_server.h"

#include "fault_fixture.h"

namespace chat::test {
namespace {

class NginxFault : public Faults {
 protected:
  void SetUp() override {
    Faults::SetUp();
    if (const std::string why = NginxServer::missing(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(NginxFault, WorkersThenMasterThenAllAreKilled) {
  start();
  NginxServer nginx(cluster->proxy_ports());
  start_traffic({nginx.port()});
  ASSERT_TRUE(traffic->flows(100));
  nginx.kill9_workers();
  ASSERT_TRUE(traffic->flows(100)) << "the master makes new workers";

  nginx.kill9_master();
  ASSERT_TRUE(traffic->flows(100)) << "the workers go on without a master";
  nginx.start();
  ASSERT_TRUE(traffic->flows(100));

  nginx.kill9();
  nginx.start();
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  EXPECT_GE(report.at("disconnections"), 50) << "everybody was cut off at least once";
}

}  // namespace
}  // namespace chat::test
