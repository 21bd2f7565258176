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

class Moderation;

// The cost of a password hash.
struct HashCost {
  std::size_t memory_kib = 0;
  std::uint64_t ops = 0;
};

// Handles the requests of clients: owns the dispatch table with its handlers, the hasher and the
// queue of writes whose outcome is still unknown.
// Threading: open(), start() and stop() by one thread, in this order.
class Services {
 public:
  Services(const ServiceEnvironment& environment, ServiceOptions options, HashCost hash_cost);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // Fails if passwords cannot be hashed. Blocks for one hash.
  Result<void> open();
  // Call before traffic begins. `node_name` is the server's name shown to clients, `cluster_id` the
  // random id of the cluster, which they do not learn.
  void start(const storage::Node& node, const std::string& node_name,
             const std::string& cluster_id);
  // Call once the bus is started: what is left to do from before is told there.
  void start_departures();
  // Stops resolving writes of unknown outcome and filling the search index. May be called again.
  void stop();

  // After start().
  session::RequestHandler& handler();
  Moderation& moderation();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace chat::service
