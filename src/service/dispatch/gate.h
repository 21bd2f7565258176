#pragma once

#include <optional>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/session/session.h"
#include "chat/storage/database.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// What somebody may want to do that concerns others.
enum class Action {
  kChat,              // with a user
  kAddFriend,         // a user
  kReadConversation,  // with a user
  kSyncFrom,          // a user's messages again
  kJoinGroup,
  kChatInGroup,
  kReadGroup,      // its history
  kSyncGroup,      // its messages again
  kSeeGroup,       // who is in it
  kManageAccount,  // one's own: its password, its sessions, its end
};

// What it is done to; one of the two, or neither.
struct Object {
  UserId user{};
  GroupId group{};
};

// What was found on the way.
struct Grant {
  Seq joined_seq = 0;  // of a member: its group's stream begins behind it
};

struct Verdict {
  std::optional<protocol::Refusal> refusal;
  Grant grant;
};

// The one gate: whether who is logged in may do `action` to `object`. Every handler passes it
// before it reads or writes what isn't the session's own, and who acts is known from the
// connection alone. Two things are decided later, under the lock that makes the answer true, and
// pass here: whether a sender is still in the group when its message is stored, and whether
// there is a group to join, with room. A group that one isn't in and one that doesn't exist look
// alike.
// Threading: thread-safe. Blocks on the database where the answer isn't known yet; `connection`
// is the caller's lease where it has one (a second one could starve the pool).
Result<Verdict> authorize(ServiceContext& context, const session::Identity& who, Action action,
                          Object object, storage::Connection* connection = nullptr);

// The same for a handler that answers at once: whoever may not is told so, and nothing is returned.
std::optional<Grant> admit(ServiceContext& context, session::Session& session,
                           const RequestHead& request, Action action, Object object = {},
                           storage::Connection* connection = nullptr);

}  // namespace chat::service
