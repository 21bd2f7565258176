#include "bench_connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "bench/relay_protocol.h"

namespace chat::bench {
namespace {

std::string system_error(const char* call, int code) {
  return fmt::format("{}: {}", call, std::strerror(code));
}

void set_option(int socket, int level, int name) {
  const int on = 1;
  ::setsockopt(socket, level, name, &on, sizeof(on));
}

// The port is chosen when the other end is known, so that many ends share the local ports.
void bind_to(int socket, in_addr_t source) {
  set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(source);
  ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

void BenchConnection::connect(const Endpoint& to, in_addr_t source) {
  close();
  socket_.reset(::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return end(system_error("socket", errno));
  set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY);
  if (source != 0) bind_to(socket_.get(), source);
  const auto* address = reinterpret_cast<const sockaddr*>(&to.address);
  if (::connect(socket_.get(), address, to.size) != 0 && errno != EINPROGRESS) {
    return end(system_error("connect", errno));
  }
  connecting_ = true;
  waits_for_output_ = true;
  loop_.watch(socket_.get(), *this, EPOLLIN | EPOLLOUT, false);
}

void BenchConnection::close() {
  ++connections_;
  socket_.reset();
  connecting_ = false;
  waits_for_output_ = false;
  input_.clear();
  output_.clear();
}

void BenchConnection::ready(std::uint32_t events) {
  if (!socket_) return;
  if (connecting_) return settle_connecting();
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0 && socket_) read();
}

void BenchConnection::settle_connecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return end(system_error("connect", error));
  connecting_ = false;
  on_open();
  flush();
}

void BenchConnection::read() {
  const std::span<char> buffer = loop_.buffer();
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0) return end("the server closed the connection");
  if (got < 0) return end(system_error("recv", errno));
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  const Micros now = now_micros();
  // A handler may close or connect anew, which ends this connection's input.
  const std::uint64_t connection = connections_;
  if (input_.empty()) {
    const std::size_t taken = take_frames(bytes, now);
    if (connection == connections_) input_.assign(bytes.substr(taken));
  } else {
    std::string joined = std::move(input_);
    joined += bytes;
    const std::size_t taken = take_frames(joined, now);
    if (connection == connections_) input_ = joined.substr(taken);
  }
  if (connection == connections_) on_read();
}

std::size_t BenchConnection::take_frames(std::string_view bytes, Micros now) {
  const std::uint64_t connection = connections_;
  std::size_t at = 0;
  while (connection == connections_ && bytes.size() - at >= kRelayLengthBytes) {
    const std::size_t length = load_big_endian(bytes.data() + at);
    if (bytes.size() - at - kRelayLengthBytes < length) break;
    on_frame(bytes.substr(at + kRelayLengthBytes, length), now);
    at += kRelayLengthBytes + length;
  }
  return at;
}

void BenchConnection::flush() {
  touched_ = false;
  if (!open()) return;
  if (!output_.empty()) {
    const ssize_t sent = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return end(system_error("send", errno));
    if (sent > 0) output_.erase(0, static_cast<std::size_t>(sent));
  }
  want_output(!output_.empty());
}

void BenchConnection::want_output(bool wanted) {
  if (wanted == waits_for_output_) return;
  waits_for_output_ = wanted;
  loop_.watch(socket_.get(), *this, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, true);
}

void BenchConnection::end(std::string_view why) {
  const std::string reason(why);
  close();
  on_closed(reason);
}

}  // namespace chat::bench
