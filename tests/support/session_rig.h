#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/unique_fd.h"
#include "chat/base/worker_pool.h"
#include "chat/net/loop_pool.h"
#include "chat/session/crowd_limit.h"
#include "chat/session/loops.h"
#include "chat/session/session.h"
#include "support/deadline.h"

namespace chat::test {

// The far end of a session's connection: sends bytes, reads lines.
class Peer {
 public:
  explicit Peer(base::UniqueFd socket) : socket_(std::move(socket)) {}

  void send(std::string_view bytes) {
    CHAT_CHECK(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size()));
  }
  // The next line without its LF, or what else ends it; nothing at the end of input or after a
  // time-out.
  std::optional<std::string> line(char last = '\n') {
    const Deadline deadline;
    for (;;) {
      const auto end = received_.find(last, read_);
      if (end != std::string::npos) {
        std::string text = received_.substr(read_, end - read_);
        read_ = end + 1;
        return text;
      }
      if (!receive(deadline)) return std::nullopt;
    }
  }
  // Reads and drops at least `bytes` bytes. False after a time-out.
  bool skip(std::size_t bytes) {
    const Deadline deadline;
    while (received_.size() - read_ < bytes) {
      if (!receive(deadline)) return false;
    }
    read_ = received_.size();
    return true;
  }
  // True if the server has closed the connection without further output.
  bool at_end() { return !line() && ended_; }
  void finish() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }

 private:
  bool receive(const Deadline& deadline) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, deadline.poll_timeout()) <= 0) return false;
    received_.erase(0, std::exchange(read_, 0));
    char buffer[16 * 1024];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    ended_ = count <= 0;
    if (count > 0) received_.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }

  base::UniqueFd socket_;
  std::string received_;
  std::size_t read_ = 0;  // of received_
  bool ended_ = false;
};

// A request handler controlled by the test.
class ScriptedHandler final : public session::RequestHandler {
 public:
  std::function<void(session::Session&, const protocol::Request&)> on_request;
  std::function<void(session::Session&)> on_end;
  std::atomic<int> ends{0};

  void handle(session::Session& session, protocol::Request& request,
              const session::RequestTraits& /*traits*/) override {
    if (on_request) on_request(session, request);
  }
  void end(session::Session& session) override {
    ++ends;
    if (on_end) on_end(session);
  }
  const session::RequestTraits& traits_of(int msgid) const override {
    static constexpr session::RequestTraits kUsual{};
    static constexpr session::RequestTraits kLogout{.blocks = true};
    static constexpr session::RequestTraits kHistory{.blocks = true};
    static constexpr session::RequestTraits kLogin{.carries_credentials = true};
    switch (static_cast<protocol::Msgid>(msgid)) {
      case protocol::Msgid::kLogout: return kLogout;
      case protocol::Msgid::kHistory: return kHistory;
      case protocol::Msgid::kLogin: return kLogin;
      default: return kUsual;
    }
  }
};

// Loops, workers and real sessions over socket pairs: no server, no listener.
class SessionRig final : public net::ConnectionOwner {
 public:
  explicit SessionRig(std::size_t loop_count = 1, std::size_t worker_count = 2,
                      session::SessionOptions options = {}, std::size_t slow_max = 0,
                      std::size_t silent_max = 0)
      : pool_(loop_count, base::system_clock()),
        loops_(pool_),
        workers_("worker", worker_count, 1 << 16),
        slow_clients_(slow_max),
        silent_clients_(silent_max),
        context_{{workers_, workers_},
                 handler,
                 base::system_clock(),
                 slow_clients_,
                 silent_clients_,
                 rates_,
                 options} {
    CHAT_CHECK(pool_.start().has_value());
    workers_.start();
  }
  ~SessionRig() override { stop(); }

  void stop() {
    workers_.stop();
    pool_.stop();
  }

  // Runs the call in that loop and returns its result.
  template <typename F>
  auto in_loop(std::size_t loop_index, F f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto result = task.get_future();
    loops_.post(loop_index, [&task] { task(); });
    return result.get();
  }
  template <typename F>
  auto in_loop(F f) {
    return in_loop(0, std::move(f));
  }

  struct Pair {
    std::shared_ptr<session::Session> session;
    std::unique_ptr<Peer> peer;
  };
  Pair connect(std::size_t loop_index = 0, std::string_view peer = "127.0.0.1:7") {
    int ends[2] = {-1, -1};
    CHAT_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    Pair pair{nullptr, std::make_unique<Peer>(base::UniqueFd(ends[0]))};
    pair.session = adopt(base::UniqueFd(ends[1]), loop_index, peer);
    return pair;
  }
  // Makes a session on one end of a connection; the caller has the other.
  std::shared_ptr<session::Session> adopt(base::UniqueFd socket, std::size_t loop_index = 0,
                                          std::string_view peer = "127.0.0.1:7") {
    return in_loop(loop_index, [&] { return make(loop_index, std::move(socket), peer); });
  }

  // The deadline of the session's connection. Call in the loop.
  std::optional<base::SteadyTime> deadline_of(const session::Session& session) {
    base::MutexLock lock(mutex_);
    for (const auto& [connection, owned] : connections_) {
      if (sessions_.at(connection) == &session) return connection->deadline();
    }
    return std::nullopt;
  }

  // How much of what its peer sent the session has not read. In the loop.
  std::size_t unread_by(const session::Session& session) {
    base::MutexLock lock(mutex_);
    for (const auto& [connection, owned] : connections_) {
      if (sessions_.at(connection) == &session) return connection->unread_input().value_or(0);
    }
    return 0;
  }

  session::Loops& loops() { return loops_; }
  base::WorkerPool& workers() { return workers_; }

  ScriptedHandler handler;

 private:
  std::shared_ptr<session::Session> make(std::size_t loop_index, base::UniqueFd socket,
                                         std::string_view address) {
    const auto peer = net::Address::parse(address);
    auto connection =
        std::make_unique<net::Connection>(pool_.at(loop_index), *this, std::move(socket), *peer);
    auto session = std::make_shared<session::Session>(context_, *connection, loop_index);
    connection->open(session->connection_handler());
    base::MutexLock lock(mutex_);
    sessions_.emplace(connection.get(), session.get());
    connections_.emplace(connection.get(), std::move(connection));
    return session;
  }
  std::unique_ptr<net::Connection> take_out(net::Connection& connection) override {
    base::MutexLock lock(mutex_);
    auto node = connections_.extract(&connection);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  net::LoopPool pool_;
  session::Loops loops_;
  base::WorkerPool workers_;
  session::CrowdLimit slow_clients_;
  session::CrowdLimit silent_clients_;
  base::MemoryRateStore rates_{base::system_clock()};
  session::SessionContext context_;
  base::Mutex mutex_;
  std::unordered_map<net::Connection*, std::unique_ptr<net::Connection>> connections_
      CHAT_GUARDED_BY(mutex_);
  std::unordered_map<const net::Connection*, const session::Session*> sessions_
      CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::test
