#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/unique_fd.h"
#include "client/load/server_name.h"
#include "loop.h"
#include "micros.h"

namespace chat::bench {

using Endpoint = client::load::Endpoint;

// One connection in binary frames, not blocking; used again for the next one. Everything that one
// turn of the loop appends to output() leaves in one write.
// Threading: confined to the loop's thread. Ownership: outlives the loop's last turn.
// Bounds: the server's frames are bounded by its own limits, the output by the client's window.
class BenchConnection {
 public:
  explicit BenchConnection(Loop& loop) : loop_(loop) {}
  BenchConnection(const BenchConnection&) = delete;
  BenchConnection& operator=(const BenchConnection&) = delete;
  virtual ~BenchConnection() = default;

  // Begins to connect; on_open() or on_closed() tells how it went. From a loopback address of the
  // caller's choice, where `source` isn't 0: one address has too few ports for what some runs do.
  void connect(const Endpoint& to, in_addr_t source);
  // Without a call of on_closed().
  void close();
  bool open() const { return socket_ && !connecting_; }

  // Whole frames to send. What is appended before the connection is made leaves then.
  std::string& output() {
    if (!touched_) loop_.touch(*this);
    touched_ = true;
    return output_;
  }

 protected:
  // `json` is valid during the call; `now` is when its bytes were read.
  virtual void on_frame(std::string_view json, Micros now) = 0;
  // All whole frames of one read were handed over.
  virtual void on_read() {}
  virtual void on_open() {}
  // The other end, or the network, ended it.
  virtual void on_closed(std::string_view why) = 0;
  // The time that was given to loop().call_at() has come.
  virtual void on_time(Micros /*now*/) {}

  Loop& loop() { return loop_; }

 private:
  friend class Loop;

  void ready(std::uint32_t events);
  void settle_connecting();
  void read();
  // How many of these bytes were whole frames.
  std::size_t take_frames(std::string_view bytes, Micros now);
  void flush();
  void want_output(bool wanted);
  void end(std::string_view why);

  Loop& loop_;
  base::UniqueFd socket_;
  std::uint64_t connections_ = 0;  // grows when one ends
  bool connecting_ = false;
  bool touched_ = false;
  bool waits_for_output_ = false;
  std::string input_;  // the beginning of a frame whose rest hasn't come
  std::string output_;
};

}  // namespace chat::bench
