#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"

namespace chat::client {

// The bytes of one connection, both ways; plain or encrypted is nothing to who uses it.
// Threading: read() from one thread only, write() from one thread at a time; shutdown() from any.
// Ownership: owns the socket.
class Transport {
 public:
  virtual ~Transport() = default;

  // Blocks until some bytes are there and tells how many; 0: the server closed. An error:
  // kUnavailable, the connection broke.
  virtual Result<std::size_t> read(std::span<char> into) = 0;

  // All of them. Blocks while the kernel's buffer is full, at most kWriteTimeout without progress
  // (kTimeout); after an error some of the bytes may have left.
  virtual Result<void> write(std::string_view bytes) = 0;

  // Ends both directions: a blocked read() returns.
  virtual void shutdown() = 0;

  // The version of TLS, "TLSv1.3"; empty when the bytes are plain.
  virtual std::string encryption() const = 0;

  static constexpr int kWriteTimeoutSeconds = 10;
};

// Over a connected, blocking socket.
std::unique_ptr<Transport> plain_transport(base::UniqueFd socket);

}  // namespace chat::client
