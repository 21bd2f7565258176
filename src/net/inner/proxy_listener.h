#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "chat/base/result.h"
#include "chat/net/admission.h"
#include "chat/net/event_loop.h"
#include "net/inner/acceptor.h"

namespace chat::net {

// The listener for balancers: a connection must first send its PROXY header, and is then handed on
// with the client's address in place of the balancer's. Only the header is read; the client's data
// stays in the kernel. A connection with a malformed or late header is closed silently and logged;
// one that closes without sending anything is a health check, and is not logged.
// Threading: loop-confined (the main reactor). Bounds: each connection here holds a place of
// Admission, buffers less than one header, and stays at most `header_within`.
class ProxyListener final {
 public:
  // `on_client` gets the socket and the client's address, after its place is freed.
  ProxyListener(EventLoop& loop, Admission& admission, std::chrono::milliseconds header_within,
                Acceptor::OnAccept on_client, Acceptor::HasRoom has_room);
  ~ProxyListener();

  // See Acceptor.
  Result<void> bind(const Address& address) { return acceptor_.bind(address); }
  Result<void> listen() { return acceptor_.listen(); }
  // Also closes connections without a complete header.
  void close();
  const Address& address() const { return acceptor_.address(); }

 private:
  class Arrival;

  void accepted(base::UniqueFd socket, const Address& peer);
  void announce(Arrival& arrival, const Address& client);
  void refuse(Arrival& arrival, std::string_view reason);
  void let_go(Arrival& arrival) noexcept;

  EventLoop& loop_;
  Admission& admission_;
  const std::chrono::milliseconds header_within_;
  const Acceptor::OnAccept on_client_;
  Acceptor acceptor_;
  std::unordered_map<Arrival*, std::unique_ptr<Arrival>> arrivals_;
};

}  // namespace chat::net
