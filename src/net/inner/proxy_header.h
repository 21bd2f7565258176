#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "chat/net/address.h"

// The PROXY protocol: how a TCP balancer tells the server behind it who the client is, by a
// header before the client's own bytes. http://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
//
// Version 1 (section 2.1) is one line of text, at most 107 bytes with its CR LF:
//   PROXY TCP4 203.0.113.7 198.51.100.1 56324 6000
// Version 2 (section 2.2) is binary: a signature of 12 bytes that no line of text begins with,
// version and command, family and transport, the length of the rest; then the addresses and
// optional TLVs, which are skipped.
//
// The header is trusted, so it is read only on ports where only a balancer can connect (section 5).
// Anything that does not match exactly is malformed (section 2.1), and so are families other than
// TCP over IPv4 and IPv6: the client's address is never guessed.
namespace chat::net {

// Longer headers are malformed: by section 2.2 a header fits into one TCP segment of the smallest
// size.
inline constexpr std::size_t kProxyHeaderMaxBytes = 536;

enum class ProxyHeaderState : std::uint8_t { kNeedsMore, kMalformed, kComplete };

// Plain value; size and client count only when complete.
struct ProxyHeader {
  ProxyHeaderState state = ProxyHeaderState::kNeedsMore;
  std::size_t size = 0;  // of the header; the client's data follows
  // Nothing for UNKNOWN, for an unspecified family and for LOCAL (the balancer's own health
  // check): the client is then the socket's peer.
  std::optional<Address> client;
};

// Parses the first bytes of a connection. After kNeedsMore all of `bytes` belongs to the header and
// is shorter than kProxyHeaderMaxBytes.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace chat::net
