#include "support/hose.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace chat::test {
namespace {

constexpr int kRoundMs = 1;

}  // namespace

Hose::Hose(std::uint16_t port, Stream stream)
    : port_(port), stream_(std::move(stream)), pipes_(stream_.connections) {
  thread_ = std::thread([this] { run(); });
}

void Hose::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  pipes_.clear();
}

void Hose::run() {
  while (!stopping_) {
    bool moved = false;
    for (Pipe& pipe : pipes_) moved = turn(pipe) || moved;
    if (!moved || stream_.at_a_time > 0) wait();
  }
}

// True: something was done, so there may be more to do at once.
bool Hose::turn(Pipe& pipe) {
  if (!pipe.socket) connect(pipe);
  if (!pipe.socket) return false;
  const std::int64_t before = sent_ + read_;
  if (!drain(pipe) || !pour(pipe)) {
    pipe = {};
    return true;
  }
  if (!stream_.once) return sent_ + read_ > before;
  if (pipe.at < stream_.bytes.size()) return false;
  // By RST, or the ports of the machine would be used up for a minute.
  const linger at_once{1, 0};
  ::setsockopt(pipe.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  pipe = {};
  return true;
}

void Hose::connect(Pipe& pipe) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;
  pipe = {std::move(socket), 0};
  ++connected_;
}

// False: the connection has ended.
bool Hose::drain(Pipe& pipe) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(pipe.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) read_ += count;
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

bool Hose::pour(Pipe& pipe) {
  if (stream_.bytes.empty()) return true;
  if (pipe.at == stream_.bytes.size()) pipe.at = 0;
  const std::size_t left = stream_.bytes.size() - pipe.at;
  const std::size_t size = stream_.at_a_time == 0 ? left : std::min(left, stream_.at_a_time);
  const ssize_t count =
      ::send(pipe.socket.get(), stream_.bytes.data() + pipe.at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  pipe.at += static_cast<std::size_t>(count);
  sent_ += count;
  return true;
}

void Hose::wait() const {
  ::poll(nullptr, 0, kRoundMs);
}

}  // namespace chat::test
