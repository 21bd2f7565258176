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

// Makes the one who speaks on a new connection; called in the connection's loop, `loop_index`.
using HandlerFactory = std::function<std::shared_ptr<ConnectionHandler>(Connection& connection,
                                                                        std::size_t loop_index)>;
// So many connections at most wait for their loops to take them; who comes in a larger crowd waits
// in the kernel's backlog, and those inside don't wait for the crowd.
inline constexpr std::size_t kOpeningMax = 64;
// How long a balancer may take to say for whom it connects.
inline constexpr std::chrono::milliseconds kProxyHeaderWithin{5000};

class Acceptor;
class ProxyListener;

// Accepts on the main reactor and deals connections round-robin to the sub-reactors, which own
// them from then on. Callers of the public address are who their socket says; a caller of the
// trusted address is whom its PROXY header names, and no connection before it has named somebody.
// Threading: bind…(), listen() and stop_accepting() in the main loop's thread; close_all() and
// count() from any. Ownership: of all connections; the loops must have stopped before it is
// destroyed.
class Server {
 public:
  // `admission` must outlive it.
  Server(EventLoop& main_loop, LoopPool& loops, HandlerFactory factory, Admission& admission);
  ~Server();

  // Takes the address; callers are refused until listen().
  Result<void> bind(const Address& address);
  const Address& address() const;
  // Once. Whoever can reach this address can claim to be anybody: it is for balancers only.
  Result<void> bind_trusted(const Address& address,
                            std::chrono::milliseconds header_within = kProxyHeaderWithin);
  // At each address that was taken.
  Result<void> listen();
  // Nothing unless it was taken.
  std::optional<Address> trusted_address() const;
  // On both addresses.
  void stop_accepting();

  // Tells every connection's handler, in its loop; returns at once.
  void announce_stop();
  // Closes what is still open, in each loop; returns at once.
  void close_all();
  // Connections that are open or on the way to their loop; not those that still lack a header.
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
    std::vector<std::unique_ptr<Connection>> connections_;  // each knows its place
  };

  bool has_room() const { return opening_.load(std::memory_order_relaxed) < kOpeningMax; }
  void accepted(base::UniqueFd socket, const Address& client);
  // A connection that was admitted is no more, or has not come about.
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
