#include "client/load/load_connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "chat/protocol/limits.h"

namespace chat::client::load {
namespace {

std::string system_error(const char* call, int code) {
  return fmt::format("{}: {}", call, std::strerror(code));
}

void turn_on(int socket, int level, int option) {
  const int on = 1;
  static_cast<void>(::setsockopt(socket, level, option, &on, sizeof on));
}

// The kernel chooses the port in connect(), so that connections to different servers can share it.
void bind_to(int socket, in_addr_t source) {
  turn_on(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(source);
  static_cast<void>(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

}  // namespace

void LoadConnection::connect(const Endpoint& to, in_addr_t source) {
  close();
  socket_.reset(::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return end(End::kRefused, system_error("socket", errno));
  turn_on(socket_.get(), IPPROTO_TCP, TCP_NODELAY);
  if (source != 0) bind_to(socket_.get(), source);
  const auto* const address = reinterpret_cast<const sockaddr*>(&to.address);
  if (::connect(socket_.get(), address, to.size) != 0 && errno != EINPROGRESS) {
    return end(End::kRefused, system_error("connect", errno));
  }
  connecting_ = true;
  waits_for_output_ = true;
  decoder_ = protocol::FrameDecoder();
  decoder_.set_frame_max_bytes(protocol::kReplyMaxBytes);
  poller_.add(socket_.get(), *this, true);
}

void LoadConnection::close() {
  ++generation_;
  socket_.reset();
  connecting_ = false;
  output_.clear();
}

void LoadConnection::on_ready(std::uint32_t events) {
  if (!socket_) return;
  if (connecting_) return settle_connecting();
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) read();
}

void LoadConnection::settle_connecting() {
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
  if (code != 0) return end(End::kRefused, system_error("connect", code));
  connecting_ = false;
  poller_.flush_later(*this);
  on_open(base::system_clock().now());
}

void LoadConnection::read() {
  const std::span<char> buffer = poller_.buffer();
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (count == 0) return end(End::kLost, "the server closed the connection");
  if (count < 0) return end(End::kLost, system_error("recv", errno));
  take_input({buffer.data(), static_cast<std::size_t>(count)});
}

// A handler may close the connection or reconnect, which ends this input.
void LoadConnection::take_input(std::string_view bytes) {
  const auto now = base::system_clock().now();
  const std::uint32_t generation = generation_;
  decoder_.feed(bytes);
  while (const auto frame = decoder_.next()) {
    if (decoder_.framing() != protocol::Framing::kBinary) break;
    on_frame(*frame, now);
    if (generation != generation_) return;
  }
  const auto framing = decoder_.framing();
  // A server that ends a connection before it has read from it says BYE as text.
  if (framing == protocol::Framing::kText && bytes.starts_with("{\"msgid\":204,")) {
    return end(End::kLost, "the server said BYE before it knew the framing");
  }
  const bool binary =
      framing == protocol::Framing::kUndecided || framing == protocol::Framing::kBinary;
  if (decoder_.failed() || !binary) return end(End::kBroken, "invalid framing");
  on_read(now);
}

// A socket error is reported by the next read(), after the input that came before it.
void LoadConnection::flush() {
  if (!open()) return;
  if (!output_.empty()) {
    const ssize_t sent = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent > 0) output_.erase(0, static_cast<std::size_t>(sent));
  }
  const bool wanted = !output_.empty();
  if (wanted != waits_for_output_) poller_.want_output(socket_.get(), *this, wanted);
  waits_for_output_ = wanted;
}

void LoadConnection::end(End how, const std::string& why) {
  close();
  on_closed(how, why);
}

}  // namespace chat::client::load
