#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "support/fault_proxy.h"

namespace chat::test {

// Stands between a chat server and its database, passes bytes on, and cuts or holds up a connection
// at the worst moment: when a COMMIT, or a statement that may commit itself, is on its way. Both
// ends are Unix sockets. Threading: thread-safe.
class MysqlProxy {
 public:
  enum class Cut {
    kNothing,
    kAfterDelivery,   // the database gets the COMMIT, the chat server never gets the answer
    kBeforeDelivery,  // the COMMIT gets lost
    kHold,            // nothing is cut: the COMMIT stays here, and its transaction keeps its locks
  };

  explicit MysqlProxy(std::string database_socket)
      : proxy_(std::move(database_socket),
               [this](FaultProxy::Way way, std::string_view bytes) { return judge(way, bytes); }) {}

  std::string socket() const { return proxy_.socket(); }
  // The next COMMIT is cut in this way, once.
  void cut_next_commit(Cut cut) { cut_ = cut; }
  int cuts() const { return proxy_.cuts(); }
  // For what else can happen between the two.
  FaultProxy& network() { return proxy_; }

 private:
  FaultProxy::Fate judge(FaultProxy::Way way, std::string_view bytes);

  std::atomic<Cut> cut_ = Cut::kNothing;
  FaultProxy proxy_;  // last: its thread uses the rest
};

}  // namespace chat::test
