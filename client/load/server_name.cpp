#include "client/load/server_name.h"

#include <netdb.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace chat::client::load {

std::optional<ServerName> read_server_name(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end || port == 0) return std::nullopt;
  return ServerName{std::string(host), port};
}

Result<Endpoint> resolve(const ServerName& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code =
      ::getaddrinfo(name.host.c_str(), std::to_string(name.port).c_str(), &hints, &list);
  if (code != 0) return fail(ErrorCode::kInvalidArgument, ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
  Endpoint out;
  std::memcpy(&out.address, list->ai_addr, list->ai_addrlen);
  out.size = list->ai_addrlen;
  return out;
}

}  // namespace chat::client::load
