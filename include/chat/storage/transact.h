#pragma once

#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <variant>

#include "chat/base/queue_wait.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

inline constexpr int kTransactAttempts = 5;
// A client waits for the answer: once this much time is spent, including time in the queue, there
// is no further attempt.
inline constexpr std::chrono::milliseconds kTransactPatience{500};

// The back-off after attempt number `attempt` (1, 2, …), with full jitter so that conflicting
// transactions don't meet again.
inline std::chrono::milliseconds transact_delay(int attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(1, 5 << attempt)(random));
}

// Call after a lock that was asked for at `began` was granted: kBusy if that took so long that
// another lock can't be waited for within the time in which a client gets its answer.
inline Result<void> refuse_if_late(std::chrono::steady_clock::time_point began) {
  if (std::chrono::steady_clock::now() - began <= kTransactPatience) return {};
  return fail(ErrorCode::kBusy, "the lock was granted late");
}

inline bool is_busy(const Error& error) {
  return error.code == ErrorCode::kBusy;
}
template <typename Other>
bool is_busy(const std::variant<Error, Other>& fault) {
  const auto* error = std::get_if<Error>(&fault);
  return error != nullptr && is_busy(*error);
}

// Runs `work` in a write transaction and commits it. After a deadlock all of it is repeated, a few
// times, so `work` must be repeatable. After a lock time-out it is not: the lock was waited for, or
// is known to last. The result's error is an Error, or a variant of Error and other faults. Blocks.
template <typename Work>
auto transact(Connection& connection, Work work) -> decltype(work()) {
  using Outcome = decltype(work());
  const auto began = std::chrono::steady_clock::now();
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = [&]() -> Outcome {
      auto transaction = Transaction::begin(connection, TransactionKind::kWrite);
      if (!transaction) return tl::make_unexpected(transaction.error());
      Outcome done = work();
      if (!done) return done;
      if (auto committed = transaction->commit(); !committed) {
        return tl::make_unexpected(committed.error());
      }
      return done;
    }();
    if (outcome || !is_busy(outcome.error()) || attempt == kTransactAttempts) return outcome;
    if (connection.met_lock()) return outcome;
    const auto took = std::chrono::steady_clock::now() - began;
    if (took + base::QueueWait::current() > kTransactPatience) return outcome;
    std::this_thread::sleep_for(transact_delay(attempt));
  }
}

}  // namespace chat::storage
