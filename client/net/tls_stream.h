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
// OpenSSL's object for a connection is for one thread at a time, and here one thread reads while
// another writes. So the socket does not block, the mutex is held for steps that do not wait, and
// who has to wait does that in poll(), outside of it. A step is always tried before a wait: what
// OpenSSL has read already would wake no poll().
// Threading: as Transport says; shake_hands() before everything else.
class TlsStream : public Transport {
 public:
  // Nothing when OpenSSL has no memory for it.
  static std::unique_ptr<TlsStream> make(SSL_CTX* context, base::UniqueFd socket);

  // For settings before shake_hands().
  SSL* ssl() { return ssl_.get(); }

  // `name` for the sentences about it.
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
  const Handle ssl_;  // used under the mutex
  // After an error OpenSSL allows no further step. What it was: a code of OpenSSL's, or 0 and an
  // errno, or both 0.
  bool broken_ CHAT_GUARDED_BY(mutex_) = false;
  unsigned long code_ CHAT_GUARDED_BY(mutex_) = 0;
  int errno_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::client
