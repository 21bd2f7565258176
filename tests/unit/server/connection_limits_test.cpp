#include "server/connection_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

namespace chat::server {
namespace {

net::Address address(const std::string& text) {
  return net::Address::parse(text).value();
}

TEST(ConnectionLimits, RefusesAboveTheTotalWithAReason) {
  ConnectionLimits limits(2, 0);
  std::string farewell;
  EXPECT_TRUE(limits.admit(address("10.0.0.1:1"), farewell));
  EXPECT_TRUE(limits.admit(address("127.0.0.1:1"), farewell));
  EXPECT_TRUE(farewell.empty());
  EXPECT_FALSE(limits.admit(address("10.0.0.2:1"), farewell));
  EXPECT_EQ(farewell, "{\"msgid\":204,\"reason\":\"server_full\",\"reconnect_after_ms\":5000}\n");
  limits.gone(address("127.0.0.1:1"));
  EXPECT_TRUE(limits.admit(address("10.0.0.2:1"), farewell));
}

TEST(ConnectionLimits, CountsEachAddressWhateverItsPort) {
  ConnectionLimits limits(0, 2);
  std::string farewell;
  EXPECT_TRUE(limits.admit(address("10.0.0.1:1"), farewell));
  EXPECT_TRUE(limits.admit(address("10.0.0.1:2"), farewell));
  EXPECT_FALSE(limits.admit(address("10.0.0.1:3"), farewell));
  EXPECT_NE(farewell.find("too_many_connections"), std::string::npos);
  EXPECT_TRUE(limits.admit(address("10.0.0.2:1"), farewell));
  limits.gone(address("10.0.0.1:1"));
  EXPECT_TRUE(limits.admit(address("10.0.0.1:4"), farewell));
  EXPECT_FALSE(limits.admit(address("10.0.0.1:5"), farewell));
}

TEST(ConnectionLimits, RefusedConnectionIsNotCounted) {
  ConnectionLimits limits(2, 1);
  std::string farewell;
  EXPECT_TRUE(limits.admit(address("10.0.0.1:1"), farewell));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits.admit(address("10.0.0.1:2"), farewell));
  EXPECT_TRUE(limits.admit(address("10.0.0.2:1"), farewell));
}

TEST(ConnectionLimits, BalancerCountsInTotalButForNoAddress) {
  ConnectionLimits limits(2, 1);
  std::string farewell;
  EXPECT_TRUE(limits.hold_place(farewell));
  EXPECT_TRUE(limits.hold_place(farewell));
  EXPECT_FALSE(limits.hold_place(farewell));
  EXPECT_NE(farewell.find("server_full"), std::string::npos);
  EXPECT_FALSE(limits.admit(address("10.0.0.1:1"), farewell));
  limits.free_place();
  EXPECT_TRUE(limits.admit(address("10.0.0.1:1"), farewell));
  EXPECT_FALSE(limits.hold_place(farewell));
  limits.gone(address("10.0.0.1:1"));
  limits.free_place();
  EXPECT_TRUE(limits.admit(address("10.0.0.1:1"), farewell));
  EXPECT_TRUE(limits.admit(address("10.0.0.2:1"), farewell));
  EXPECT_FALSE(limits.hold_place(farewell));
}

TEST(ConnectionLimits, LoopbackIsExemptFromTheLimitPerAddress) {
  ConnectionLimits limits(0, 1);
  std::string farewell;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limits.admit(address("127.0.0.1:1"), farewell));
    EXPECT_TRUE(limits.admit(address("[::1]:1"), farewell));
  }
}

TEST(ConnectionCapacity, StaysBelowTheDescriptorLimit) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(connection_capacity(10), 10U);
  EXPECT_LT(connection_capacity(0), limit.rlim_max);
  EXPECT_EQ(connection_capacity(static_cast<std::size_t>(limit.rlim_max)), connection_capacity(0));
}

}  // namespace
}  // namespace chat::server
