#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "chat/net/address.h"
#include "chat/net/admission.h"
#include "chat/net/connection.h"
#include "chat/net/event_loop.h"
#include "chat/net/loop_pool.h"

namespace chat::net {

// Makes the handler of a new connection; called in the connection's loop, number `loop_index`.
using HandlerFactory = std::function<std::shared_ptr<ConnectionHandler>(Connection& connection,
                                                                        std::size_t loop_index)>;
// At most this many accepted connections wait for their loops. In a larger burst the rest wait in
// the kernel's backlog, so that existing clients are not delayed.
inline constexpr std::size_t kOpeningMax = 64;
// How long a balancer may take to send its PROXY header.
inline constexpr std::chrono::milliseconds kProxyHeaderWithin{5000};

class Acceptor;
class ProxyListener;

// Accepts on the main loop and deals connections round-robin to the I/O loops, which own them from
// then on. The client of a connection to the public address is the socket's peer; for the trusted
// address it is the one that the PROXY header names, and no handler is made before that.
// Threading: bind…(), listen() and stop_accepting() in the main loop's thread; close_all() and
// count() from any. Ownership: of all connections; the loops must have stopped before it is
// destroyed.
class Server {
 public:
  // `admission` must outlive it.
  Server(EventLoop& main_loop, LoopPool& loops, HandlerFactory factory, Admission& admission);
  ~Server();

  // Binds the address; connections are refused until listen().
  Result<void> bind(const Address& address);
  const Address& address() const;
  // Call once. Anyone who can reach this address can claim any client address: it is for balancers
  // only.
  Result<void> bind_trusted(const Address& address,
                            std::chrono::milliseconds header_within = kProxyHeaderWithin);
  // On every bound address.
  Result<void> listen();
  // Nothing unless bind_trusted() was called.
  std::optional<Address> trusted_address() const;
  // On both addresses.
  void stop_accepting();

  // Calls on_stopping() of every handler, in its loop; returns at once.
  void announce_stop();
  // Closes all open connections, in their loops; returns at once.
  void close_all();
  // Connections open or on the way to their loop, except those that still lack a PROXY header.
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  // The connections of one loop.
  class LoopConnections final : public ConnectionOwner {
   public:
    explicit LoopConnections(Server& server) : server_(server) {}
    std::unique_ptr<Connection> take_out(Connection& connection) override;
    void add(EventLoop& loop, std::size_t index, base::UniqueFd socket, const Address& client);
    void announce_stop();
    void close_all();

   private:
    Server& server_;
    std::vector<std::unique_ptr<Connection>> connections_;  // each knows its index
  };

  bool has_room() const { return opening_.load(std::memory_order_relaxed) < kOpeningMax; }
  void accepted(base::UniqueFd socket, const Address& client);
  // An admitted connection has closed, or could not be made.
  void gone(const Address& client);

  EventLoop& main_loop_;
  LoopPool& loops_;
  const HandlerFactory factory_;
  Admission& admission_;
  const std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<ProxyListener> trusted_;  // null unless bind_trusted()
  std::size_t next_loop_ = 0;
  std::vector<std::unique_ptr<LoopConnections>> connections_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> opening_{0};  // of them: those on the way to their loop
};

}  // namespace chat::net
