#include "chat/net/server.h"

#include <string>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/log_limiter.h"
#include "net/inner/acceptor.h"
#include "net/inner/proxy_listener.h"
#include "net/inner/turn_away.h"

namespace chat::net {
namespace {

constinit log::Limiter hand_over_failures{log::kUsualLines};

}  // namespace

Server::Server(EventLoop& main_loop, LoopPool& loops, HandlerFactory factory, Admission& admission)
    : main_loop_(main_loop),
      loops_(loops),
      factory_(std::move(factory)),
      admission_(admission),
      acceptor_(std::make_unique<Acceptor>(
          main_loop,
          [this](base::UniqueFd socket, const Address& peer) { accepted(std::move(socket), peer); },
          [this] { return has_room(); })) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    connections_.push_back(std::make_unique<LoopConnections>(*this));
  }
}

Server::~Server() = default;

Result<void> Server::bind(const Address& address) {
  return acceptor_->bind(address);
}

const Address& Server::address() const {
  return acceptor_->address();
}

Result<void> Server::bind_trusted(const Address& address, std::chrono::milliseconds header_within) {
  CHAT_CHECK(!trusted_);
  trusted_ = std::make_unique<ProxyListener>(
      main_loop_, admission_, header_within,
      [this](base::UniqueFd socket, const Address& client) { accepted(std::move(socket), client); },
      [this] { return has_room(); });
  return trusted_->bind(address);
}

Result<void> Server::listen() {
  if (auto listens = acceptor_->listen(); !listens) return listens;
  return trusted_ ? trusted_->listen() : Result<void>{};
}

std::optional<Address> Server::trusted_address() const {
  if (!trusted_) return std::nullopt;
  return trusted_->address();
}

void Server::stop_accepting() {
  acceptor_->close();
  if (trusted_) trusted_->close();
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

void Server::accepted(base::UniqueFd socket, const Address& client) {
  std::string farewell;
  if (!admission_.admit(client, farewell)) return turn_away(std::move(socket), farewell);
  count_.fetch_add(1, std::memory_order_relaxed);
  opening_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t index = next_loop_++ % loops_.size();
  EventLoop& loop = loops_.at(index);
  try {
    loop.post([this, &loop, index, socket = std::move(socket), client]() mutable {
      opening_.fetch_sub(1, std::memory_order_relaxed);
      connections_[index]->add(loop, index, std::move(socket), client);
    });
  } catch (...) {
    opening_.fetch_sub(1, std::memory_order_relaxed);
    gone(client);
    throw;
  }
}

void Server::gone(const Address& client) {
  count_.fetch_sub(1, std::memory_order_relaxed);
  admission_.gone(client);
}

// Without memory for a connection, its socket is closed and it is not counted.
void Server::LoopConnections::add(EventLoop& loop, std::size_t index, base::UniqueFd socket,
                                  const Address& client) {
  Connection* added = nullptr;
  try {
    auto connection = std::make_unique<Connection>(loop, *this, std::move(socket), client);
    added = connection.get();
    added->set_place(static_cast<std::uint32_t>(connections_.size()));
    connections_.push_back(std::move(connection));
  } catch (...) {
    log::limited_exception(hand_over_failures, "event=connection_failed");
    return server_.gone(client);
  }
  try {
    added->open(server_.factory_(*added, index));
  } catch (...) {
    log::limited_exception(hand_over_failures, "event=connection_failed");
    added->close();
  }
}

std::unique_ptr<Connection> Server::LoopConnections::take_out(Connection& connection) {
  const std::uint32_t place = connection.place();
  std::swap(connections_[place], connections_.back());
  connections_[place]->set_place(place);
  auto taken = std::move(connections_.back());
  connections_.pop_back();
  server_.gone(connection.peer());
  return taken;
}

void Server::LoopConnections::announce_stop() {
  // A handler may close its connection here, which removes it: iterate over a copy. Closed
  // connections live until the end of the round.
  std::vector<Connection*> told;
  for (const auto& connection : connections_) told.push_back(connection.get());
  for (Connection* connection : told) connection->announce_stop();
}

void Server::LoopConnections::close_all() {
  while (!connections_.empty()) connections_.back()->close();
}

}  // namespace chat::net
