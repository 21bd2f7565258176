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
  // "127.0.0.1:6000", "[::1]:6000", "localhost:6000". Names are not looked up but for
  // "localhost"; port 0 is allowed (the kernel chooses).
  static Result<Address> parse(std::string_view text);
  // An IPv4 caller of a listener on [::] comes as ::ffff:1.2.3.4: becomes the IPv4 address that
  // it is, so that one host has one name.
  static Address from(const sockaddr_storage& storage);

  std::string to_string() const;  // with port, "[::1]:6000"
  std::string host() const;       // without
  // Who is behind it, as far as an address tells: the address itself, but of IPv6 its /64, all of
  // which one customer has: "2001:db8:0:7::/64".
  std::string network() const;
  std::uint16_t port() const;
  bool is_loopback() const;
  bool is_ipv6() const { return in_.sin_family == AF_INET6; }

  const sockaddr* data() const;
  socklen_t size() const;

 private:
  union {
    sockaddr_in in_{};
    sockaddr_in6 in6_;  // both begin with the family, which tells which one it is
  };
};

}  // namespace chat::net
