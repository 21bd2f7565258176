#include "client/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "chat/protocol/limits.h"

namespace chat::client {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr timeval kSendTimeout{10, 0};

std::string reason(int code) {
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

// 0, or what went wrong.
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
  // An option that a kernel lacks costs comfort only.
  static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
}

// A chat is small and wants to leave at once (TCP_NODELAY); a server that vanished is noticed
// within 90 s even when nothing is sent.
void tune(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  static_cast<void>(
      ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout));
}

// A connected, blocking socket, or what went wrong in `code`.
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

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& host, std::uint16_t port,
                                                     std::chrono::milliseconds timeout) {
  const auto addresses = resolve(host, port);
  if (!addresses) return fail(addresses);
  int code = EHOSTUNREACH;
  for (const addrinfo* each = addresses->get(); each != nullptr; each = each->ai_next) {
    base::UniqueFd socket = connect_to(*each, timeout, code);
    if (socket) return std::unique_ptr<Connection>(new Connection(std::move(socket)));
  }
  return fail(code == ETIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable, reason(code));
}

Connection::Connection(base::UniqueFd socket) : socket_(std::move(socket)), input_(kReadBytes, 0) {
  decoder_.set_frame_max_bytes(protocol::kReplyMaxBytes);
}

Result<void> Connection::send(std::string_view json) {
  std::string bytes;
  protocol::append_frame(bytes, protocol::Framing::kBinary, json);
  base::MutexLock lock(send_mutex_);
  auto written = write_all(bytes);
  // Half a frame may have left: nothing that is sent after it would be understood.
  if (!written) shutdown();
  return written;
}

Result<void> Connection::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
      return full ? fail(ErrorCode::kTimeout, "the server takes no more data")
                  : fail(ErrorCode::kUnavailable, reason(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::optional<std::string_view>> Connection::receive() {
  for (;;) {
    const auto frame = decoder_.next();
    const auto framing = decoder_.framing();
    if (framing != protocol::Framing::kUndecided && framing != protocol::Framing::kBinary) {
      return fail(ErrorCode::kInternal, "what answers there does not speak this protocol");
    }
    if (frame) return frame;
    if (decoder_.failed()) return fail(ErrorCode::kInternal, "the server sent too large a frame");
    const auto count = read_some();
    if (!count) return fail(count);
    if (*count == 0) {
      if (!decoder_.has_partial_frame()) return std::optional<std::string_view>();
      return fail(ErrorCode::kUnavailable, "the server closed in the middle of a message");
    }
    decoder_.feed(std::string_view(input_).substr(0, *count));
  }
}

Result<std::size_t> Connection::read_some() {
  ssize_t count = 0;
  do {
    count = ::recv(socket_.get(), input_.data(), input_.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return fail(ErrorCode::kUnavailable, reason(errno));
  return static_cast<std::size_t>(count);
}

void Connection::shutdown() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace chat::client
