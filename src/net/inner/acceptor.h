#pragma once

#include <chrono>
#include <functional>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "chat/net/address.h"
#include "chat/net/event_loop.h"

namespace chat::net {

// A listening socket. When the process or the machine is out of descriptors or memory, or HasRoom
// is false, it pauses briefly instead of spinning; connections wait in the kernel's backlog.
// Accepted sockets have TCP_NODELAY, a small send buffer and keepalive.
// Threading: loop-confined (the main reactor).
class Acceptor final : public EventHandler {
 public:
  // Receives the accepted socket: non-blocking, close-on-exec.
  using OnAccept = std::function<void(base::UniqueFd socket, const Address& peer)>;

  // True if another connection may be accepted now.
  using HasRoom = std::function<bool()>;

  Acceptor(
      EventLoop& loop, OnAccept on_accept, HasRoom has_room = [] { return true; });
  ~Acceptor() override;

  // Binds; connections are refused until listen(). kInvalidArgument with the reason if the address
  // cannot be bound. Only once, until close().
  Result<void> bind(const Address& address);
  // Fails like bind(). Does nothing if already listening.
  Result<void> listen();
  void close();
  // The bound address, with the actual port if 0 was requested.
  const Address& address() const { return address_; }

  void on_events(std::uint32_t epoll_events) override;

 private:
  void take(base::UniqueFd client, const Address& peer);
  void log_pause(int reason);
  void pause(std::chrono::milliseconds time);
  void resume_after(std::chrono::milliseconds time);
  void resume();

  EventLoop& loop_;
  const OnAccept on_accept_;
  const HasRoom has_room_;
  base::UniqueFd socket_;
  Address address_;
  bool listens_ = false;
  TimerId resume_timer_ = 0;   // not 0: paused
  bool pause_logged_ = false;  // since the last accepted connection
};

}  // namespace chat::net
