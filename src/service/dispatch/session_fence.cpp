#include "service/dispatch/session_fence.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "chat/base/sabotage.h"
#include "chat/delivery/refusals.h"

namespace chat::service {
namespace {

using storage::UserState;

const UserState* find(const std::vector<UserState>& states, UserId user) {
  const auto found = std::find_if(states.begin(), states.end(),
                                  [user](const UserState& state) { return state.id == user; });
  return found == states.end() ? nullptr : &*found;
}

// Why the session must not act any more.
std::optional<protocol::Refusal> end_of_session(const UserState* row, SessionEpoch epoch) {
  using protocol::Errno;
  if (row == nullptr || row->removed) {
    return protocol::Refusal{Errno::kNotLoggedIn, "this account was deleted", std::nullopt};
  }
  if (row->disabled) {
    return protocol::Refusal{Errno::kNotLoggedIn, "this account is disabled", std::nullopt};
  }
  if (row->session_epoch > epoch) return delivery::taken_over();
  if (row->session_epoch < epoch) return delivery::session_lost();
  return std::nullopt;
}

}  // namespace

Outcome<void> hold_fence(storage::Connection& connection, const session::Identity& who,
                         const Fence& fence, bool repeated) {
  const std::array ids{who.user, fence.other.value_or(UserId{})};
  const auto states =
      storage::UserModel(connection)
          .lock(std::span<const UserId>(ids).first(fence.other ? 2 : 1), fence.lock);
  if (!states) return failed(states);
  if (base::sabotaged(base::Sabotage::kRepeatActs)) return {};
  auto refusal = end_of_session(find(*states, who.user), who.epoch);
  if (!refusal) return {};
  if (repeated)
    return tl::make_unexpected(Fault(Error{ErrorCode::kOutcomeUnknown, refusal->message}));
  return tl::make_unexpected(Fault(std::move(*refusal)));
}

}  // namespace chat::service
