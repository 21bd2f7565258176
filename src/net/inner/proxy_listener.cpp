#include "net/inner/proxy_listener.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "chat/base/log_limiter.h"
#include "net/inner/proxy_header.h"
#include "net/inner/turn_away.h"

namespace chat::net {
namespace {

// A misconfigured balancer is refused continually.
constinit log::Limiter refusals{{.per_period = 1, .burst = 5}};

}  // namespace

// A connection whose header is incomplete.
class ProxyListener::Arrival final : public EventHandler, private TimerEntry {
 public:
  Arrival(ProxyListener& listener, base::UniqueFd socket, const Address& peer)
      : listener_(listener), socket_(std::move(socket)), peer_(peer) {}

  Result<void> open() {
    listener_.loop_.schedule(*this, listener_.loop_.now() + listener_.header_within_);
    return listener_.loop_.watch(socket_.get(), EPOLLIN, *this);
  }
  const Address& peer() const { return peer_; }
  base::UniqueFd take_socket() { return std::move(socket_); }

  void on_events(std::uint32_t epoll_events) override;
  void on_failure() noexcept override {
    if (socket_) listener_.let_go(*this);
  }

 private:
  void on_deadline() override {
    if (socket_) listener_.refuse(*this, "timeout");
  }
  void drop_input(std::size_t count);

  ProxyListener& listener_;
  base::UniqueFd socket_;  // empty: handled earlier in this round
  const Address peer_;
  std::string header_;  // read so far
};

// Peeks before reading: all of an incomplete header is taken off the socket, or the loop would
// spin; of a complete one not a byte more than the header.
void ProxyListener::Arrival::on_events(std::uint32_t /*epoll_events*/) {
  if (!socket_) return;
  char buffer[kProxyHeaderMaxBytes];
  const std::size_t before = header_.size();
  const ssize_t count = ::recv(socket_.get(), buffer, sizeof(buffer) - before, MSG_PEEK);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    if (before == 0) return listener_.let_go(*this);
    return listener_.refuse(*this, "closed");
  }
  header_.append(buffer, static_cast<std::size_t>(count));
  const ProxyHeader header = parse_proxy_header(header_);
  switch (header.state) {
    case ProxyHeaderState::kMalformed: return listener_.refuse(*this, "malformed");
    case ProxyHeaderState::kNeedsMore: return drop_input(static_cast<std::size_t>(count));
    case ProxyHeaderState::kComplete: break;
  }
  drop_input(header.size - before);
  listener_.announce(*this, header.client.value_or(peer_));
}

// The peeked bytes are available, so one call takes them.
void ProxyListener::Arrival::drop_input(std::size_t count) {
  char buffer[kProxyHeaderMaxBytes];
  [[maybe_unused]] const auto ignored = ::recv(socket_.get(), buffer, count, 0);
}

ProxyListener::ProxyListener(EventLoop& loop, Admission& admission,
                             std::chrono::milliseconds header_within, Acceptor::OnAccept on_client,
                             Acceptor::HasRoom has_room)
    : loop_(loop),
      admission_(admission),
      header_within_(header_within),
      on_client_(std::move(on_client)),
      acceptor_(
          loop,
          [this](base::UniqueFd socket, const Address& peer) { accepted(std::move(socket), peer); },
          std::move(has_room)) {}

ProxyListener::~ProxyListener() {
  close();
}

void ProxyListener::close() {
  acceptor_.close();
  while (!arrivals_.empty()) let_go(*arrivals_.begin()->first);
}

void ProxyListener::accepted(base::UniqueFd socket, const Address& peer) {
  std::string farewell;
  if (!admission_.hold_place(farewell)) return turn_away(std::move(socket), farewell);
  Arrival* added = nullptr;
  try {
    auto arrival = std::make_unique<Arrival>(*this, std::move(socket), peer);
    added = arrivals_.emplace(arrival.get(), std::move(arrival)).first->first;
  } catch (...) {
    admission_.free_place();
    throw;
  }
  if (!added->open()) let_go(*added);
}

void ProxyListener::announce(Arrival& arrival, const Address& client) {
  base::UniqueFd socket = arrival.take_socket();
  loop_.unwatch(socket.get());
  let_go(arrival);
  on_client_(std::move(socket), client);
}

void ProxyListener::refuse(Arrival& arrival, std::string_view reason) {
  log::limited(log::Level::kWarn, refusals, "event=proxy_header_refused peer={} reason={}",
               arrival.peer().to_string(), reason);
  let_go(arrival);
}

// Closes its socket, unless it was handed on. Destroyed after the round, because an event may still
// point to it.
void ProxyListener::let_go(Arrival& arrival) noexcept {
  arrival.take_socket().reset();
  admission_.free_place();
  auto node = arrivals_.extract(&arrival);
  loop_.retire(std::move(node.mapped()));
}

}  // namespace chat::net
