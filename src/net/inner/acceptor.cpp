#include "net/inner/acceptor.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/log_limiter.h"

namespace chat::net {
namespace {

constinit log::Limiter accept_failures{log::kUsualLines};

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kPauseOfACrowd{2};
// Bounds a round, so that the loop stays responsive while thousands connect.
constexpr int kAcceptsPerRound = 64;
// Bounds the kernel's buffer for a slow reader, which otherwise grows to megabytes. The kernel
// doubles the value for its own overhead.
constexpr int kSendBufferBytes = 64 * 1024;

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof(value));
}

// On Linux accepted sockets inherit the options of the listening socket, so they cost no system
// calls per connection.
void tune(int fd) {
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBufferBytes);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  // A vanished peer is detected after 75 s, except while data is in flight (see
  // Connection::unacknowledged_for()).
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 45);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

tl::unexpected<Error> refused(const Address& address, int reason) {
  return fail(ErrorCode::kInvalidArgument,
              "cannot listen on " + address.to_string() + ": " + ::strerror(reason));
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(EventLoop& loop, OnAccept on_accept, HasRoom has_room)
    : loop_(loop), on_accept_(std::move(on_accept)), has_room_(std::move(has_room)) {}

Acceptor::~Acceptor() {
  close();
}

Result<void> Acceptor::bind(const Address& address) {
  const int family = address.is_ipv6() ? AF_INET6 : AF_INET;
  CHAT_CHECK(!socket_);
  base::UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return refused(address, errno);
  tune(socket.get());
  if (::bind(socket.get(), address.data(), address.size()) != 0) return refused(address, errno);

  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  address_ = Address::from(bound);
  socket_ = std::move(socket);
  return {};
}

Result<void> Acceptor::listen() {
  CHAT_CHECK(socket_);
  if (listens_) return {};
  if (::listen(socket_.get(), SOMAXCONN) != 0) return refused(address_, errno);
  if (auto watched = loop_.watch(socket_.get(), EPOLLIN, *this); !watched) return watched;
  listens_ = true;  // from here on watched or paused
  return {};
}

void Acceptor::close() {
  if (resume_timer_ != 0) {
    loop_.cancel(resume_timer_);
    resume_timer_ = 0;
  }
  socket_.reset();  // also removes it from the epoll set
  listens_ = false;
}

void Acceptor::on_events(std::uint32_t /*epoll_events*/) {
  for (int i = 0; i < kAcceptsPerRound && socket_ && resume_timer_ == 0; ++i) {
    if (!has_room_()) return pause(kPauseOfACrowd);
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    base::UniqueFd client(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      pause_logged_ = false;
      take(std::move(client), Address::from(peer));
    } else if (errno == EAGAIN) {
      return;
    } else if (out_of_resources(errno)) {
      log_pause(errno);
      pause(kPause);
    }
    // Other errors (ECONNABORTED, EINTR, a network error) concern that one connection.
  }
}

// Without memory for a connection, it is closed, and the next one is tried.
void Acceptor::take(base::UniqueFd client, const Address& peer) {
  try {
    on_accept_(std::move(client), peer);
  } catch (...) {
    log::limited_exception(accept_failures, "event=accept_failed");
  }
}

void Acceptor::log_pause(int reason) {
  if (std::exchange(pause_logged_, true)) return;
  log::warn("event=accept_paused reason=\"{}\" retry_ms={}", ::strerror(reason), kPause.count());
}

void Acceptor::pause(std::chrono::milliseconds time) {
  resume_after(time);  // first, because if it throws the socket stays watched
  loop_.unwatch(socket_.get());
}

void Acceptor::resume_after(std::chrono::milliseconds time) {
  resume_timer_ = loop_.run_after(time, [this] { resume(); });
}

void Acceptor::resume() {
  resume_timer_ = 0;
  if (auto watched = loop_.watch(socket_.get(), EPOLLIN, *this); !watched) resume_after(kPause);
}

}  // namespace chat::net
