#pragma once

#include <chrono>
#include <cstdint>

#include "chat/base/ids.h"
#include "chat/base/rate_store.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// What a request costs its account; chats and searches have limits of their own.
enum class Charge : std::uint8_t {
  kNothing,
  kAct,   // locks rows, and may write and notify others, also if it changes nothing
  kRead,  // reads lists or profiles
};

// The rate limits of acts and reads: one bucket each per account, whatever its connections and
// framings. Reads have more, because a client may page through its lists and groups at each login.
// Threading: thread-safe.
class ActRates {
 public:
  static constexpr std::int64_t kBurstMinutes = 2;
  static constexpr std::int64_t kReadsPerAct = 10;

  explicit ActRates(ServiceContext& context);

  // Takes one token and returns 0 ms. Otherwise takes none and returns how long to wait.
  std::chrono::milliseconds take(UserId user, Charge charge);

 private:
  base::MemoryRateStore& rates_;
  const base::Rate acts_;
  const base::Rate reads_;
};

}  // namespace chat::service
