#include "chat/net/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/log_limiter.h"

namespace chat::net {
namespace {

constinit log::Limiter connection_failures{log::kUsualLines};

constexpr std::chrono::seconds kLinger{2};
// The written part of a long output is removed once it is this long.
constexpr std::size_t kCompactBytes = 128 * 1024;

}  // namespace

Connection::Connection(EventLoop& loop, ConnectionOwner& owner, base::UniqueFd socket,
                       const Address& peer)
    : loop_(loop), owner_(owner), socket_(std::move(socket)), peer_(peer) {}

Connection::~Connection() = default;

void Connection::open(std::shared_ptr<ConnectionHandler> handler) {
  loop_.assert_in_loop();
  CHAT_CHECK(handler != nullptr);
  if (state_ == State::kClosed) return;  // the handler factory closed it
  handler_ = std::move(handler);
  interest_ = wanted_events();
  if (!loop_.watch(socket_.get(), interest_, *this)) close();
}

// A peer with a full receive window acknowledges probes, and then no data counts as in flight.
std::optional<std::chrono::milliseconds> Connection::unacknowledged_for() const {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (info.tcpi_unacked == 0) return std::nullopt;
  return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

std::optional<std::size_t> Connection::unread_input() const {
  int bytes = 0;
  if (::ioctl(socket_.get(), FIONREAD, &bytes) != 0) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

bool Connection::peer_hung_up() const {
  if (state_ == State::kClosed || input_ended_) return true;
  pollfd probe{socket_.get(), POLLRDHUP, 0};
  return ::poll(&probe, 1, 0) > 0;
}

void Connection::send(std::string_view bytes) {
  send_by([bytes](std::string& output) { output.append(bytes); });
}

void Connection::flush_now() {
  loop_.assert_in_loop();
  if (state_ != State::kOpen || wants_write_) return;
  if (!write_output()) return flush_at_round_end();  // which fails again, and closes
  if (state_ == State::kOpen) finish_output();
}

void Connection::pause_reading() {
  loop_.assert_in_loop();
  reading_ = false;
  update_interest();
}

void Connection::resume_reading() {
  loop_.assert_in_loop();
  reading_ = true;
  update_interest();
}

void Connection::set_deadline(base::SteadyTime due) {
  loop_.assert_in_loop();
  if (state_ == State::kOpen || state_ == State::kDraining) loop_.schedule(*this, due);
}

void Connection::close_when_sent() {
  loop_.assert_in_loop();
  if (state_ != State::kOpen) return;
  state_ = State::kDraining;
  update_interest();
  flush_at_round_end();  // even with nothing to write: closing continues there
}

void Connection::close() noexcept {
  loop_.assert_in_loop();
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  socket_.reset();  // also removes it from the epoll set: the descriptor has no duplicates
  try {
    if (handler_) handler_->on_closed();
  } catch (...) {
    log::limited_exception(connection_failures, "event=close_failed");
  }
  loop_.retire(owner_.take_out(*this));
}

// For deadlines and round ends, which the loop calls without the guard of on_events().
template <typename Call>
void Connection::guarded(Call call) noexcept {
  try {
    call();
  } catch (...) {
    log::limited_exception(connection_failures, "event=connection_failed");
    close();
  }
}

void Connection::on_events(std::uint32_t epoll_events) {
  if (state_ == State::kClosed) return;  // closed earlier in this round
  if ((epoll_events & EPOLLIN) != 0 && state_ == State::kOpen && reading_) {
    read_in_loop();
  } else if ((epoll_events & EPOLLIN) != 0 && state_ == State::kLingering) {
    discard_input();
  }
  if ((epoll_events & EPOLLOUT) != 0 && state_ != State::kClosed) flush();
  // A reset ends the connection. While lingering, a hang-up is merely the peer's FIN after input
  // that must be read first, because closing with unread input sends RST.
  const bool reset = (epoll_events & EPOLLERR) != 0 ||
                     ((epoll_events & EPOLLHUP) != 0 && state_ != State::kLingering);
  if (reset) close();
}

void Connection::on_deadline() {
  if (state_ == State::kLingering) {
    close();
  } else if (state_ != State::kClosed && handler_) {
    guarded([this] { handler_->on_deadline(); });
  }
}

void Connection::on_round_end() {
  flush_queued_ = false;
  if (state_ == State::kOpen || state_ == State::kDraining) guarded([this] { flush(); });
}

void Connection::read_in_loop() {
  auto& buffer = loop_.read_buffer();
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count > 0) {
    handler_->on_bytes(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  } else if (count == 0) {
    input_ended_ = true;
    update_interest();
    handler_->on_input_end();
  } else if (errno != EAGAIN && errno != EINTR) {
    close();
  }
}

void Connection::discard_input() {
  auto& buffer = loop_.read_buffer();
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) close();
}

void Connection::flush() {
  if (!write_output()) return close();
  if (state_ != State::kClosed) finish_output();
}

// False if the connection is broken.
bool Connection::write_output() {
  const std::size_t before = written_;
  bool broken = false;
  while (unsent_bytes() > 0) {
    const ssize_t count = ::send(socket_.get(), output_.view().data() + written_, unsent_bytes(),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      broken = errno != EAGAIN;
      break;
    }
    written_ += static_cast<std::size_t>(count);
  }
  // Report what was written before the connection broke.
  if (written_ > before && handler_) handler_->on_written(written_ - before);
  return !broken;
}

void Connection::finish_output() {
  if (unsent_bytes() == 0) {
    output_.clear(loop_.spare_outputs());
    written_ = 0;
  } else if (written_ >= kCompactBytes) {
    output_.writable().erase(0, written_);
    written_ = 0;
  }
  wants_write_ = unsent_bytes() > 0;
  update_interest();
  if (state_ == State::kDraining && !wants_write_) begin_lingering();
}

void Connection::flush_at_round_end() {
  if (flush_queued_ || wants_write_) return;  // already scheduled
  flush_queued_ = true;
  loop_.at_round_end(*this);
}

void Connection::begin_lingering() {
  if (input_ended_) {
    // Both directions are finished.
    return close();
  }
  state_ = State::kLingering;
  ::shutdown(socket_.get(), SHUT_WR);
  update_interest();
  loop_.schedule(*this, loop_.now() + kLinger);
}

std::uint8_t Connection::wanted_events() const {
  const bool read =
      !input_ended_ && ((state_ == State::kOpen && reading_) || state_ == State::kLingering);
  return static_cast<std::uint8_t>((read ? EPOLLIN : 0U) | (wants_write_ ? EPOLLOUT : 0U));
}

void Connection::update_interest() {
  if (state_ == State::kClosed || !handler_) return;  // no longer or not yet watched
  const std::uint8_t wanted = wanted_events();
  if (wanted == interest_) return;
  interest_ = wanted;
  loop_.rewatch(socket_.get(), interest_, *this);
}

}  // namespace chat::net
