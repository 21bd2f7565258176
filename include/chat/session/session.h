#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "chat/base/rare_string.h"
#include "chat/base/task.h"
#include "chat/net/connection.h"
#include "chat/protocol/messages/received_request.h"
#include "chat/session/conversation_state.h"
#include "chat/session/handler.h"
#include "chat/session/session_context.h"
#include "chat/session/socket_side.h"
#include "chat/session/strand.h"

namespace chat::session {

// One client's conversation: its requests in order, the replies, and who is logged in. SocketSide
// handles the connection, in its I/O loop.
//
// Threading: strand-confined members (identity, replies, strand) belong to the running request,
// socket() to the loop; the rest is thread-safe.
// Ownership: shared; holding a session does not keep its connection open. Bounds: see Strand and
// SocketSide.
class Session final : public Strand::Owner, public std::enable_shared_from_this<Session> {
 public:
  // Call in the connection's loop.
  Session(const SessionContext& context, net::Connection& connection, std::size_t loop_index);
  ~Session() override;

  // Thread-safe.
  std::size_t loop_index() const { return shared_.loop_index; }
  const net::Address& peer() const { return shared_.peer; }
  protocol::Framing framing() const { return shared_.framing.load(std::memory_order_relaxed); }
  bool classic() const { return shared_.classic(); }
  protocol::ClassicNumbers classic_numbers() const {
    return shared_.classic_numbers.load(std::memory_order_relaxed);
  }
  // No more requests will come from this client, or its connection is being closed.
  bool ending() const { return shared_.ending.load(std::memory_order_acquire); }
  // The connection is closed; answers go nowhere.
  bool gone() const { return shared_.gone.load(std::memory_order_relaxed); }
  // Sends BYE and closes, after all accepted requests have been answered.
  void say_farewell(std::string reason, std::chrono::milliseconds reconnect_after);
  // The same at once, dropping queued requests. Only the first call counts, as a repeat would
  // postpone the end; false for a repeat.
  bool evict(std::string reason, std::chrono::milliseconds reconnect_after = kNeverReconnect);
  // Checks whether the peer has hung up although its FIN has not been read; ending() is true then.
  // Runs `then` in the loop afterwards.
  void probe(base::Task then);
  void commit_begun() { shared_.strand.commit_begun(); }
  void commit_ended() { shared_.strand.commit_ended(); }
  // Runs `task` in the session's loop.
  void post_to_loop(base::Task task, std::chrono::milliseconds delay = {});

  // Loop-confined.
  SocketSide& socket() { return socket_; }
  // For net::Connection::open(): the socket side; it keeps the session alive.
  std::shared_ptr<net::ConnectionHandler> connection_handler();

  // Strand-confined.
  const Identity& identity() const { return identity_; }
  void set_identity(Identity identity) { identity_ = std::move(identity); }
  // Sends one JSON object as a frame, together with the other replies of this turn.
  void reply(std::string_view json);
  // Sends the replies so far, ahead of anything that is posted to the loop later.
  void flush_replies() override;
  // The same, and runs `then` in the loop before anything else is sent.
  void flush_replies_then(base::Task then);
  // For Wait (wait.h).
  Strand& strand() { return shared_.strand; }
  // Answers a request whose handler threw.
  void answer_fault(const protocol::RequestHead& request, const std::exception& fault);

 private:
  // Strand::Owner
  void run(Input&& input) override;
  void on_queue_short() override;
  bool must_wait(const Input& input) const override;
  std::shared_ptr<Strand::Owner> keep_alive() override { return shared_from_this(); }

  void run_request(RoutedRequest& routed);
  void run_fault(const Fault& fault);
  void run_http(const HttpCaller& caller);
  void run_farewell(const Farewell& farewell);
  void finish(std::chrono::milliseconds patience);

  ConversationState shared_;

  // strand-confined
  Identity identity_;
  base::RareString replies_;
  bool closing_ = false;

  // loop-confined
  SocketSide socket_;
};

}  // namespace chat::session
