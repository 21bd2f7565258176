// Several servers on one database and one Redis: who is on one talks to who is on another as if
// they were on the same.
#include <gtest/gtest.h>

#include "fixture.h"
#include "support/cluster.h"

namespace chat::test {
namespace {

class TwoNodes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>();
  }
  User user_on(std::size_t node, const std::string& name, const Json& more = Json::object()) {
    return new_user(cluster->port(node), name, Wire::kText, more);
  }

  std::unique_ptr<Cluster> cluster;
};

TEST_F(TwoNodes, OneToOneChatCrosses) {
  User alice = user_on(0, "alice");
  User bob = user_on(1, "bob");
  alice.chat(bob.id(), "over there", "c1");
  const Json push = bob.client.push(6);
  EXPECT_EQ(push.at("msg"), "over there");
  EXPECT_EQ(push.at("id"), alice.id());
  EXPECT_EQ(push.at("seq"), 1);
  bob.chat(alice.id(), "and back");
  EXPECT_EQ(alice.client.push(6).at("msg"), "and back");
}

}  // namespace
}  // namespace chat::test
