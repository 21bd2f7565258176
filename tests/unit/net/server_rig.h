#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/net/connection.h"
#include "chat/net/loop_pool.h"
#include "chat/net/server.h"
#include "support/clients/tcp_client.h"
#include "support/eventually.h"
#include "support/loop_thread.h"

namespace chat::net {

// The behaviour of a rig's handlers besides recording; called in the connection's loop.
struct Behaviour {
  std::function<void(Connection&)> on_made;  // before the connection is open
  std::function<void(Connection&, std::string_view)> on_bytes;
  std::function<void(Connection&)> on_input_end;
  std::function<void(Connection&, std::size_t)> on_written;
  std::function<void(Connection&)> on_deadline;
  std::function<void(Connection&)> on_stopping;
};

// A handler that records events, readable on any thread.
class Recorder final : public ConnectionHandler {
 public:
  Recorder(Connection& connection, std::size_t index, const Behaviour& behaviour)
      : loop_index(index), connection_(connection), behaviour_(behaviour) {}

  void on_bytes(std::string_view bytes) override {
    note_call();
    {
      base::MutexLock lock(mutex_);
      received_.append(bytes);
    }
    if (behaviour_.on_bytes) behaviour_.on_bytes(connection_, bytes);
  }
  void on_input_end() override {
    note_call();
    ++input_ends;
    if (behaviour_.on_input_end) behaviour_.on_input_end(connection_);
  }
  void on_written(std::size_t bytes) override {
    note_call();
    ++writes;
    written += bytes;
    if (behaviour_.on_written) behaviour_.on_written(connection_, bytes);
  }
  void on_deadline() override {
    note_call();
    ++deadlines;
    if (behaviour_.on_deadline) behaviour_.on_deadline(connection_);
  }
  void on_stopping() override {
    note_call();
    ++stoppings;
    if (behaviour_.on_stopping) behaviour_.on_stopping(connection_);
  }
  void on_closed() override {
    note_call();
    ++closed;
  }

  std::string received() const {
    base::MutexLock lock(mutex_);
    return received_;
  }
  std::size_t received_bytes() const {
    base::MutexLock lock(mutex_);
    return received_.size();
  }
  // Call only in the connection's loop, before it is closed.
  Connection& connection() { return connection_; }

  const std::size_t loop_index;
  std::atomic<int> input_ends{0};
  std::atomic<int> writes{0};
  std::atomic<std::size_t> written{0};
  std::atomic<int> deadlines{0};
  std::atomic<int> stoppings{0};
  std::atomic<int> closed{0};
  std::atomic<int> calls_after_closed{0};

 private:
  void note_call() {
    if (closed > 0) ++calls_after_closed;
  }

  Connection& connection_;
  const Behaviour& behaviour_;
  mutable base::Mutex mutex_;
  std::string received_ CHAT_GUARDED_BY(mutex_);
};

// Admits as configured by the test, and counts.
class FakeAdmission final : public Admission {
 public:
  bool admit(const Address& client, std::string& farewell) override {
    return !on_admit || on_admit(client, farewell);
  }
  void gone(const Address& /*client*/) override { ++gone_count; }
  bool hold_place(std::string& farewell) override {
    if (on_hold && !on_hold(farewell)) return false;
    ++held;
    return true;
  }
  void free_place() override { --held; }

  std::function<bool(const Address&, std::string&)> on_admit;
  std::function<bool(std::string&)> on_hold;
  std::atomic<int> gone_count{0};
  std::atomic<int> held{0};
};

// A server on a free loopback port, with its loops and Recorders as handlers. Set `behaviour` and
// `admission` before the first client connects.
class ServerRig {
 public:
  explicit ServerRig(std::size_t loops = 1)
      : pool_(std::make_unique<LoopPool>(loops, base::system_clock())),
        server_(std::make_unique<Server>(
            main_.loop(), *pool_,
            [this](Connection& connection, std::size_t index) { return make(connection, index); },
            admission)) {
    if (!pool_->start()) throw std::runtime_error("no loops");
    const auto opened = main_.call([this] {
      auto bound = server_->bind(Address::parse("127.0.0.1:0").value());
      return bound ? server_->listen() : bound;
    });
    if (!opened) throw std::runtime_error(opened.error().message);
  }

  ~ServerRig() {
    stop();
    for (const auto& recorder : recorders()) {
      EXPECT_LE(recorder->closed, 1);
      EXPECT_EQ(recorder->calls_after_closed, 0);
    }
  }

  void stop() {
    main_.stop();
    if (pool_) pool_->stop();
  }

  Server& server() { return *server_; }
  LoopPool& pool() { return *pool_; }
  test::LoopThread& main() { return main_; }
  void destroy_server() { server_.reset(); }
  void destroy_pool() { pool_.reset(); }

  // Opens the trusted address; a client of it.
  void open_trusted(std::chrono::milliseconds header_within = std::chrono::minutes(10)) {
    const auto opened = main_.call([&] {
      auto bound = server_->bind_trusted(Address::parse("127.0.0.1:0").value(), header_within);
      return bound ? server_->listen() : bound;
    });
    if (!opened) throw std::runtime_error(opened.error().message);
  }
  test::TcpClient connect_trusted() { return test::TcpClient(*server_->trusted_address()); }

  test::TcpClient connect(int receive_buffer_bytes = 0) {
    return test::TcpClient(server_->address(), receive_buffer_bytes);
  }
  std::vector<std::shared_ptr<Recorder>> recorders() const {
    base::MutexLock lock(mutex_);
    return recorders_;
  }
  // The Recorder of connection number `index`.
  std::shared_ptr<Recorder> recorder(std::size_t index = 0) const {
    if (!test::eventually([&] { return recorders().size() > index; })) {
      throw std::runtime_error("nobody came");
    }
    return recorders()[index];
  }
  // Runs the call in the loop of that connection, which must not be closed.
  template <typename F>
  auto in_loop(Recorder& recorder, F f) {
    return test::call_in(pool_->at(recorder.loop_index),
                         [&recorder, f = std::move(f)] { return f(recorder.connection()); });
  }
  bool all_gone() {
    return test::eventually([this] { return server_->count() == 0; });
  }

  Behaviour behaviour;
  FakeAdmission admission;

 private:
  std::shared_ptr<Recorder> make(Connection& connection, std::size_t index) {
    if (behaviour.on_made) behaviour.on_made(connection);
    auto recorder = std::make_shared<Recorder>(connection, index, behaviour);
    base::MutexLock lock(mutex_);
    recorders_.push_back(recorder);
    return recorder;
  }

  mutable base::Mutex mutex_;
  std::vector<std::shared_ptr<Recorder>> recorders_ CHAT_GUARDED_BY(mutex_);
  test::LoopThread main_;
  std::unique_ptr<LoopPool> pool_;
  std::unique_ptr<Server> server_;
};

}  // namespace chat::net
