#include "client/net/transport.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace chat::client {
namespace {

constexpr timeval kSendTimeout{Transport::kWriteTimeoutSeconds, 0};

std::string socket_failure(int code) {
  return std::system_category().message(code);
}

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(base::UniqueFd socket) : socket_(std::move(socket)) {
    static_cast<void>(
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout));
  }

  Result<std::size_t> read(std::span<char> into) override {
    ssize_t count = 0;
    do {
      count = ::recv(socket_.get(), into.data(), into.size(), 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return fail(ErrorCode::kUnavailable, socket_failure(errno));
    return static_cast<std::size_t>(count);
  }

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
        return full ? fail(ErrorCode::kTimeout, "the server accepts no more data")
                    : fail(ErrorCode::kUnavailable, socket_failure(errno));
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  void shutdown() override { ::shutdown(socket_.get(), SHUT_RDWR); }

  std::string encryption() const override { return {}; }

 private:
  const base::UniqueFd socket_;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(base::UniqueFd socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace chat::client
