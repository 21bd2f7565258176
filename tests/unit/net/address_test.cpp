#include "chat/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace chat::net {
namespace {

using std::string_view_literals::operator""sv;

struct Good {
  std::string_view text;
  std::string_view host;
  std::uint16_t port;
  bool ipv6;
  bool loopback;
  std::string_view printed;
};

TEST(Address, ParsesGoodTextsAndPrintsThemBack) {
  const Good table[] = {
      {"127.0.0.1:6000", "127.0.0.1", 6000, false, true, "127.0.0.1:6000"},
      {"127.8.9.10:1", "127.8.9.10", 1, false, true, "127.8.9.10:1"},
      {"0.0.0.0:0", "0.0.0.0", 0, false, false, "0.0.0.0:0"},
      {"192.168.1.2:65535", "192.168.1.2", 65535, false, false, "192.168.1.2:65535"},
      {"128.0.0.1:80", "128.0.0.1", 80, false, false, "128.0.0.1:80"},
      {"localhost:6000", "127.0.0.1", 6000, false, true, "127.0.0.1:6000"},
      {"[::1]:6000", "::1", 6000, true, true, "[::1]:6000"},
      {"[::]:0", "::", 0, true, false, "[::]:0"},
      {"[2001:DB8::0:7]:443", "2001:db8::7", 443, true, false, "[2001:db8::7]:443"},
  };
  for (const Good& row : table) {
    const auto address = Address::parse(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->host(), row.host);
    EXPECT_EQ(address->port(), row.port) << row.text;
    EXPECT_EQ(address->is_ipv6(), row.ipv6) << row.text;
    EXPECT_EQ(address->is_loopback(), row.loopback) << row.text;
    EXPECT_EQ(address->to_string(), row.printed);
    const auto again = Address::parse(address->to_string());
    ASSERT_TRUE(again);
    ASSERT_EQ(again->size(), address->size());
    EXPECT_EQ(std::memcmp(again->data(), address->data(), address->size()), 0);
  }
}

TEST(Address, RefusesBadTextsAndNamesThem) {
  const std::string_view table[] = {
      "",
      ":",
      ":6000",
      "127.0.0.1",
      "127.0.0.1:",
      "6000",
      "::1:6000",
      "[::1]",
      "[::1]6000",
      "[]:6000",
      "[::1:6000",
      "::1]:6000",
      "127.0.0.1:65536",
      "127.0.0.1:-1",
      "127.0.0.1:+1",
      "127.0.0.1: 1",
      "127.0.0.1:1 ",
      " 127.0.0.1:1",
      "127.0.0.1:80x",
      "127.0.0.1:0x50",
      "127.0.0:1",
      "256.0.0.1:1",
      "1.2.3.4.5:1",
      "[127.0.0.1]:1",
      "[::g]:1",
      "example.org:6000",
      "localhost",
      "*:6000",
      "127.0.0.1:99999999999999999999",
      "127.0.0.1\0junk:6000"sv,
      "[::1\0]:6000"sv,
  };
  for (const std::string_view text : table) {
    const auto address = Address::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(address.error().message.find(text), std::string::npos);
  }
}

TEST(Address, MapsIpv4ClientsOfIpv6ListenersToIpv4) {
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(4711);
  ASSERT_EQ(::inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &mapped, sizeof(mapped));
  const Address address = Address::from(storage);
  EXPECT_EQ(address.to_string(), "127.0.0.1:4711");
  EXPECT_TRUE(address.is_loopback());
}

TEST(Address, KeepsTheKernelsAddress) {
  for (const std::string_view text : {"10.1.2.3:99", "[fe80::1]:99"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address);
    sockaddr_storage storage{};
    std::memcpy(&storage, address->data(), address->size());
    EXPECT_EQ(Address::from(storage).to_string(), text);
  }
}

}  // namespace
}  // namespace chat::net
