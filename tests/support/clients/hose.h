#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/unique_fd.h"

namespace chat::test {

// An abusive client: some connections over which the same bytes are sent repeatedly, as fast as the
// server accepts them. Answers are read and dropped; closed connections are replaced. Each of
// several streams has its own connections.
// Threading: a separate thread from construction to stop(); the counts after that.
class Hose {
 public:
  struct Stream {
    std::string bytes;  // sent repeatedly; may be empty
    std::size_t connections = 1;
    bool once = false;          // each connection is closed after sending, and replaced
    std::size_t at_a_time = 0;  // bytes per round and connection; 0: no limit
    std::string first = {};     // sent first, once per connection
  };

  Hose(std::uint16_t port, Stream stream) : Hose(port, std::vector{std::move(stream)}) {}
  Hose(std::uint16_t port, std::vector<Stream> streams);
  ~Hose() { stop(); }

  void stop();
  std::int64_t connections() const { return connected_; }
  std::int64_t bytes_sent() const { return sent_; }
  std::int64_t bytes_read() const { return read_; }

 private:
  struct Pipe {
    const Stream* stream;
    base::UniqueFd socket = {};
    std::size_t at = 0;  // position in `bytes` or `first`
    bool began = false;  // `first` is sent
  };

  void run();
  bool turn(Pipe& pipe);
  void connect(Pipe& pipe);
  bool drain(Pipe& pipe);
  bool pour(Pipe& pipe);

  const std::uint16_t port_;
  const std::vector<Stream> streams_;
  std::vector<Pipe> pipes_;
  std::int64_t connected_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t read_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace chat::test
