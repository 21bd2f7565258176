#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "chat/base/ids.h"
#include "chat/session/session.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/fault.h"

// Fencing what sessions do to people and groups.
//
// A session may have ended without its node knowing: it was taken over on another node, an operator
// has kicked or disabled the user, or the account was deleted, while this node was paused or its
// links were down. Each of these changes the user's row, and all but the login's raise its session
// epoch in the same transaction. So the transaction of an act first locks the row and compares the
// epoch: it precedes the end of the session as a whole, or is refused. The lock also keeps a user
// who joins something from being deleted at the same time. Users are locked before groups, as by
// the deletion of an account.
namespace chat::service {

// The rows of `user` that an act locks: the actor's and, if another user takes part, its row.
struct Fence {
  storage::RowLock lock = storage::RowLock::kShared;  // kExclusive if the act writes to the rows
  std::optional<UserId> other{};  // whether it has an account is for the act to judge
};
// Of acts that change the actor's own row.
inline constexpr Fence kOwnRowFence{.lock = storage::RowLock::kExclusive};

// Locks the rows, and refuses the act if the session has ended. An error of kind kOutcomeUnknown
// instead of a refusal: `repeated`, so the session may have ended after an earlier attempt.
Outcome<void> hold_fence(storage::Connection& connection, const session::Identity& who,
                         const Fence& fence, bool repeated);

// Runs an act of a session as storage::transact_settled() does, behind its fence.
template <typename Work>
auto transact_fenced(storage::Pool& pool, const session::Identity& who, const Fence& fence,
                     Work work, bool settles = true)
    -> std::invoke_result_t<Work&, storage::Connection&, bool /*repeated*/> {
  using Done = std::invoke_result_t<Work&, storage::Connection&, bool>;
  return storage::transact_settled(
      pool,
      [&](storage::Connection& connection, bool repeated) -> Done {
        auto held = hold_fence(connection, who, fence, repeated);
        if (!held) return tl::make_unexpected(std::move(held.error()));
        return work(connection, repeated);
      },
      settles);
}

}  // namespace chat::service
