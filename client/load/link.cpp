#include "client/load/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>

#include "chat/protocol/limits.h"

namespace chat::client::check {
namespace {

// What is read at once, into memory that all clients of a thread share: it is cut into frames, and
// what is left copied, before the next read.
constexpr std::size_t kReadBytes = 64 * 1024;
thread_local std::array<char, kReadBytes> input;

}  // namespace

void Link::connect(const Endpoint& to) {
  close();
  socket_.reset(::socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return;
  const int on = 1;
  static_cast<void>(::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  const auto* const address = reinterpret_cast<const sockaddr*>(&to.address);
  if (::connect(socket_.get(), address, to.size) != 0 && errno != EINPROGRESS) {
    socket_.reset();
    return;
  }
  connecting_ = true;
  waits_for_output_ = true;
  decoder_ = protocol::FrameDecoder();
  decoder_.set_frame_max_bytes(protocol::kReplyMaxBytes);
  poller_.add(socket_.get(), handler_);
}

bool Link::finish_connecting() {
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code != 0) {
    return false;
  }
  connecting_ = false;
  return true;
}

void Link::close() {
  socket_.reset();
  connecting_ = false;
  output_.clear();
  written_ = 0;
}

void Link::send(std::string_view json) {
  protocol::append_frame(output_, protocol::Framing::kBinary, json);
}

// An error of the socket shows in the next read().
void Link::flush() {
  if (!open()) return;
  while (written_ < output_.size()) {
    const ssize_t count =
        ::send(socket_.get(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    written_ += static_cast<std::size_t>(count);
  }
  if (written_ == output_.size()) {
    output_.clear();
    written_ = 0;
  }
  const bool wait = !output_.empty();
  if (wait != waits_for_output_) poller_.want_output(socket_.get(), handler_, wait);
  waits_for_output_ = wait;
}

bool Link::read() {
  const ssize_t count = ::recv(socket_.get(), input.data(), input.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  decoder_.feed({input.data(), static_cast<std::size_t>(count)});
  return count > 0;
}

std::optional<std::string_view> Link::next() {
  return broken() ? std::nullopt : decoder_.next();
}

bool Link::broken() const {
  const auto framing = decoder_.framing();
  return decoder_.failed() ||
         (framing != protocol::Framing::kUndecided && framing != protocol::Framing::kBinary);
}

}  // namespace chat::client::check
