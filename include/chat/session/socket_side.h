#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/token_bucket.h"
#include "chat/net/connection.h"
#include "chat/session/conversation_state.h"
#include "chat/session/deadlines.h"
#include "chat/session/frame_intake.h"
#include "chat/session/handler.h"

namespace chat::session {

class Pacer;

// The side of a session that runs in its I/O loop: input, output and deadlines.
//
// Threading: loop-confined. Ownership: owned by the Session; does not own the connection, which is
// gone once closed().
// Bounds: reading stops above Strand::kQueueHigh queued inputs or kOutputHighBytes of unread
// output.
// Every event, whether a call from outside or from the connection, ends in settle().
class SocketSide final : public net::ConnectionHandler {
 public:
  SocketSide(ConversationState& shared, net::Connection& connection);
  ~SocketSide() override;
  SocketSide(const SocketSide&) = delete;
  SocketSide& operator=(const SocketSide&) = delete;

  void logged_in(bool heartbeat);
  void logged_out();

  // Sends one JSON object as a frame.
  void send(std::string_view json);
  // Writes queued output now instead of at the end of the round.
  void flush();
  // Too much output is unread, or the peer has sent FIN and may not be listening either.
  bool pushes_wait() const {
    return peer_is_done_ || shared_.output_blocked() || (pacer_ && pacer_is_full());
  }
  // There is room for many pushes.
  bool output_low() const { return shared_.output_low() && (!pacer_ || pacer_is_short()); }
  // Bytes queued for the socket, and bytes written to it, since the connection began.
  std::uint64_t queued_total() const { return queued_total_; }
  std::uint64_t written_total() const { return written_total_; }

  // Charges the client for work that it causes, in bytes of input. While it is in debt, nothing is
  // read, no request that blocks runs, and the outlet must push nothing from the table; once the
  // debt is paid, Outlet::on_written() is called.
  void charge(std::int64_t bytes);
  bool in_debt() const { return deadlines_.holding_back(); }

  void set_outlet(std::unique_ptr<Outlet> outlet) { outlet_ = std::move(outlet); }
  Outlet* outlet() const { return outlet_.get(); }
  bool closed() const { return connection_ == nullptr; }

  // Called for the workers' side of the session:
  // Sends frames that are already counted in shared_.unsent, and charges the client for them.
  void write_replies(const std::string& frames);
  // The strand's queue is short again.
  void on_queue_short();
  // Closes once the queued output has been written, or after `patience`.
  void close_when_sent(std::chrono::milliseconds patience);
  // Closes the connection after `patience` in any case.
  void close_within(std::chrono::milliseconds patience);
  // Checks whether the peer has hung up, even if its FIN is behind unread input.
  void notice_hang_up();

 private:
  // net::ConnectionHandler
  void on_bytes(std::string_view bytes) override;
  void on_input_end() override;
  void on_written(std::size_t bytes) override;
  void on_deadline() override;
  void on_stopping() override;
  void on_closed() override;

  void take_frames(std::string_view bytes);
  void take_unterminated();
  void hand_over(FrameIntake::Batch&& batch);
  void unpark();
  bool pay(std::int64_t bytes);
  std::optional<base::NamedBucket> strangers_bucket() const;
  bool waits_as_stranger();

  bool is_paced() const;
  bool pacer_is_full() const;
  bool pacer_is_short() const;
  void enqueue(std::string_view framed);
  void note_queued(std::size_t bytes);
  void note_output();
  bool may_stay_slow();
  void pace();
  void drop_pushes();

  void time_out(const char* reason);
  void grant(std::chrono::milliseconds patience);
  void settle();
  void read_or_pause();
  void arm_deadline();

  ConversationState& shared_;
  // There may be very many sessions, so small members are grouped.
  bool input_over_ : 1 = false;
  bool peer_is_done_ : 1 = false;    // it has sent FIN
  bool output_blocked_ : 1 = false;  // see read_or_pause()
  bool reading_ = true;
  bool unparking_ = false;  // unpark() is posted
  bool pacing_ = false;     // the pacer's timer is set
  bool close_when_paced_ = false;
  bool slow_ = false;       // counted in SessionContext::slow_clients
  bool never_sent_ = true;  // counted in SessionContext::silent_clients
  net::Connection* connection_;
  FrameIntake intake_;
  base::TokenBucket byte_bucket_;
  std::unique_ptr<Outlet> outlet_;
  std::unique_ptr<Pacer> pacer_;  // for a classic client
  std::uint64_t queued_total_ = 0;
  std::uint64_t written_total_ = 0;
  std::uint64_t written_at_look_ = 0;  // while slow_: at the last check
  Deadlines deadlines_;
};

}  // namespace chat::session
