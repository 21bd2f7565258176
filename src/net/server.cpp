#include "chat/net/server.h"

#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

namespace chat::net {
namespace {

// Closing over unread input sends RST, which may overtake the farewell: drops what a caller that
// speaks first has already said. Bounded: nobody keeps the main loop busy with it.
void discard_pending_input(int fd) {
  char dropped[4096];
  for (int i = 0; i < 16; ++i) {
    if (::recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace

Server::Server(EventLoop& main_loop, LoopPool& loops, HandlerFactory factory, Admission admission,
               OnGone on_gone)
    : loops_(loops),
      factory_(std::move(factory)),
      admission_(std::move(admission)),
      on_gone_(std::move(on_gone)),
      acceptor_(main_loop, [this](base::UniqueFd socket, const Address& peer) {
        accepted(std::move(socket), peer);
      }) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    connections_.push_back(std::make_unique<LoopConnections>(*this));
  }
}

Server::~Server() = default;

Result<void> Server::open(const Address& address) {
  return acceptor_.open(address);
}

void Server::announce_stop() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_.at(i).post([owner = connections_[i].get()] { owner->announce_stop(); });
  }
}

void Server::close_all() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_.at(i).post([owner = connections_[i].get()] { owner->close_all(); });
  }
}

void Server::accepted(base::UniqueFd socket, const Address& peer) {
  std::string farewell;
  if (!admission_(peer, farewell)) {
    // A fresh socket's buffer is empty: this short line fits or the peer is gone.
    [[maybe_unused]] const auto ignored =
        ::send(socket.get(), farewell.data(), farewell.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    discard_pending_input(socket.get());
    return;
  }
  count_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t index = next_loop_++ % loops_.size();
  EventLoop& loop = loops_.at(index);
  loop.post([this, &loop, index, socket = std::move(socket), peer]() mutable {
    connections_[index]->add(loop, index, std::move(socket), peer);
  });
}

void Server::LoopConnections::add(EventLoop& loop, std::size_t index, base::UniqueFd socket,
                                  const Address& peer) {
  auto connection = std::make_unique<Connection>(loop, *this, std::move(socket), peer);
  Connection& added = *connection;
  connections_.emplace(&added, std::move(connection));
  added.open(server_.factory_(added, index));
}

std::unique_ptr<Connection> Server::LoopConnections::take_out(Connection& connection) {
  auto node = connections_.extract(&connection);
  server_.count_.fetch_sub(1, std::memory_order_relaxed);
  server_.on_gone_(connection.peer());
  return std::move(node.mapped());
}

void Server::LoopConnections::announce_stop() {
  // A handler may close its connection here and so take it out: walk over a copy. What closes
  // lives until the round is over.
  std::vector<Connection*> told;
  for (const auto& [connection, owned] : connections_) told.push_back(connection);
  for (Connection* connection : told) connection->announce_stop();
}

void Server::LoopConnections::close_all() {
  while (!connections_.empty()) connections_.begin()->second->close();
}

}  // namespace chat::net
