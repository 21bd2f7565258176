#include "hose.h"

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

Hose::Hose(std::uint16_t port, std::vector<Stream> streams)
    : port_(port), streams_(std::move(streams)) {
  for (const Stream& stream : streams_) {
    for (std::size_t i = 0; i < stream.connections; ++i) pipes_.push_back({&stream});
  }
  thread_ = std::thread([this] { run(); });
}

void Hose::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  pipes_.clear();
}

void Hose::run() {
  const bool in_rounds = std::any_of(streams_.begin(), streams_.end(),
                                     [](const Stream& stream) { return stream.at_a_time > 0; });
  while (!stopping_) {
    bool moved = false;
    for (Pipe& pipe : pipes_) moved = turn(pipe) || moved;
    if (!moved || in_rounds) ::poll(nullptr, 0, kRoundMs);
  }
}

// True if progress was made.
bool Hose::turn(Pipe& pipe) {
  if (!pipe.socket) connect(pipe);
  if (!pipe.socket) return false;
  const std::int64_t before = sent_ + read_;
  if (!drain(pipe) || !pour(pipe)) {
    pipe = {pipe.stream};
    return true;
  }
  if (!pipe.stream->once) return sent_ + read_ > before;
  if (!pipe.began || pipe.at < pipe.stream->bytes.size()) return false;
  // Closes by RST, which avoids exhausting the ports for a minute.
  const linger at_once{1, 0};
  ::setsockopt(pipe.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  pipe = {pipe.stream};
  return true;
}

void Hose::connect(Pipe& pipe) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;
  pipe = {pipe.stream, std::move(socket)};
  ++connected_;
}

// False if the connection has ended.
bool Hose::drain(Pipe& pipe) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(pipe.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) read_ += count;
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

bool Hose::pour(Pipe& pipe) {
  const Stream& stream = *pipe.stream;
  if (!pipe.began && pipe.at == stream.first.size()) {
    pipe.began = true;
    pipe.at = 0;
  }
  const std::string& bytes = pipe.began ? stream.bytes : stream.first;
  if (bytes.empty()) return true;
  if (pipe.at == bytes.size()) pipe.at = 0;
  const std::size_t left = bytes.size() - pipe.at;
  const std::size_t size = stream.at_a_time == 0 ? left : std::min(left, stream.at_a_time);
  const ssize_t count =
      ::send(pipe.socket.get(), bytes.data() + pipe.at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  pipe.at += static_cast<std::size_t>(count);
  sent_ += count;
  return true;
}

}  // namespace chat::test
