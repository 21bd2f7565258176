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

// What somebody does who only wants to be a nuisance: some connections, over which the same bytes
// go out again and again, as fast as the server takes them. Answers are read and dropped; a
// connection that ends is replaced. Of several streams each has its own connections.
// Threading: one thread of its own from the construction to stop(); the counts after that.
class Hose {
 public:
  struct Stream {
    std::string bytes;  // again and again; may be empty
    std::size_t connections = 1;
    bool once = false;          // each connection is closed when the bytes are sent, and replaced
    std::size_t at_a_time = 0;  // so many bytes a round and connection; 0: what the kernel takes
    std::string first = {};     // before the bytes, once on each connection
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
    std::size_t at = 0;  // in the bytes, or in what comes before
    bool began = false;  // what comes before is sent
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
