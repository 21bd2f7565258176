#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "support/clients/raw_client.h"

namespace chat::test {

// A proxy for binary framing that tampers with the server's frames: each is replaced by the result
// of `tamper`, which runs on the proxy's thread. Bytes from clients are forwarded unchanged.
// Listens on a port of 127.0.0.1. Threading: thread-safe; a separate thread moves the bytes.
class FrameProxy {
 public:
  using Tamper = std::function<std::vector<Json>(const Json& frame)>;

  FrameProxy(std::uint16_t server_port, Tamper tamper);
  ~FrameProxy();
  FrameProxy(const FrameProxy&) = delete;
  FrameProxy& operator=(const FrameProxy&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  struct Link {
    base::UniqueFd client;
    base::UniqueFd server;
    std::string unread;  // an incomplete frame of the server
    bool dead = false;
  };

  void work();
  void accept_one();
  void carry(Link& link, bool from_client);
  std::string tampered(std::string& unread) const;

  const std::uint16_t server_port_;
  const Tamper tamper_;
  base::UniqueFd listener_;
  base::UniqueFd stop_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Link>> links_;  // confined to the thread
  base::Thread thread_;
};

}  // namespace chat::test
