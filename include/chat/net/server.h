#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "chat/base/result.h"
#include "chat/net/acceptor.h"
#include "chat/net/connection.h"
#include "chat/net/event_loop.h"
#include "chat/net/loop_pool.h"

namespace chat::net {

// Makes the one who speaks on a new connection; called in the connection's loop, `loop_index`.
using HandlerFactory = std::function<std::shared_ptr<ConnectionHandler>(Connection& connection,
                                                                        std::size_t loop_index)>;
// Called in the main loop for every accepted socket: false refuses it, and `farewell` is sent
// before the socket is closed.
using Admission = std::function<bool(const Address& peer, std::string& farewell)>;
// Called in the connection's loop after an admitted connection is gone.
using OnGone = std::function<void(const Address& peer)>;

// Accepts on the main reactor and deals connections round-robin to the sub-reactors, which own
// them from then on.
// Threading: open() and stop_accepting() in the main loop's thread; close_all() and count() from
// any. Ownership: of all connections; the loops must have stopped before it is destroyed.
class Server {
 public:
  Server(EventLoop& main_loop, LoopPool& loops, HandlerFactory factory, Admission admission,
         OnGone on_gone);
  ~Server();

  Result<void> open(const Address& address);
  const Address& address() const { return acceptor_.address(); }
  void stop_accepting() { acceptor_.close(); }

  // Tells every connection's handler, in its loop; returns at once.
  void announce_stop();
  // Closes what is still open, in each loop; returns at once.
  void close_all();
  // Connections that are open or on the way to their loop.
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  // The connections of one loop.
  class LoopConnections final : public ConnectionOwner {
   public:
    explicit LoopConnections(Server& server) : server_(server) {}
    std::unique_ptr<Connection> take_out(Connection& connection) override;
    void add(EventLoop& loop, std::size_t index, base::UniqueFd socket, const Address& peer);
    void announce_stop();
    void close_all();

   private:
    Server& server_;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  };

  void accepted(base::UniqueFd socket, const Address& peer);

  LoopPool& loops_;
  const HandlerFactory factory_;
  const Admission admission_;
  const OnGone on_gone_;
  Acceptor acceptor_;
  std::size_t next_loop_ = 0;
  std::vector<std::unique_ptr<LoopConnections>> connections_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace chat::net
