#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"
#include "chat/protocol/framing.h"
#include "client/load/poller.h"
#include "client/load/server_name.h"

namespace chat::client::load {

// One non-blocking connection in binary frames; used again for the next one. Everything that one
// turn of the poller appends to output() leaves in one write.
// Threading: confined to the poller's thread. Ownership: outlives the poller's last turn.
// Bounds: a frame of the server has at most protocol::kReplyMaxBytes; the output is bounded by the
// client's window.
class LoadConnection : public Poller::Handler {
 public:
  explicit LoadConnection(Poller& poller) : poller_(poller) {}

  // Begins to connect; on_open() or on_closed() tells the result, the latter possibly at once. From
  // a loopback address of the caller's choice, where `source` isn't 0: one address has too few
  // ports for 10 000s of connections.
  void connect(const Endpoint& to, in_addr_t source = 0);
  // Without a call of on_closed().
  void close();

  bool open() const { return socket_ && !connecting_; }

  // Whole frames to send. What is appended before the connection is made leaves then.
  std::string& output() {
    poller_.flush_later(*this);
    return output_;
  }
  void send(std::string_view json) {
    protocol::append_frame(output(), protocol::Framing::kBinary, json);
  }

 protected:
  enum class End {
    kRefused,  // it could not be made
    kLost,     // the other end, or the network, ended it
    kBroken,   // the server's bytes are no frames, or too large a one
  };

  virtual void on_open(base::SteadyTime now) = 0;
  // `json` is valid during the call; `now` is when its bytes were read.
  virtual void on_frame(std::string_view json, base::SteadyTime now) = 0;
  // All whole frames of one read were handed over.
  virtual void on_read(base::SteadyTime /*now*/) {}
  virtual void on_closed(End end, const std::string& why) = 0;

  Poller& poller() { return poller_; }

 private:
  void on_ready(std::uint32_t events) final;
  void flush() final;
  void settle_connecting();
  void read();
  void take_input(std::string_view bytes);
  void end(End how, const std::string& why);

  Poller& poller_;
  base::UniqueFd socket_;
  std::uint32_t generation_ = 0;  // grows when a connection ends
  bool connecting_ = false;
  bool waits_for_output_ = false;
  std::string output_;
  protocol::FrameDecoder decoder_;
};

}  // namespace chat::client::load
