#include "chat/net/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace chat::net {
namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const auto wrong = [text] {
    return fail(ErrorCode::kInvalidArgument,
                "'" + std::string(text) + "' is not an address: use 127.0.0.1:6000 or [::1]:6000");
  };
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !parse_port(text.substr(colon + 1), port)) return wrong();
  std::string host(text.substr(0, colon));
  if (host.find('\0') != std::string::npos) return wrong();  // inet_pton() would stop there
  if (host == "localhost") host = "127.0.0.1";

  Address address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    address.in6_ = {};
    address.in6_.sin6_family = AF_INET6;
    address.in6_.sin6_port = htons(port);
    const std::string inner = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, inner.c_str(), &address.in6_.sin6_addr) != 1) return wrong();
    return address;
  }
  address.in_.sin_family = AF_INET;
  address.in_.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.in_.sin_addr) != 1) return wrong();
  return address;
}

Address Address::from(const sockaddr_storage& storage) {
  Address address;
  if (storage.ss_family != AF_INET6) {
    std::memcpy(&address.in_, &storage, sizeof(address.in_));
    return address;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof(v6));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    address.in_.sin_family = AF_INET;
    address.in_.sin_port = v6.sin6_port;
    std::memcpy(&address.in_.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof(address.in_.sin_addr));
  } else {
    address.in6_ = v6;
  }
  return address;
}

std::string Address::to_string() const {
  const std::string number = std::to_string(port());
  return is_ipv6() ? "[" + host() + "]:" + number : host() + ":" + number;
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv6()) {
    ::inet_ntop(AF_INET6, &in6_.sin6_addr, text, sizeof(text));
  } else {
    ::inet_ntop(AF_INET, &in_.sin_addr, text, sizeof(text));
  }
  return text;
}

std::string Address::network() const {
  if (!is_ipv6()) return host();
  constexpr std::size_t kNetworkBytes = 8;
  in6_addr address = in6_.sin6_addr;
  std::fill(std::begin(address.s6_addr) + kNetworkBytes, std::end(address.s6_addr), 0);
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET6, &address, text, sizeof(text));
  return std::string(text) + "/64";
}

std::uint16_t Address::port() const {
  return ntohs(is_ipv6() ? in6_.sin6_port : in_.sin_port);
}

bool Address::is_loopback() const {
  if (!is_ipv6()) return (ntohl(in_.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&in6_.sin6_addr) != 0;
}

const sockaddr* Address::data() const {
  return is_ipv6() ? reinterpret_cast<const sockaddr*>(&in6_)
                   : reinterpret_cast<const sockaddr*>(&in_);
}

socklen_t Address::size() const {
  return is_ipv6() ? sizeof(in6_) : sizeof(in_);
}

}  // namespace chat::net
