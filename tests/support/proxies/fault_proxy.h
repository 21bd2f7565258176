#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "support/deadline.h"
#include "support/temp_dir.h"

namespace chat::test {

// A proxy between a client and its server that injects network faults. Settings apply to existing
// and new connections, in both directions unless one is named.
// Threading: thread-safe; a separate thread moves the bytes. Bounds: buffers at most 256 KiB per
// direction of a connection, then stops reading.
class FaultProxy {
 public:
  enum class Way { kToServer, kToClient };
  // What happens to some bytes and their connection.
  enum class Fate {
    kPass,
    kCutBefore,  // they are dropped, and the connection is cut
    kCutAfter,   // they arrive; the client is cut off, the server once it has answered
    kLose,       // they are dropped, and nothing else happens
  };
  // Called for each piece read, on the proxy's thread.
  using Judge = std::function<Fate(Way, std::string_view bytes)>;
  // The same with the connection's number, from 1.
  using ConnectionJudge =
      std::function<Fate(std::uint64_t connection, Way, std::string_view bytes)>;

  enum class Front { kSocket, kPort };

  // In front of a Unix socket, listening on another one or on a free loopback port.
  explicit FaultProxy(std::string server_socket, Judge judge = {});
  FaultProxy(std::string server_socket, ConnectionJudge judge, Front front = Front::kSocket);
  // In front of a loopback port, listening on a free one.
  explicit FaultProxy(std::uint16_t server_port, Judge judge = {});
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  std::string socket() const { return dir_.file("proxy.sock"); }
  std::uint16_t port() const { return port_; }

  // Limits blackhole(), reset_all(), half_close_all() and the latency to connections whose client
  // has sent this text within its first bytes ("SUBSCRIBE", "PUBLISH" …). Empty: all connections.
  void only_those_that_sent(std::string text);

  // 0 ends each of these.
  void set_latency(milliseconds latency);
  void limit_bandwidth(std::int64_t bytes_per_second);
  void limit_slices(std::int64_t bytes);  // of one write
  // Blocks this direction, including its end, until switched off; then everything is delivered,
  // also what a client sent that has closed its connection since. A judge may switch it on, from
  // the piece that it judges.
  void blackhole(Way way, bool on);
  // New connections go to another server's Unix socket.
  void redirect(std::string server_socket) CHAT_EXCLUDES(scope_mutex_);
  // New connections are closed at once.
  void refuse(bool on) { setting_.refuses = on; }
  // Once: after `bytes` more bytes in this direction, cuts the connection that carried the last
  // one.
  void cut_after(Way way, std::int64_t bytes);

  // Return when done. TCP peers see RST, Unix peers the end.
  void reset_all();
  // The receiving side sees the end of its input; the other direction continues.
  void half_close_all(Way way);

  // How many connections were cut, except by reset_all().
  int cuts() const { return cuts_; }
  int connections() const { return connections_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Piece {
    Time due;
    std::string bytes;
  };
  // One way of a connection.
  struct Lane {
    std::deque<Piece> pieces;
    std::size_t held_bytes = 0;
    Time not_before;        // for the bandwidth limit
    bool ended = false;     // the input
    bool finished = false;  // the end was passed on
    bool full = false;      // the receiver accepts no more now
  };
  struct Link {
    std::uint64_t number = 0;
    std::array<base::UniqueFd, 2> ends;  // the client's and the server's
    std::array<Lane, 2> lanes;           // by Way
    std::string head;                    // the first bytes that the client sent
    bool client_cut = false;
    bool dead = false;
  };
  struct Setting {
    std::array<std::atomic<bool>, 2> held = {false, false};
    std::array<std::atomic<std::int64_t>, 2> cut_after = {-1, -1};
    std::atomic<std::int64_t> latency_ms = 0;
    std::atomic<std::int64_t> bytes_per_second = 0;
    std::atomic<std::int64_t> slice_bytes = 0;
    std::array<std::atomic<bool>, 2> half_close_asked = {false, false};
    std::atomic<bool> reset_asked = false;
    std::atomic<bool> refuses = false;
  };

  void listen_and_work(Front front);
  void wake();
  void work();
  void wait(std::vector<short>& events_of_ends, bool& connection_waits);
  void obey();
  bool is_chosen(const Link& link) const CHAT_EXCLUDES(scope_mutex_);
  bool is_held(const Link& link, std::size_t way) const;
  void accept_one();
  base::UniqueFd connect_to_server() const CHAT_EXCLUDES(scope_mutex_);
  void carry(Link& link, std::size_t way, short events);
  void read_some(Link& link, std::size_t way);
  void send_due(Link& link, std::size_t way);
  std::size_t allowed_now(const Lane& lane, std::size_t way) const;
  void note_sent(Link& link, std::size_t way, std::size_t bytes);
  int next_turn_ms() const;
  static void reset(Link& link);

  const std::uint16_t server_port_;
  const ConnectionJudge judge_;
  TempDir dir_;
  std::uint16_t port_ = 0;
  base::UniqueFd listener_;
  base::UniqueFd wake_;
  Setting setting_;
  mutable base::Mutex scope_mutex_;
  std::string scope_ CHAT_GUARDED_BY(scope_mutex_);
  std::string server_socket_ CHAT_GUARDED_BY(scope_mutex_);  // empty: a port
  std::atomic<bool> stopping_ = false;
  std::atomic<int> cuts_ = 0;
  std::atomic<int> connections_ = 0;
  // confined to the thread
  std::vector<std::unique_ptr<Link>> links_;
  std::uint64_t last_number_ = 0;
  Time accepts_from_;
  base::Thread thread_;
};

}  // namespace chat::test
