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

// The side of a session that its I/O loop runs: bytes in, bytes out, deadlines.
//
// Threading: loop-confined, all of it. Ownership: by the Session; the connection it speaks on is
// not its own and is gone once closed().
// Bounds: reading stops above Strand::kQueueHigh inputs and kOutputHighBytes of unread output.
// Every event, a call from outside or from the connection, ends in settle().
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
  // Writes now what is queued, not at the end of the round.
  void flush();
  // Too much is unread, or the peer sent FIN and may not listen any more either.
  bool pushes_wait() const { return peer_is_done_ || shared_.output_blocked(); }
  bool output_low() const { return shared_.output_low(); }
  // Bytes queued for the socket, and bytes that have left, since the connection began.
  std::uint64_t queued_total() const { return queued_total_; }
  std::uint64_t written_total() const { return written_total_; }

  // Counts as bytes of the client's input what it makes the server do. In debt, nothing is read,
  // no request that blocks runs, and the outlet is to push nothing from the table; once the debt is
  // paid, Outlet::on_written() is called.
  void charge(std::int64_t bytes);
  bool in_debt() const { return deadlines_.holding_back(); }

  void set_outlet(std::unique_ptr<Outlet> outlet) { outlet_ = std::move(outlet); }
  Outlet* outlet() const { return outlet_.get(); }
  bool closed() const { return connection_ == nullptr; }

  // For the workers' side.
  // Sends frames that shared_.unsent already counts; charges the client for them.
  void write_replies(const std::string& frames);
  // The strand's queue is short again.
  void on_queue_short();
  // Closes once what is queued has been written, or after `patience`.
  void close_when_sent(std::chrono::milliseconds patience);
  // The connection is gone by then in any case.
  void close_within(std::chrono::milliseconds patience);
  // Looks whether the peer has hung up, although its FIN may stand behind unread input.
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
  // There are very many sessions: the small members stand together.
  bool input_over_ : 1 = false;
  bool peer_is_done_ : 1 = false;    // by its FIN
  bool output_blocked_ : 1 = false;  // see read_or_pause()
  bool reading_ = true;
  bool unparking_ = false;  // unpark() is on its way
  bool pacing_ = false;     // the pacer's timer is set
  bool close_when_paced_ = false;
  bool slow_ = false;       // counted in SessionContext::slow_clients
  bool never_sent_ = true;  // counted in SessionContext::silent_clients
  net::Connection* connection_;
  FrameIntake intake_;
  base::TokenBucket byte_bucket_;
  std::unique_ptr<Outlet> outlet_;
  std::unique_ptr<Pacer> pacer_;  // of a classic client
  std::uint64_t queued_total_ = 0;
  std::uint64_t written_total_ = 0;
  std::uint64_t written_at_look_ = 0;  // while slow_: when that was last looked at
  Deadlines deadlines_;
};

}  // namespace chat::session
