#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/unique_fd.h"
#include "chat/protocol/framing.h"
#include "client/load/poller.h"
#include "client/load/server_name.h"

namespace chat::client::check {

// One connection of one client, not blocking, in binary frames; used again for the next one.
// Output is gathered and leaves with flush(), so that what is sent in one go is one write.
// Threading: confined to the poller's thread. Bounds: a frame of the server has at most
// protocol::kReplyMaxBytes; what is sent is bounded by the client's window.
class Link {
 public:
  Link(Poller& poller, Poller::Handler& handler) : poller_(poller), handler_(handler) {}

  // Begins to connect. The handler is called once it is settled; see finish_connecting().
  void connect(const Endpoint& to);
  // For on_ready() while connecting: whether there is a connection now.
  bool finish_connecting();
  void close();

  bool connecting() const { return socket_ && connecting_; }
  bool open() const { return socket_ && !connecting_; }

  void send(std::string_view json);
  void flush();
  // Reads what has come, once. False: the connection is over.
  bool read();
  // The next frame of it, valid until the next call; read() again only after there is none.
  std::optional<std::string_view> next();
  // The server's bytes are no frames, or too large a one.
  bool broken() const;

 private:
  Poller& poller_;
  Poller::Handler& handler_;
  base::UniqueFd socket_;
  bool connecting_ = false;
  bool waits_for_output_ = false;
  std::string output_;
  std::size_t written_ = 0;
  protocol::FrameDecoder decoder_;
};

}  // namespace chat::client::check
