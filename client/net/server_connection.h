#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/protocol/framing.h"
#include "client/net/transport.h"

namespace chat::client {

class TlsContext;

// A blocking connection to a server, plain or over TLS, with binary framing (PROTOCOL.md, section
// 1), in which no byte of a text can end a frame.
// Threading: send() and shutdown() from any thread; receive() from one thread only. Bounds: a
// received frame has at most protocol::kReplyMaxBytes.
class ServerConnection {
 public:
  // Tries each address of `host` in turn; blocks for at most `timeout` per address, including the
  // TLS handshake. `tls`: null for a plain connection.
  static Result<std::unique_ptr<ServerConnection>> open(const std::string& host, std::uint16_t port,
                                                        std::chrono::milliseconds timeout,
                                                        const TlsContext* tls = nullptr);

  // Sends one complete frame. Blocks while the kernel's buffer is full, for at most 10 s, after
  // which the connection is unusable.
  Result<void> send(std::string_view json) CHAT_EXCLUDES(send_mutex_);

  // The next frame, valid until the next call; blocks. Nothing if the server has closed.
  // kUnavailable if the connection broke (also in the middle of a frame), kInternal if the bytes
  // are not frames.
  Result<std::optional<std::string_view>> receive();

  // True if the server sends JSON lines. A server that refuses a connection says so before it has
  // read a byte, when it cannot know the client's framing; nothing else may arrive in that form.
  // Call on the receiving thread only.
  bool speaks_lines() const;

  // Ends both directions: a blocked receive() returns.
  void shutdown();

  // See Transport.
  std::string encryption() const { return transport_->encryption(); }

 private:
  explicit ServerConnection(std::unique_ptr<Transport> transport);

  Result<std::optional<std::string_view>> end_of_input() const;

  // Fixed after start.
  const std::unique_ptr<Transport> transport_;
  // Serialises frames of concurrent senders. Held during a write that may block; no other lock is
  // taken under it, and the receiving thread never takes it.
  base::Mutex send_mutex_;
  // Confined to the receiving thread.
  protocol::FrameDecoder decoder_;
  std::string input_;
  char first_ = 0;  // the first byte received
};

}  // namespace chat::client
