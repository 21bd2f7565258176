#include "service/dispatch/session_fence.h"

#include "chat/base/sabotage.h"
#include "chat/delivery/refusals.h"
#include "chat/storage/user_model.h"

namespace chat::service {

// A deleted account is left to the caller, whose answer is more exact.
Outcome<void> refuse_older_session(storage::Connection& connection, const session::Identity& who) {
  if (base::sabotaged(base::Sabotage::kRepeatActs)) return {};
  const auto states = storage::UserModel(connection).states({&who.user, 1});
  if (!states) return failed(states);
  for (const storage::UserState& state : *states) {
    if (state.removed || state.session_epoch <= who.epoch) continue;
    return tl::make_unexpected(Fault(delivery::taken_over()));
  }
  return {};
}

}  // namespace chat::service
