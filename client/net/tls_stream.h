#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/unique_fd.h"
#include "client/net/transport.h"

namespace chat::client {

// TLS over a socket.
//
// An SSL object may be used by one thread at a time, but here one thread reads while another
// writes. So the socket is non-blocking, the mutex is held only for steps that do not block, and
// waiting happens in poll() outside it. A step is always tried before waiting, because poll() does
// not report data that OpenSSL has already read.
// Threading: see Transport; call shake_hands() first.
class TlsStream : public Transport {
 public:
  // Null when out of memory.
  static std::unique_ptr<TlsStream> make(SSL_CTX* context, base::UniqueFd socket);

  // For configuration before shake_hands().
  SSL* ssl() { return ssl_.get(); }

  // `name` is used in error messages.
  Result<void> shake_hands(const std::string& name, base::SteadyTime deadline)
      CHAT_EXCLUDES(mutex_);

  Result<std::size_t> read(std::span<char> into) override CHAT_EXCLUDES(mutex_);
  Result<void> write(std::string_view bytes) override CHAT_EXCLUDES(mutex_);
  void shutdown() override CHAT_EXCLUDES(mutex_);
  std::string encryption() const override CHAT_EXCLUDES(mutex_);

 private:
  struct Free {
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  };
  using Handle = std::unique_ptr<SSL, Free>;

  enum class Step { kDone, kWantsInput, kWantsOutput, kClosed, kBroken };

  TlsStream(Handle ssl, base::UniqueFd socket);

  template <typename Operation>
  Step take(Operation operation) CHAT_EXCLUDES(mutex_);
  Step judge_locked(int result) CHAT_REQUIRES(mutex_);
  bool wait_for(Step step, std::optional<base::SteadyTime> deadline) const;
  std::string why_broken() const CHAT_EXCLUDES(mutex_);
  std::string why_no_handshake(const std::string& name) const CHAT_EXCLUDES(mutex_);

  // Fixed after start.
  const base::UniqueFd socket_;
  mutable base::Mutex mutex_;
  const Handle ssl_;  // guarded by the mutex
  // After an error OpenSSL allows no further step. The error: an OpenSSL code, or 0 and an errno,
  // or both 0.
  bool broken_ CHAT_GUARDED_BY(mutex_) = false;
  unsigned long code_ CHAT_GUARDED_BY(mutex_) = 0;
  int errno_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::client
