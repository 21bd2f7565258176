#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"

namespace chat::client {

// The byte stream of a connection, plain or encrypted.
// Threading: read() from one thread only, write() from one thread at a time; shutdown() from any.
// Ownership: owns the socket.
class Transport {
 public:
  virtual ~Transport() = default;

  // Blocks until bytes arrive and returns how many; 0 if the server has closed. kUnavailable if the
  // connection broke.
  virtual Result<std::size_t> read(std::span<char> into) = 0;

  // Writes all bytes. Blocks while the kernel's buffer is full, for at most kWriteTimeout without
  // progress (kTimeout); after an error some bytes may have been sent.
  virtual Result<void> write(std::string_view bytes) = 0;

  // Ends both directions: a blocked read() returns.
  virtual void shutdown() = 0;

  // The TLS version, "TLSv1.3"; empty if unencrypted.
  virtual std::string encryption() const = 0;

  static constexpr int kWriteTimeoutSeconds = 10;
};

// Over a connected, blocking socket.
std::unique_ptr<Transport> plain_transport(base::UniqueFd socket);

}  // namespace chat::client
