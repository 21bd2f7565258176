#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "chat/base/unique_fd.h"
#include "chat/protocol/framing.h"

namespace chat::client::test {

using nlohmann::json;

// The server's side of one connection, controlled by a script.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}

  // The next request; nothing if the client has closed.
  std::optional<json> next();
  // Reads and drops some bytes; false if the client has closed.
  bool drop_some();
  // Reads the next request, and replies with the common fields and `fields`.
  bool answer(const json& fields = json::object());

  void send(const json& message) { send_raw(frame(message)); }
  void send_raw(std::string_view bytes);
  // Ends the connection with a reset instead of a FIN.
  void reset();

  // A reply to `request`: its msgid, errno 0 and cid, and `fields` over them.
  static json reply_to(const json& request, const json& fields = json::object());
  static std::string frame(const json& message);

 private:
  const int socket_;
  protocol::FrameDecoder decoder_;
  std::string input_;
};

// Listens on 127.0.0.1 and runs the script for each connection in turn, on a separate thread.
// The connection is closed when the script returns.
class FakeServer {
 public:
  explicit FakeServer(std::function<void(Peer&)> script);
  ~FakeServer();

  std::uint16_t port() const { return port_; }

 private:
  void serve(const std::function<void(Peer&)>& script);

  base::UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> current_{-1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace chat::client::test
