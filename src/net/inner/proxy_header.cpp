#include "net/inner/proxy_header.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string>

namespace chat::net {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kTextSignature = "PROXY "sv;
constexpr std::size_t kTextMaxBytes = 107;  // with CR LF

constexpr std::string_view kBinarySignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kBinaryFixedBytes = 16;  // up to and including the length
// Version 2 in the high nibble, the command in the low one.
constexpr unsigned kLocal = 0x20;
constexpr unsigned kProxy = 0x21;
// The family in the high nibble, the transport in the low one.
constexpr unsigned kUnspecified = 0x00;
constexpr unsigned kTcpOverIpv4 = 0x11;
constexpr unsigned kTcpOverIpv6 = 0x21;

constexpr ProxyHeader kNeedsMore{};

ProxyHeader malformed() {
  return {ProxyHeaderState::kMalformed, 0, std::nullopt};
}

ProxyHeader complete(std::size_t size, const std::optional<Address>& client) {
  return {ProxyHeaderState::kComplete, size, client};
}

// True if `bytes` begins with `signature`, or is a prefix of it.
bool may_begin(std::string_view bytes, std::string_view signature) {
  return bytes.substr(0, signature.size()) == signature.substr(0, bytes.size());
}

// `host` and `port` are in network byte order.
Address ipv4(const char* host, std::uint16_t port) {
  sockaddr_storage storage{};
  auto& in = reinterpret_cast<sockaddr_in&>(storage);
  in.sin_family = AF_INET;
  in.sin_port = port;
  std::memcpy(&in.sin_addr, host, sizeof(in.sin_addr));
  return Address::from(storage);
}

Address ipv6(const char* host, std::uint16_t port) {
  sockaddr_storage storage{};
  auto& in = reinterpret_cast<sockaddr_in6&>(storage);
  in.sin6_family = AF_INET6;
  in.sin6_port = port;
  std::memcpy(&in.sin6_addr, host, sizeof(in.sin6_addr));
  return Address::from(storage);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

std::optional<Address> parse_endpoint(int family, std::string_view host_text,
                                      std::string_view port_text) {
  const auto port = parse_port(port_text);
  const std::string text(host_text);
  std::array<char, sizeof(in6_addr)> host{};
  // inet_pton() would stop at a NUL; it refuses leading zeros of IPv4 by itself.
  if (!port || text.find('\0') != std::string::npos) return std::nullopt;
  if (::inet_pton(family, text.c_str(), host.data()) != 1) return std::nullopt;
  return family == AF_INET ? ipv4(host.data(), htons(*port)) : ipv6(host.data(), htons(*port));
}

// The four space-separated fields of `text`; nothing if the number differs.
std::optional<std::array<std::string_view, 4>> four_fields(std::string_view text) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto space = text.find(' ');
    const bool last = i + 1 == fields.size();
    if ((space == std::string_view::npos) != last) return std::nullopt;
    fields[i] = text.substr(0, space);
    if (!last) text.remove_prefix(space + 1);
  }
  return fields;
}

// `line` lacks the signature and CR LF; `size` is that of the whole header.
ProxyHeader parse_text_line(std::string_view line, std::size_t size) {
  constexpr std::string_view kUnknown = "UNKNOWN";
  if (line == kUnknown || line.starts_with("UNKNOWN ")) return complete(size, std::nullopt);
  const bool over_ipv6 = line.starts_with("TCP6 ");
  if (!over_ipv6 && !line.starts_with("TCP4 ")) return malformed();
  const auto fields = four_fields(line.substr(5));
  if (!fields) return malformed();
  const int family = over_ipv6 ? AF_INET6 : AF_INET;
  const auto& [source, destination, source_port, destination_port] = *fields;
  const auto client = parse_endpoint(family, source, source_port);
  if (!client || !parse_endpoint(family, destination, destination_port)) return malformed();
  return complete(size, client);
}

ProxyHeader parse_text(std::string_view bytes) {
  const auto end = bytes.substr(0, kTextMaxBytes).find_first_of("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() < kTextMaxBytes ? kNeedsMore : malformed();
  }
  const std::size_t size = end + 2;
  if (bytes[end] != '\r' || end < kTextSignature.size() || size > kTextMaxBytes) {
    return malformed();
  }
  if (bytes.size() < size) return kNeedsMore;
  if (bytes[end + 1] != '\n') return malformed();
  return parse_text_line(bytes.substr(kTextSignature.size(), end - kTextSignature.size()), size);
}

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

std::uint16_t raw_port(std::string_view bytes, std::size_t index) {
  std::uint16_t port = 0;
  std::memcpy(&port, bytes.data() + index, sizeof(port));
  return port;
}

// Source and destination address, source and destination port.
constexpr std::size_t kIpv4Bytes = 2 * sizeof(in_addr) + 4;
constexpr std::size_t kIpv6Bytes = 2 * sizeof(in6_addr) + 4;

// The size of the addresses for this command and family; nothing if unsupported.
std::optional<std::size_t> address_bytes(unsigned command, unsigned family) {
  if (command == kLocal) return 0;
  if (command != kProxy) return std::nullopt;
  switch (family) {
    case kUnspecified: return 0;
    case kTcpOverIpv4: return kIpv4Bytes;
    case kTcpOverIpv6: return kIpv6Bytes;
    default: return std::nullopt;
  }
}

ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kBinaryFixedBytes) return kNeedsMore;
  const auto addresses = address_bytes(byte_at(bytes, 12), byte_at(bytes, 13));
  const std::size_t length = byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
  const std::size_t size = kBinaryFixedBytes + length;
  if (!addresses || length < *addresses || size > kProxyHeaderMaxBytes) return malformed();
  if (bytes.size() < size) return kNeedsMore;

  const std::string_view body = bytes.substr(kBinaryFixedBytes, length);
  if (*addresses == kIpv4Bytes) return complete(size, ipv4(body.data(), raw_port(body, 8)));
  if (*addresses == kIpv6Bytes) return complete(size, ipv6(body.data(), raw_port(body, 32)));
  return complete(size, std::nullopt);
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (may_begin(bytes, kBinarySignature)) return parse_binary(bytes);
  if (may_begin(bytes, kTextSignature)) return parse_text(bytes);
  return malformed();
}

}  // namespace chat::net
