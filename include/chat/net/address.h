#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/result.h"

namespace chat::net {

// An IPv4 or IPv6 address with a port. Plain value.
class Address {
 public:
  Address() = default;
  // "127.0.0.1:6000", "[::1]:6000", "localhost:6000". No other host names; port 0 is allowed (the
  // kernel chooses).
  static Result<Address> parse(std::string_view text);
  // Maps ::ffff:1.2.3.4, as a listener on [::] sees IPv4 clients, to the IPv4 address, so that one
  // host has one address.
  static Address from(const sockaddr_storage& storage);

  std::string to_string() const;  // with port, "[::1]:6000"
  std::string host() const;       // without
  // The network of one customer, for rate limits: an IPv4 address itself, or the /64 of an IPv6
  // address: "2001:db8:0:7::/64".
  std::string network() const;
  std::uint16_t port() const;
  bool is_loopback() const;
  bool is_ipv6() const { return in_.sin_family == AF_INET6; }

  const sockaddr* data() const;
  socklen_t size() const;

 private:
  union {
    sockaddr_in in_{};
    sockaddr_in6 in6_;  // both begin with the family, which tells them apart
  };
};

}  // namespace chat::net
