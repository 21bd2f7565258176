#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/rare_string.h"
#include "chat/base/slab.h"
#include "chat/base/unique_fd.h"
#include "chat/net/address.h"
#include "chat/net/event_loop.h"
#include "chat/net/timer.h"

namespace chat::net {

class Connection;

// Receives the events of a connection, in its loop.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // Received bytes; valid during the call.
  virtual void on_bytes(std::string_view bytes) = 0;
  // The peer will send no more (FIN); it may still read.
  virtual void on_input_end() = 0;
  // `bytes` of the queued output were written to the socket.
  virtual void on_written(std::size_t bytes) = 0;
  // The deadline set by set_deadline() passed.
  virtual void on_deadline() = 0;
  // The server is about to stop: finish pending work and say goodbye.
  virtual void on_stopping() = 0;
  // The last call: the connection is closed and about to be destroyed.
  virtual void on_closed() = 0;
};

// Owns a loop's connections and releases them once closed.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual std::unique_ptr<Connection> take_out(Connection& connection) = 0;
};

// One TCP connection. It owns the descriptor and the unsent output, but no input: bytes go straight
// from the loop's shared read buffer to the handler. An idle connection holds no buffer.
//
// States: open → (close_when_sent) draining → lingering → closed. While lingering, all output is
// written and our side is shut down, but the peer may still be sending. Closing at once would make
// the kernel send RST, which can discard our last output at the peer; so input is read and dropped
// for a moment first.
//
// Threading: loop-confined. Ownership: by its ConnectionOwner; destroyed after the round in which
// it closed. Bounds: none on output; the handler watches unsent_bytes().
class Connection final : public EventHandler,
                         public base::Slabbed<Connection>,
                         private TimerEntry,
                         private RoundEnd {
 public:
  // `peer` is the client's address, behind a balancer not that of the socket's peer.
  Connection(EventLoop& loop, ConnectionOwner& owner, base::UniqueFd socket, const Address& peer);
  ~Connection() override;

  // Starts reading. The handler lives at least as long as the connection.
  void open(std::shared_ptr<ConnectionHandler> handler);

  EventLoop& loop() const { return loop_; }
  const Address& peer() const { return peer_; }
  // The peer's FIN or RST has arrived, even if input before it is unread.
  bool peer_hung_up() const;
  bool closed() const { return state_ == State::kClosed; }
  // How long data has been in flight to the peer without a TCP acknowledgement. Nothing if no data
  // is in flight, or if the peer is alive with a full receive window. TCP itself gives up after a
  // quarter of an hour.
  std::optional<std::chrono::milliseconds> unacknowledged_for() const;

  // How many bytes of input wait in the kernel.
  std::optional<std::size_t> unread_input() const;

  // Queues bytes, which are written at the end of the round. Does nothing after close_…().
  void send(std::string_view bytes);
  // The same for bytes that `append(std::string&)` appends to the queued output. Returns their
  // number.
  template <typename Append>
  std::size_t send_by(Append append) {
    loop_.assert_in_loop();
    if (state_ != State::kOpen) return 0;
    const std::size_t before = output_.size();
    append(output_.writable(loop_.spare_outputs()));
    if (output_.size() > before) flush_at_round_end();
    return output_.size() - before;
  }
  // Writes the queued output at once. Does not close a broken connection, because the caller, and
  // its callers, may belong to the handler: that happens at the end of the round.
  void flush_now();
  std::size_t unsent_bytes() const { return output_.size() - written_; }

  void pause_reading();
  void resume_reading();

  // One deadline at a time, which a new one replaces. It still applies while close_when_sent()
  // writes (a peer may never read), but not once everything is written.
  void set_deadline(base::SteadyTime due);
  std::optional<base::SteadyTime> deadline() const { return due(); }

  // Stops reading, writes the queued output, then closes gracefully. on_closed() is called later,
  // never from inside this call.
  void close_when_sent();
  // Closes now, discarding unsent output. on_closed() is called before it returns.
  void close() noexcept;

  void announce_stop() {
    if (state_ == State::kOpen) handler_->on_stopping();
  }

  // For the owner: the connection's index there.
  std::uint32_t place() const { return place_; }
  void set_place(std::uint32_t place) { place_ = place; }

  void on_events(std::uint32_t epoll_events) override;
  // An exception from the handler (usually out of memory) ends this connection only.
  void on_failure() noexcept override { close(); }

 private:
  enum class State : std::uint8_t { kOpen, kDraining, kLingering, kClosed };

  void on_deadline() override;
  void on_round_end() override;
  // An exception from `call` closes the connection.
  template <typename Call>
  void guarded(Call call) noexcept;
  void read_in_loop();
  void discard_input();
  void flush();
  bool write_output();
  void finish_output();
  void flush_at_round_end();
  void begin_lingering();
  std::uint8_t wanted_events() const;
  void update_interest();

  EventLoop& loop_;
  ConnectionOwner& owner_;
  // Ordered to avoid padding: there are very many connections.
  base::UniqueFd socket_;
  State state_ = State::kOpen;
  bool reading_ : 1 = true;
  bool input_ended_ : 1 = false;
  bool flush_queued_ : 1 = false;
  bool wants_write_ : 1 = false;
  std::uint8_t interest_ = 0;  // EPOLLIN and EPOLLOUT, as the loop knows it
  Address peer_;
  std::uint32_t place_ = 0;
  std::shared_ptr<ConnectionHandler> handler_;
  base::RareString output_;
  std::size_t written_ = 0;  // of output_
};

}  // namespace chat::net
