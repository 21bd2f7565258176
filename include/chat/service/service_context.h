#pragma once

#include "chat/service/password_hasher.h"
#include "chat/service/service_environment.h"
#include "chat/service/settle_queue.h"
#include "chat/storage/values.h"

namespace chat::service {

// What the handlers work with. References outlive the dispatcher. `node` is fixed before
// traffic begins.
struct ServiceContext : ServiceEnvironment {
  SettleQueue& settle_queue;
  const PasswordHasher& hasher;
  storage::Node node;
  ServiceOptions options;
};

}  // namespace chat::service
