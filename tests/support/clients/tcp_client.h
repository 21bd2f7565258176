#pragma once

#include <errno.h>
#include <linux/tcp.h>  // netinet/tcp.h's tcp_info is older
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/unique_fd.h"
#include "chat/net/address.h"
#include "support/deadline.h"

namespace chat::test {

// A blocking TCP client for raw bytes. Every wait ends after kPatience.
class TcpClient {
 public:
  explicit TcpClient(const net::Address& server, int receive_buffer_bytes = 0) {
    socket_.reset(::socket(server.is_ipv6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof(receive_buffer_bytes));
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(scaled(kPatience));
    const timeval patience{seconds.count(), 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    error_ = ::connect(fd(), server.data(), server.size()) == 0 ? 0 : errno;
  }

  int fd() const { return socket_.get(); }
  bool connected() const { return error_ == 0; }
  // The errno of the last failure; 0 after an orderly end of input.
  int error() const { return error_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) return failed();
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // Sends as much as the kernel accepts at once; returns the number of bytes.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t count = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  // The result of one recv(); empty at the end of input and on errors.
  std::string receive_once(std::size_t limit = kReadBytes) {
    std::string bytes(limit, '\0');
    const ssize_t count = ::recv(fd(), bytes.data(), bytes.size(), 0);
    error_ = count < 0 ? errno : 0;
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
  }
  // Exactly `size` bytes, or fewer if the input ends first.
  std::string receive(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const std::string more = receive_once(std::min(size - bytes.size(), kReadBytes));
      if (more.empty()) break;
      bytes += more;
    }
    return bytes;
  }
  // Everything up to the end of input; error() tells FIN (0) from RST (ECONNRESET).
  std::string receive_all() {
    std::string bytes;
    for (;;) {
      const std::string more = receive_once();
      if (more.empty()) return bytes;
      bytes += more;
    }
  }

  // FIN: we will send no more.
  void finish() { ::shutdown(fd(), SHUT_WR); }
  // True if the server's kernel has acknowledged everything including our FIN.
  bool finish_is_acknowledged() const {
    constexpr int kFinWait2 = 5;  // from the kernel's tcp_states.h
    return info().tcpi_state == kFinWait2;
  }
  // The number of received TCP segments with data; each small write is one.
  std::uint32_t data_segments_received() const { return info().tcpi_data_segs_in; }
  void close() { socket_.reset(); }
  // RST instead of FIN.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    socket_.reset();
  }

 private:
  static constexpr std::size_t kReadBytes = 64 * 1024;

  tcp_info info() const {
    tcp_info info{};
    socklen_t size = sizeof(info);
    ::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
  }
  bool failed() {
    error_ = errno;
    return false;
  }

  base::UniqueFd socket_;
  int error_ = 0;
};

}  // namespace chat::test
