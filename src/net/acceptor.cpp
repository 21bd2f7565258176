#include "chat/net/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>

#include "chat/base/log.h"

namespace chat::net {
namespace {

constexpr std::chrono::milliseconds kPause{100};
// Loops stay responsive while thousands knock: the rest is taken in the next round.
constexpr int kAcceptsPerRound = 64;

tl::unexpected<Error> refused(const Address& address) {
  return fail(ErrorCode::kInvalidArgument,
              "cannot listen on " + address.to_string() + ": " + ::strerror(errno));
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(EventLoop& loop, OnAccept on_accept)
    : loop_(loop), on_accept_(std::move(on_accept)) {}

Acceptor::~Acceptor() {
  close();
}

Result<void> Acceptor::open(const Address& address) {
  const int family = address.is_ipv6() ? AF_INET6 : AF_INET;
  socket_.reset(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return refused(address);
  const int on = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(socket_.get(), address.data(), address.size()) != 0) return refused(address);
  if (::listen(socket_.get(), SOMAXCONN) != 0) return refused(address);

  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  address_ = Address::from(bound);
  return loop_.watch(socket_.get(), EPOLLIN, *this);
}

void Acceptor::close() {
  if (resume_timer_ != 0) {
    loop_.cancel(resume_timer_);
    resume_timer_ = 0;
  }
  socket_.reset();  // leaves the epoll set with it
}

void Acceptor::on_events(std::uint32_t /*epoll_events*/) {
  for (int i = 0; i < kAcceptsPerRound && socket_ && resume_timer_ == 0; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    base::UniqueFd client(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      on_accept_(std::move(client), Address::from(peer));
    } else if (errno == EAGAIN) {
      return;
    } else if (out_of_resources(errno)) {
      pause(errno);
    }
    // Anything else (ECONNABORTED, EINTR, a network error) belongs to that one caller.
  }
}

void Acceptor::pause(int reason) {
  log::warn("event=accept_paused reason=\"{}\" pause_ms={}", ::strerror(reason), kPause.count());
  loop_.unwatch(socket_.get());
  resume_timer_ = loop_.run_after(kPause, [this] { resume(); });
}

void Acceptor::resume() {
  resume_timer_ = 0;
  if (auto watched = loop_.watch(socket_.get(), EPOLLIN, *this); !watched) pause(ENOMEM);
}

}  // namespace chat::net
