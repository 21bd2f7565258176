#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/rate_store.h"
#include "chat/base/worker_pool.h"
#include "chat/delivery/backlog.h"
#include "chat/delivery/journal.h"
#include "chat/delivery/presence.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/router.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/delivery/writeback.h"
#include "chat/service/password_hasher.h"
#include "chat/service/settle_queue.h"
#include "chat/session/registry.h"
#include "chat/storage/pool.h"

namespace chat::service {

struct ServiceOptions {
  std::string node;  // this server's name
  std::string version;
  std::int64_t register_per_minute = 0;          // per address; 0: no limit
  std::int64_t login_failures_per_minute = 0;    // per address; 0: no limit
  std::int64_t account_failures_per_minute = 0;  // per account; 0: no limit
  std::int64_t logins_per_minute = 0;            // per account; 0: no limit
  std::int64_t chat_per_second = 0;              // per account; 0: no limit
  std::chrono::days token_lifetime{30};          // since its last use
};

// What the handlers work with. References outlive the dispatcher. `node` is fixed before
// traffic begins.
struct ServiceContext {
  storage::Pool& pool;
  session::Registry& registry;
  delivery::UserNameCache& user_names;
  delivery::Backlog& backlog;
  delivery::Recipients& recipients;
  delivery::Writeback& writeback;
  delivery::Journal& journal;
  delivery::Router& router;
  delivery::Presence& presence;
  SettleQueue& settle_queue;
  const PasswordHasher& hasher;
  base::WorkerPool& blocking_workers;
  base::WorkerPool& hash_lane;
  base::WorkerPool& known_hash_lane;  // logins from networks that are known to the account
  base::WorkerPool& other_hash_lane;  // all but logins
  base::MemoryRateStore& rates;
  base::RateStore* shared_rates;  // what all servers share; nullptr: there is none
  const base::Clock& clock;
  storage::Node node;
  ServiceOptions options;
};

}  // namespace chat::service
