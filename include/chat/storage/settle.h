#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"
#include "chat/storage/transact.h"

// Resolving writes whose COMMIT was not answered.
//
// When the connection dies after COMMIT was sent, the transaction has taken effect, or it has not,
// or it is still open on the server and will be decided soon. transact_settled() runs the same work
// again on another connection, and the work recognises its own earlier effect. This is sound for
// two reasons. Everything runs in an explicit transaction whose statements were answered before
// COMMIT was sent, so its rows stay locked until the server has decided. And the repeated work
// writes or locks the same rows, so it waits for that decision, after which the first attempt can
// change nothing any more.
//
// Idempotent work (setting a user offline by its session epoch, erasing a token) needs no such
// check. Other work compares a value that only its own attempt can have written: a password hash
// with its random salt, a token, the creator of a group.
//
// SQLite never loses an answer: a failed COMMIT is undone before the call returns.
namespace chat::storage {

// How long the client waits for the outcome: kSettlePatience from the start of the write, but at
// least kSettleMoment from the lost answer.
inline constexpr std::chrono::milliseconds kSettlePatience{1500};
inline constexpr std::chrono::milliseconds kSettleMoment{200};

inline const Error* error_of(const Error& error) {
  return &error;
}
template <typename Other>
const Error* error_of(const std::variant<Error, Other>& fault) {
  return std::get_if<Error>(&fault);
}

// Runs `work(connection, repeated)` as transact() does, until its outcome is known. `repeated`: an
// earlier attempt may have taken effect. kOutcomeUnknown: the outcome could not be found out in
// time. Blocks for at most kSettlePatience, or kSettleMoment longer than transact(). The caller
// must hold no lease. `settles` is false only for sabotage (chat/base/sabotage.h): a lost answer is
// then passed on at once.
template <typename Work>
auto transact_settled(Pool& pool, Work work, bool settles = true)
    -> std::invoke_result_t<Work&, Connection&, bool /*repeated*/> {
  using Outcome = std::invoke_result_t<Work&, Connection&, bool>;
  const auto began = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> give_up;
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = [&]() -> Outcome {
      auto lease = pool.lease();
      if (!lease) return tl::make_unexpected(lease.error());
      return transact(**lease, [&] { return work(**lease, give_up.has_value()); });
    }();
    if (outcome) return outcome;
    const Error* error = error_of(outcome.error());
    if (error == nullptr) return outcome;  // a refusal, decided under the locks
    const bool lost = error->code == ErrorCode::kOutcomeUnknown;
    if ((!lost && !give_up) || !settles) return outcome;
    const auto now = std::chrono::steady_clock::now();
    if (!give_up) give_up = std::max(began + kSettlePatience, now + kSettleMoment);
    // An error of a repeated attempt tells nothing about the first one.
    if (now >= *give_up) {
      return tl::make_unexpected(Error{ErrorCode::kOutcomeUnknown, error->message});
    }
    std::this_thread::sleep_for(transact_delay(std::min(attempt, 4)));
  }
}

}  // namespace chat::storage
