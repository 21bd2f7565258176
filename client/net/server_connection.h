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

// A blocking connection to a server, plain or over TLS, that speaks in binary frames (PROTOCOL.md,
// section 1): no byte of a text can end a frame. Threading: send() and shutdown() from any
// thread; receive() from one thread only. Bounds: a frame of the server has at most
// protocol::kReplyMaxBytes.
class ServerConnection {
 public:
  // Tries each address of `host` in turn; blocks for at most `timeout` for each, a TLS handshake
  // included. `tls`: null for a plain connection.
  static Result<std::unique_ptr<ServerConnection>> open(const std::string& host, std::uint16_t port,
                                                        std::chrono::milliseconds timeout,
                                                        const TlsContext* tls = nullptr);

  // Sends one frame, whole. Blocks while the kernel's buffer is full, at most 10 s, after which
  // the connection is of no use any more.
  Result<void> send(std::string_view json) CHAT_EXCLUDES(send_mutex_);

  // The next frame, valid until the next call; blocks. Nothing: the server closed. Errors:
  // kUnavailable when the connection broke (also in the middle of a frame), kInternal when the
  // bytes are no frames.
  Result<std::optional<std::string_view>> receive();

  // The server speaks JSON lines. A server that takes no more connections says so before it has
  // read a byte, when it cannot know the client's framing; nothing else may come in that form.
  // Only for the receiving thread.
  bool speaks_lines() const;

  // Ends both directions: a blocked receive() returns.
  void shutdown();

  // As Transport says.
  std::string encryption() const { return transport_->encryption(); }

 private:
  explicit ServerConnection(std::unique_ptr<Transport> transport);

  Result<std::optional<std::string_view>> end_of_input() const;

  // Fixed after start.
  const std::unique_ptr<Transport> transport_;
  // Keeps frames whole when two threads send. It is held across a write that may block; nobody
  // takes another lock under it, and the receiving thread never takes it.
  base::Mutex send_mutex_;
  // Confined to the receiving thread.
  protocol::FrameDecoder decoder_;
  std::string input_;
  char first_ = 0;  // the first byte that came
};

}  // namespace chat::client
