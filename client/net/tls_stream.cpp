#include "client/net/tls_stream.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include "client/net/tls_reasons.h"

namespace chat::client {
namespace {

constexpr const char* kSilence = "the TLS handshake timed out: perhaps the server speaks no TLS";
constexpr const char* kRefusal =
    "the server closed the connection during the TLS handshake: perhaps it speaks no TLS";

// OpenSSL's socket BIO uses write(), which raises SIGPIPE; this one uses send() and recv(). The
// BIO's data is the descriptor.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_write(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  const ssize_t sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block()) ::BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  ::BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  const ssize_t count = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (count < 0 && would_block()) ::BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
  if (count == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(count);
}

long bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* const method =
      ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
  if (method == nullptr) return nullptr;
  ::BIO_meth_set_write(method, bio_write);
  ::BIO_meth_set_read(method, bio_read);
  ::BIO_meth_set_ctrl(method, bio_control);
  return method;
}

BIO* make_bio(int socket) {
  // Never freed, because BIOs point to it.
  static BIO_METHOD* const method = make_socket_method();
  BIO* const bio = method != nullptr ? ::BIO_new(method) : nullptr;
  if (bio == nullptr) return nullptr;
  // The number itself is the data and is never dereferenced.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  ::BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

std::unique_ptr<TlsStream> TlsStream::make(SSL_CTX* context, base::UniqueFd socket) {
  Handle ssl(::SSL_new(context));
  BIO* const bio = ssl ? make_bio(socket.get()) : nullptr;
  if (bio == nullptr) return nullptr;
  ::SSL_set_bio(ssl.get(), bio, bio);
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(ssl), std::move(socket)));
}

TlsStream::TlsStream(Handle ssl, base::UniqueFd socket)
    : socket_(std::move(socket)), ssl_(std::move(ssl)) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

// Runs one step of OpenSSL; never blocks.
template <typename Operation>
TlsStream::Step TlsStream::take(Operation operation) {
  base::MutexLock lock(mutex_);
  if (broken_) return Step::kBroken;
  // SSL_get_error() depends on this thread's error queue.
  ::ERR_clear_error();
  errno = 0;
  const int result = operation(ssl_.get());
  return result > 0 ? Step::kDone : judge_locked(result);
}

TlsStream::Step TlsStream::judge_locked(int result) {
  const int system = errno;
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Step::kWantsInput;
    case SSL_ERROR_WANT_WRITE: return Step::kWantsOutput;
    case SSL_ERROR_ZERO_RETURN: return Step::kClosed;
    default: break;
  }
  broken_ = true;
  code_ = ::ERR_peek_error();
  errno_ = system;
  return Step::kBroken;
}

// False at the deadline.
bool TlsStream::wait_for(Step step, std::optional<base::SteadyTime> deadline) const {
  using std::chrono::milliseconds;
  pollfd entry{socket_.get(), step == Step::kWantsOutput ? short{POLLOUT} : short{POLLIN}, 0};
  for (;;) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<milliseconds>(*deadline - base::system_clock().now());
      timeout = static_cast<int>(std::max(left, milliseconds{0}).count());
    }
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (ready == 0) return false;
  }
}

Result<void> TlsStream::shake_hands(const std::string& name, base::SteadyTime deadline) {
  for (;;) {
    const Step step = take([](SSL* ssl) { return ::SSL_connect(ssl); });
    switch (step) {
      case Step::kDone: return {};
      case Step::kClosed: return fail(ErrorCode::kUnavailable, kRefusal);
      case Step::kBroken: return fail(ErrorCode::kUnavailable, why_no_handshake(name));
      case Step::kWantsInput:
      case Step::kWantsOutput:
        if (!wait_for(step, deadline)) return fail(ErrorCode::kTimeout, kSilence);
    }
  }
}

Result<std::size_t> TlsStream::read(std::span<char> into) {
  for (;;) {
    std::size_t count = 0;
    const Step step =
        take([&](SSL* ssl) { return ::SSL_read_ex(ssl, into.data(), into.size(), &count); });
    if (step == Step::kDone) return count;
    if (step == Step::kClosed) return std::size_t{0};
    if (step == Step::kBroken) return fail(ErrorCode::kUnavailable, why_broken());
    wait_for(step, std::nullopt);
  }
}

Result<void> TlsStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    const Step step =
        take([&](SSL* ssl) { return ::SSL_write_ex(ssl, bytes.data(), bytes.size(), &count); });
    if (step == Step::kDone) {
      bytes.remove_prefix(count);
      continue;
    }
    if (step == Step::kClosed || step == Step::kBroken) {
      return fail(ErrorCode::kUnavailable, why_broken());
    }
    const auto deadline =
        base::system_clock().now() + std::chrono::seconds(Transport::kWriteTimeoutSeconds);
    if (!wait_for(step, deadline))
      return fail(ErrorCode::kTimeout, "the server accepts no more data");
  }
  return {};
}

void TlsStream::shutdown() {
  {
    base::MutexLock lock(mutex_);
    // Sends close_notify; its result does not matter.
    if (!broken_ && ::SSL_is_init_finished(ssl_.get()) == 1) {
      ::ERR_clear_error();
      static_cast<void>(::SSL_shutdown(ssl_.get()));
    }
  }
  ::shutdown(socket_.get(), SHUT_RDWR);
}

std::string TlsStream::encryption() const {
  base::MutexLock lock(mutex_);
  return ::SSL_get_version(ssl_.get());
}

std::string TlsStream::why_broken() const {
  base::MutexLock lock(mutex_);
  if (code_ != 0) return tls_fault(code_);
  return errno_ != 0 ? std::system_category().message(errno_) : "the connection was closed";
}

std::string TlsStream::why_no_handshake(const std::string& name) const {
  base::MutexLock lock(mutex_);
  if (const long code = ::SSL_get_verify_result(ssl_.get()); code != X509_V_OK) {
    return certificate_fault(code, name);
  }
  if (code_ != 0) return handshake_fault(code_);
  return errno_ != 0 ? std::system_category().message(errno_) : kRefusal;
}

}  // namespace chat::client
