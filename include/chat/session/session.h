#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/rare_string.h"
#include "chat/base/token_bucket.h"
#include "chat/net/connection.h"
#include "chat/protocol/framing.h"
#include "chat/protocol/messages/received_request.h"
#include "chat/session/deadlines.h"
#include "chat/session/handler.h"
#include "chat/session/session_context.h"
#include "chat/session/strand.h"

namespace chat::session {

class Pacer;

// One client's conversation: its framing, its requests in order, who is logged in on it.
//
// Threading: loop-confined members (`_in_loop`, ConnectionHandler) belong to its I/O thread,
// strand-confined ones (identity, reply, strand) to the running request; the rest is thread-safe.
// Ownership: shared; no handle keeps the connection alive. Bounds: see Strand, and the marks above.
class Session final : public net::ConnectionHandler,
                      public Strand::Owner,
                      public std::enable_shared_from_this<Session> {
 public:
  // In the connection's loop.
  Session(const SessionContext& context, net::Connection& connection, std::size_t loop_index);
  ~Session() override;

  // Thread-safe.
  std::size_t loop_index() const { return loop_index_; }
  const net::Address& peer() const { return peer_; }
  protocol::Framing framing() const { return framing_.load(std::memory_order_relaxed); }
  // The client speaks the dialect of the original course: what it gets is translated.
  bool classic() const { return framing() == protocol::Framing::kClassic; }
  protocol::ClassicNumbers classic_numbers() const {
    return classic_numbers_.load(std::memory_order_relaxed);
  }
  // No more requests will come from this client, or it is being closed.
  bool ending() const { return ending_.load(std::memory_order_acquire); }
  // The connection is closed, and nobody hears an answer.
  bool gone() const { return gone_.load(std::memory_order_relaxed); }
  // BYE and close, after what was accepted has been answered.
  void say_farewell(std::string reason, std::chrono::milliseconds reconnect_after);
  // The same at once: requests that wait are dropped. Once: a repeat would put off the end. False:
  // this was one.
  bool evict(std::string reason, std::chrono::milliseconds reconnect_after = kNeverReconnect);
  // Looks whether the peer has hung up unread by us; ending() knows then. `then` runs in the loop.
  void probe(base::Task then);
  void commit_begun() { strand_.commit_begun(); }
  void commit_ended() { strand_.commit_ended(); }
  void post_in_loop(base::Task task, std::chrono::milliseconds delay = {});

  // Strand-confined.
  const Identity& identity() const { return identity_; }
  void set_identity(Identity identity) { identity_ = std::move(identity); }
  // Sends one JSON object as a frame, with the other replies of this turn.
  void reply(std::string_view json);
  // Hands out the replies so far, before what is posted to the loop after this.
  void flush_replies() override;
  // To wait on (wait.h).
  Strand& strand() { return strand_; }
  // Answers a request that ended with an exception.
  void answer_fault(const protocol::RequestHead& request, const std::exception& fault);

  // Loop-confined.
  void logged_in_in_loop(bool heartbeat);
  void logged_out_in_loop();
  void send_in_loop(std::string_view json);
  // Counts as bytes of the client's input what it makes the server do. In debt, nothing is read,
  // no request that blocks runs, and the outlet is to push nothing from the table; once the debt is
  // paid, Outlet::on_written_in_loop() is called.
  void charge_in_loop(std::int64_t bytes);
  bool in_debt_in_loop() const { return deadlines_.holding_back(); }
  // Too much is unread, or the peer sent FIN and may not listen any more either.
  bool pushes_wait_in_loop() const;
  bool output_low_in_loop() const;
  // Bytes queued for the socket, and bytes that have left, since the connection began.
  std::uint64_t queued_total_in_loop() const { return queued_total_; }
  std::uint64_t written_total_in_loop() const { return written_total_; }
  void set_outlet_in_loop(std::unique_ptr<Outlet> outlet);
  Outlet* outlet_in_loop() const { return outlet_.get(); }
  bool closed_in_loop() const { return connection_ == nullptr; }
  void flush_in_loop();  // writes now what is queued, not at the end of the round

 private:
  // net::ConnectionHandler
  void on_bytes(std::string_view bytes) override;
  void on_input_end() override;
  void on_written(std::size_t bytes) override;
  void on_deadline() override;
  void on_stopping() override;
  void on_closed() override;
  // Strand::Owner
  void run(Input&& input) override;
  void on_queue_short() override;
  bool must_wait(const Input& input) const override;
  std::shared_ptr<Strand::Owner> keep_alive() override { return shared_from_this(); }

  bool output_blocked() const;
  void run_request(RoutedRequest& routed);
  void run_fault(const Fault& fault);
  void run_http(const HttpCaller& caller);
  void run_farewell(const Farewell& farewell);
  void finish(std::chrono::milliseconds patience);
  void notice_hang_up_in_loop();
  void write_in_loop(const std::string& frames);
  void enqueue_in_loop(std::string_view framed);
  void note_queued_in_loop(std::size_t bytes);
  void note_output_in_loop();
  bool may_stay_slow_in_loop();
  void pace_in_loop();
  void close_in_loop(std::chrono::milliseconds patience);
  void grant_in_loop(std::chrono::milliseconds patience);
  void take_frames_in_loop(std::string_view bytes);
  void hand_over_in_loop(std::vector<Input>&& inputs, std::int64_t cost);
  void take_unterminated_in_loop();
  void take_frame_in_loop(std::string_view frame, std::vector<Input>& inputs, std::int64_t& cost);
  Input input_of_in_loop(std::string_view frame, std::int64_t& cost);
  std::optional<Input> refusal_in_loop(protocol::Request& request);
  void drop_pushes_in_loop();
  std::int64_t least_cost_of(const RequestTraits& traits) const;
  bool pay_in_loop(std::int64_t bytes);
  std::optional<base::NamedBucket> strangers_bucket() const;
  bool waits_as_stranger_in_loop(std::string_view bytes);
  void unpark_in_loop();
  void time_out_in_loop(const char* reason);
  void update_reading_in_loop();
  void arm_deadline_in_loop();

  const SessionContext& context_;
  net::EventLoop& loop_;
  // There are very many sessions: the small members stand together.
  const std::uint16_t loop_index_;
  std::atomic<bool> ending_{false}, gone_{false};
  std::atomic<bool> evicted_{false};
  std::atomic<bool> owes_{false};  // was sent more replies than are due to it now
  std::atomic<protocol::Framing> framing_{protocol::Framing::kUndecided};
  std::atomic<protocol::ClassicNumbers> classic_numbers_;
  const net::Address peer_;
  // Bytes of replies on their way to the loop plus those that wait in the connection.
  std::atomic<std::size_t> unsent_{0};
  Strand strand_;
  // strand-confined
  Identity identity_;
  base::RareString replies_;
  bool closing_ = false;

  // loop-confined
  bool pacing_ = false;  // the pacer's timer is set
  bool close_when_paced_ = false;
  bool input_over_ = false, peer_is_done_ = false;  // the latter: by its FIN
  bool reading_ = true;
  bool unparking_ = false;  // unpark_in_loop() is on its way
  bool slow_ = false;       // counted in context_.slow_clients
  bool never_sent_ = true;  // counted in context_.silent_clients
  net::Connection* connection_;
  protocol::FrameDecoder decoder_;
  std::unique_ptr<std::string> parked_;  // read, and not cut into frames yet
  base::TokenBucket byte_bucket_;
  std::unique_ptr<Outlet> outlet_;
  std::unique_ptr<Pacer> pacer_;  // of a classic client
  std::uint64_t queued_total_ = 0;
  std::uint64_t written_total_ = 0;
  std::uint64_t written_at_look_ = 0;  // while slow_: when that was last looked at
  Deadlines deadlines_;
};

}  // namespace chat::session
