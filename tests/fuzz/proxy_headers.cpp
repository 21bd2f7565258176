// The PROXY header before a connection's own bytes. An input is the first bytes of a connection.
//
// What must hold: whether there is enough depends on the header alone: before its end every prefix
// needs more, from its end on nothing that follows changes the outcome, and what is malformed stays
// so.
#include <algorithm>
#include <string>
#include <string_view>

#include "chat/base/check.h"
#include "fuzz_target.h"
#include "net/inner/proxy_header.h"

namespace {

using chat::net::kProxyHeaderMaxBytes;
using chat::net::parse_proxy_header;
using chat::net::ProxyHeader;
using chat::net::ProxyHeaderState;

std::string client_of(const ProxyHeader& header) {
  return header.client ? header.client->to_string() : "";
}

// So many bytes decide: every shorter prefix needs more.
std::size_t deciding_size(std::string_view bytes) {
  std::size_t size = 0;
  while (size < bytes.size() &&
         parse_proxy_header(bytes.substr(0, size)).state == ProxyHeaderState::kNeedsMore) {
    ++size;
  }
  return size;
}

void check_complete(const ProxyHeader& header, std::string_view bytes) {
  CHAT_CHECK(header.size <= std::min(bytes.size(), kProxyHeaderMaxBytes));
  CHAT_CHECK(deciding_size(bytes) == header.size);
  if (!header.client) return;
  const auto again = chat::net::Address::parse(header.client->to_string());
  CHAT_CHECK(again && again->to_string() == header.client->to_string());
}

// From the deciding byte on the outcome is the same.
void check_settled(const ProxyHeader& header, std::string_view bytes) {
  for (std::size_t size = deciding_size(bytes); size <= bytes.size(); ++size) {
    const ProxyHeader shorter = parse_proxy_header(bytes.substr(0, size));
    CHAT_CHECK(shorter.state == header.state && shorter.size == header.size);
    CHAT_CHECK(client_of(shorter) == client_of(header));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = chat::fuzz::as_text(data, size);
  const ProxyHeader header = parse_proxy_header(bytes);
  if (header.state == ProxyHeaderState::kNeedsMore) {
    CHAT_CHECK(bytes.size() < kProxyHeaderMaxBytes);
    CHAT_CHECK(deciding_size(bytes) == bytes.size());
    return 0;
  }
  if (header.state == ProxyHeaderState::kComplete) check_complete(header, bytes);
  check_settled(header, bytes);
  return 0;
}
