#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "chat/base/result.h"
#include "chat/service/service_environment.h"
#include "chat/session/handler.h"
#include "chat/storage/values.h"

namespace chat::service {

// What a password hash costs.
struct HashCost {
  std::size_t memory_kib = 0;
  std::uint64_t ops = 0;
};

// Answers the requests of clients: owns the dispatch table with its handlers, the hasher and the
// queue of writes whose outcome is not known yet.
// Threading: open(), start() and stop() by one thread, in this order.
class Services {
 public:
  Services(const ServiceEnvironment& environment, ServiceOptions options, HashCost hash_cost);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // Fails when passwords can't be hashed. Blocks for one hash.
  Result<void> open();
  // Before traffic begins. `node_name` is what clients are told about this server.
  void start(const storage::Node& node, const std::string& node_name);
  // Looks into doubtful writes no more. May be called again.
  void stop();

  // After start().
  session::RequestHandler& handler();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace chat::service
