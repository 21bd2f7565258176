#pragma once

#include <chrono>
#include <functional>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "chat/net/address.h"
#include "chat/net/event_loop.h"

namespace chat::net {

// A listening socket. When the process or the machine is out of descriptors or memory, or there is
// no room for one more, it pauses itself for a moment instead of spinning: the kernel's backlog
// keeps the callers meanwhile. What it accepts has no delay, a small send buffer and keepalive.
// Threading: loop-confined (the main reactor).
class Acceptor final : public EventHandler {
 public:
  // Takes the accepted socket: non-blocking, close-on-exec.
  using OnAccept = std::function<void(base::UniqueFd socket, const Address& peer)>;

  // Whether somebody may be accepted now.
  using HasRoom = std::function<bool()>;

  Acceptor(
      EventLoop& loop, OnAccept on_accept, HasRoom has_room = [] { return true; });
  ~Acceptor() override;

  // Binds; callers are refused until listen(). kInvalidArgument when the address can't be had, with
  // the reason. Once only, until close().
  Result<void> bind(const Address& address);
  // Fails like bind(). Does nothing when it listens.
  Result<void> listen();
  void close();
  // Where it is bound: with the true port when 0 was asked for.
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
  TimerId resume_timer_ = 0;   // not 0: paused, and not watched
  bool pause_logged_ = false;  // since the last caller that was served
};

}  // namespace chat::net
