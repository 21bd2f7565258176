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

// What a connection tells the one who speaks on it. All calls come in the connection's loop.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // Bytes that just came in; valid during the call.
  virtual void on_bytes(std::string_view bytes) = 0;
  // The peer will send no more (FIN); it may still read.
  virtual void on_input_end() = 0;
  // So many bytes of what was sent have left for the socket.
  virtual void on_written(std::size_t bytes) = 0;
  // The deadline set by set_deadline() passed.
  virtual void on_deadline() = 0;
  // The server stops soon: finish what was begun and say goodbye.
  virtual void on_stopping() = 0;
  // The last call: the connection is closed and about to be destroyed.
  virtual void on_closed() = 0;
};

// Whoever keeps a loop's connections takes the closed ones out.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual std::unique_ptr<Connection> take_out(Connection& connection) = 0;
};

// One TCP connection. It owns the descriptor and the unsent output; it keeps no input: bytes go
// straight from the loop's shared read buffer to the handler. An idle one holds no buffer.
//
// States: open → (close_when_sent) draining → lingering → closed. Lingering means: everything is
// written and our side is shut, but the peer may still be sending; closing at once would make
// the kernel answer with RST and take our last words away from the peer. So we read and drop for
// a moment first.
//
// Threading: loop-confined. Ownership: by its ConnectionOwner; destroyed after the round in
// which it closed. Bounds: none of its own on output; the handler watches unsent_bytes().
class Connection final : public EventHandler,
                         public base::Slabbed<Connection>,
                         private TimerEntry,
                         private RoundEnd {
 public:
  // `peer` is whom it comes from: behind a balancer not the socket's own peer.
  Connection(EventLoop& loop, ConnectionOwner& owner, base::UniqueFd socket, const Address& peer);
  ~Connection() override;

  // Starts to read. The handler lives at least as long as the connection.
  void open(std::shared_ptr<ConnectionHandler> handler);

  EventLoop& loop() const { return loop_; }
  const Address& peer() const { return peer_; }
  // The peer's FIN or RST is here, whether or not we have read up to it.
  bool peer_hung_up() const;
  bool closed() const { return state_ == State::kClosed; }
  // How long the peer has acknowledged nothing although bytes are on their way to it; nothing when
  // none are, or when it is alive and takes no more. TCP itself goes on for a quarter of an hour.
  std::optional<std::chrono::milliseconds> unacknowledged_for() const;

  // How many bytes of input wait in the kernel.
  std::optional<std::size_t> unread_input() const;

  // Queues bytes; they leave in one write at the end of the round. Nothing after close_…().
  void send(std::string_view bytes);
  // The same for bytes that `append(std::string&)` adds to what is queued. Gives their number.
  template <typename Append>
  std::size_t send_by(Append append) {
    loop_.assert_in_loop();
    if (state_ != State::kOpen) return 0;
    const std::size_t before = output_.size();
    append(output_.writable());
    if (output_.size() > before) flush_at_round_end();
    return output_.size() - before;
  }
  // Writes what is queued at once.
  void flush_now();
  std::size_t unsent_bytes() const { return output_.size() - written_; }

  void pause_reading();
  void resume_reading();

  // One deadline at a time; setting replaces it, and it is gone once it has passed. Also counts
  // while close_when_sent() writes (a peer may never read), but no longer once everything is
  // written.
  void set_deadline(base::SteadyTime due);
  std::optional<base::SteadyTime> deadline() const { return due(); }

  // Stops reading, writes what is queued, then closes gracefully. on_closed() comes later,
  // never from inside this call.
  void close_when_sent();
  // Closes now: on_closed() comes before it returns. What was not written is lost.
  void close() noexcept;

  void announce_stop() {
    if (state_ == State::kOpen) handler_->on_stopping();
  }

  // For the owner: where it keeps this connection.
  std::uint32_t place() const { return place_; }
  void set_place(std::uint32_t place) { place_ = place; }

  void on_events(std::uint32_t epoll_events) override;
  // Closes: whatever the handler threw (mostly for want of memory) is this connection's end only.
  void on_failure() noexcept override { close(); }

 private:
  enum class State : std::uint8_t { kOpen, kDraining, kLingering, kClosed };

  void on_deadline() override;
  void on_round_end() override;
  // A fault of the handler in `call` closes the connection.
  template <typename Call>
  void guarded(Call call) noexcept;
  void read_in_loop();
  void discard_input();
  void flush();
  void finish_output();
  void flush_at_round_end();
  void begin_lingering();
  std::uint8_t wanted_events() const;
  void update_interest();

  EventLoop& loop_;
  ConnectionOwner& owner_;
  // There are very many of these: no hole between the small ones.
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
