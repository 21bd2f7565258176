#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/rate_store.h"
#include "chat/base/worker_pool.h"
#include "chat/delivery/delivery.h"
#include "chat/session/registry.h"
#include "chat/storage/pool.h"

namespace chat::service {

// A limit of 0 means unlimited.
struct ServiceOptions {
  std::string node;        // this server's name
  std::string cluster_id;  // secret
  std::string version;
  std::int64_t register_per_minute = 0;          // per address
  std::int64_t login_failures_per_minute = 0;    // per address
  std::int64_t account_failures_per_minute = 0;  // per account
  std::int64_t logins_per_minute = 0;            // per account
  std::int64_t chat_per_second = 0;              // per account
  std::int64_t find_per_minute = 0;              // per account
  std::int64_t acts_per_minute = 0;              // per account
  std::int64_t recall_seconds = 0;               // for how long members may recall a message
  std::int64_t edit_seconds = 0;                 // likewise, edit
  std::chrono::days token_lifetime{30};          // since its last use
};

// The pools for work that must not occupy the workers.
struct ServicePools {
  base::WorkerPool& blocking;
  base::WorkerPool& hash;        // logins from networks new to the account
  base::WorkerPool& hash_known;  // logins from networks known to the account
  base::WorkerPool& hash_other;  // everything except logins
};

// What the handlers use of other rooms. Everything here outlives the handlers.
struct ServiceEnvironment {
  storage::Pool& pool;
  session::Registry& registry;
  delivery::Delivery& delivery;
  ServicePools pools;
  base::MemoryRateStore& rates;
  base::RateStore* shared_rates;  // shared by all servers; nullptr: none
  const base::Clock& clock;
};

}  // namespace chat::service
