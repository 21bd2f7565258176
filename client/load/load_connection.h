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

// One non-blocking connection with binary framing; can be used again once closed. Everything that
// one turn of the poller appends to output() is sent in one write.
// Threading: confined to the poller's thread. Ownership: must outlive the poller's last turn.
// Bounds: a frame of the server has at most protocol::kReplyMaxBytes; the output is bounded by the
// client's window.
class LoadConnection : public Poller::Handler {
 public:
  explicit LoadConnection(Poller& poller) : poller_(poller) {}

  // Starts to connect; on_open() or on_closed() reports the result, the latter possibly at once.
  // Unless `source` is 0, connects from that loopback address: one address has too few ports for
  // tens of thousands of connections.
  void connect(const Endpoint& to, in_addr_t source = 0);
  // Does not call on_closed().
  void close();

  bool open() const { return socket_ && !connecting_; }

  // The output: append whole frames. Those appended before the connection is established are sent
  // then.
  std::string& output() {
    poller_.flush_later(*this);
    return output_;
  }
  void send(std::string_view json) {
    protocol::append_frame(output(), protocol::Framing::kBinary, json);
  }

 protected:
  enum class End {
    kRefused,  // it could not be established
    kLost,     // the peer or the network closed it
    kBroken,   // the server sent invalid framing or too large a frame
  };

  virtual void on_open(base::SteadyTime now) = 0;
  // `json` is valid during the call; `now` is when its bytes were read.
  virtual void on_frame(std::string_view json, base::SteadyTime now) = 0;
  // All complete frames of one read have been handled.
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
  std::uint32_t generation_ = 0;  // incremented when a connection ends
  bool connecting_ = false;
  bool waits_for_output_ = false;
  std::string output_;
  protocol::FrameDecoder decoder_;
};

}  // namespace chat::client::load
