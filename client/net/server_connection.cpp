#include "client/net/server_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"
#include "chat/protocol/limits.h"
#include "client/net/tls.h"

namespace chat::client {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// The beginning of a TLS alert, which a TLS server sends to a client that does not speak TLS.
constexpr std::string_view kTlsAlert = "\x15\x03";

std::string connect_failure(int code) {
  return std::system_category().message(code);
}

struct AddressListDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

Result<AddressList> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) return fail(ErrorCode::kInvalidArgument, ::gai_strerror(code));
  return AddressList(list);
}

// 0, or an errno.
int wait_connected(int socket, std::chrono::milliseconds timeout) {
  pollfd waited{socket, POLLOUT, 0};
  int ready = 0;
  do {
    ready = ::poll(&waited, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof code;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

void set_option(int socket, int level, int name, int value) {
  // An option that the kernel lacks is not essential.
  static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
}

// Sends small chats at once (TCP_NODELAY), and detects a vanished server within 90 s even if
// nothing is sent.
void tune(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// A connected, blocking socket, or an errno in `code`.
base::UniqueFd connect_to(const addrinfo& address, std::chrono::milliseconds timeout, int& code) {
  base::UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  code = socket ? 0 : errno;
  if (code != 0) return {};
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
    code = errno == EINPROGRESS ? wait_connected(socket.get(), timeout) : errno;
  }
  if (code != 0) return {};
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
  tune(socket.get());
  return socket;
}

Result<std::unique_ptr<Transport>> make_transport(base::UniqueFd socket, const TlsContext* tls,
                                                  const std::string& host,
                                                  std::chrono::milliseconds timeout) {
  if (tls != nullptr) return tls->shake_hands(std::move(socket), host, timeout);
  return plain_transport(std::move(socket));
}

}  // namespace

Result<std::unique_ptr<ServerConnection>> ServerConnection::open(const std::string& host,
                                                                 std::uint16_t port,
                                                                 std::chrono::milliseconds timeout,
                                                                 const TlsContext* tls) {
  const auto addresses = resolve(host, port);
  if (!addresses) return fail(addresses);
  int code = EHOSTUNREACH;
  for (const addrinfo* each = addresses->get(); each != nullptr; each = each->ai_next) {
    const auto begin = base::system_clock().now();
    base::UniqueFd socket = connect_to(*each, timeout, code);
    if (!socket) continue;
    const auto left = timeout - std::chrono::duration_cast<std::chrono::milliseconds>(
                                    base::system_clock().now() - begin);
    auto transport = make_transport(std::move(socket), tls, host, left);
    if (!transport) return fail(transport);
    return std::unique_ptr<ServerConnection>(new ServerConnection(*std::move(transport)));
  }
  return fail(code == ETIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
              connect_failure(code));
}

ServerConnection::ServerConnection(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), input_(kReadBytes, 0) {
  decoder_.set_frame_max_bytes(protocol::kReplyMaxBytes);
}

Result<void> ServerConnection::send(std::string_view json) {
  std::string bytes;
  protocol::append_frame(bytes, protocol::Framing::kBinary, json);
  base::MutexLock lock(send_mutex_);
  auto written = transport_->write(bytes);
  // Part of a frame may have been sent, so nothing after it would be understood.
  if (!written) shutdown();
  return written;
}

Result<std::optional<std::string_view>> ServerConnection::receive() {
  for (;;) {
    const auto frame = decoder_.next();
    if (speaks_lines() && first_ != '{') {
      return fail(ErrorCode::kInternal,
                  input_.starts_with(kTlsAlert)
                      ? "the connection must be encrypted: use --tls"
                      : "the server at this address does not speak this protocol");
    }
    if (frame) return frame;
    if (decoder_.failed()) return fail(ErrorCode::kInternal, "the server sent too large a frame");
    const auto count = transport_->read(input_);
    if (!count) return fail(count);
    if (*count == 0) return end_of_input();
    if (decoder_.framing() == protocol::Framing::kUndecided) first_ = input_.front();
    decoder_.feed(std::string_view(input_).substr(0, *count));
  }
}

bool ServerConnection::speaks_lines() const {
  const auto framing = decoder_.framing();
  return framing != protocol::Framing::kUndecided && framing != protocol::Framing::kBinary;
}

// Nothing if the end is regular.
Result<std::optional<std::string_view>> ServerConnection::end_of_input() const {
  if (decoder_.has_partial_frame()) {
    return fail(ErrorCode::kUnavailable, "the server closed in the middle of a message");
  }
  // A balancer without a server behind it does that too, and a server that waits for a TLS
  // handshake.
  if (decoder_.framing() == protocol::Framing::kUndecided && encryption().empty()) {
    return fail(
        ErrorCode::kUnavailable,
        "the server closed the connection before it sent anything: it is not running behind "
        "its balancer, or the connection must be encrypted (--tls)");
  }
  return std::optional<std::string_view>();
}

void ServerConnection::shutdown() {
  transport_->shutdown();
}

}  // namespace chat::client
