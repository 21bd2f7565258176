#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <vector>

#include "chat/base/unique_fd.h"
#include "micros.h"

namespace chat::bench {

class BenchConnection;

// Waits for many connections and times on one thread (epoll, level-triggered). The order of a
// turn: everything that is ready is read and answered into the connections' outputs, then times
// that have come, then one write for each connection that has output.
// Threading: confined to one thread.
class Loop {
 public:
  Loop();

  // One turn; waits for at most until `latest` for something to do.
  void run_once(Micros latest);

  // Client::on_time() at that time. Times can't be taken back; a client judges for itself.
  void call_at(Micros when, BenchConnection& client) { times_.push({when, &client}); }

 private:
  friend class BenchConnection;

  static constexpr std::size_t kBufferBytes = 256 * 1024;

  struct Time {
    Micros when;
    BenchConnection* client;
    bool operator>(const Time& other) const { return when > other.when; }
  };

  void watch(int socket, BenchConnection& client, std::uint32_t events, bool known);
  void touch(BenchConnection& client) { touched_.push_back(&client); }
  std::span<char> buffer() { return buffer_; }

  void wait(Micros latest);
  void tell_times();
  void flush_touched();

  base::UniqueFd epoll_;
  std::priority_queue<Time, std::vector<Time>, std::greater<>> times_;
  std::vector<BenchConnection*> touched_;
  std::vector<BenchConnection*> flushing_;
  std::vector<char> buffer_;  // for reading, shared by all
};

}  // namespace chat::bench
