#pragma once

#include "chat/service/service_environment.h"
#include "chat/storage/values.h"
#include "service/credentials/password_hasher.h"
#include "service/dispatch/settle_queue.h"

namespace chat::service {

class Departures;

// The environment of the handlers. References outlive the dispatcher. `node` is fixed before
// traffic begins.
struct ServiceContext : ServiceEnvironment {
  SettleQueue& settle_queue;
  Departures& departures;
  const PasswordHasher& hasher;
  storage::Node node;
  ServiceOptions options;
};

}  // namespace chat::service
