#pragma once

#include <optional>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/session/session.h"
#include "chat/storage/database.h"
#include "chat/storage/group_values.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// The actions that need a permission.
enum class Action {
  kChat,           // with a user
  kAddFriend,      // a user
  kAnswerRequest,  // of a user
  kRemoveFriend,
  kBlock,             // a user, or end the block
  kReadConversation,  // with a user
  kSetConversation,   // what oneself sees of one with a user
  kSetGroupConversation,
  kSeeInbox,  // one's own
  kSyncFrom,  // repeat a user's messages
  kJoinGroup,
  kChatInGroup,
  kTypeInGroup,
  kReadGroup,      // the group's history
  kSyncGroup,      // repeat the group's messages
  kSeeGroup,       // the group's members
  kManageAccount,  // one's own password, sessions, deletion
  kSetProfile,     // one's own
  kSeeUser,        // a user's profile
  kFind,           // users and groups
  kInviteUser,     // a user, to a group
  kRecallMessage,  // to a user
  kEditMessage,    // likewise
  kType,           // in the chat with a user
  // In a group; decided under the group's lock by authorize_in_group():
  kLeaveGroup,
  kInvite,      // a user, or whoever has a code
  kAnswerJoin,  // a request to join
  kRemoveMember,
  kMuteMember,
  kMuteGroup,
  kChangeGroup,  // name, description, announcement, joining
  kSetRole,
  kDismissGroup,
  kRecallInGroup,  // a message; of another member if `target` is set
  kEditInGroup,    // likewise
};

// The object of an action; at most one of the two is set.
struct Object {
  UserId user{};
  GroupId group{};
};

// What decides an action in a group: the actor's role, that of the member it concerns, if any, and
// how one joins.
struct Standing {
  storage::GroupRole actor = storage::GroupRole::kNormal;
  std::optional<storage::GroupRole> target{};
  storage::GroupJoining joining = storage::GroupJoining::kOpen;
  bool dismissed = false;
};

// Data found while checking.
struct Grant {
  Seq joined_seq = 0;  // of a member: where its group stream begins
  Seq left_seq = 0;    // of a former member: the last message that it may read
};

struct Verdict {
  std::optional<protocol::Refusal> refusal;
  Grant grant;
};

// The central permission check: may the logged-in user do `action` to `object`? Every handler calls
// it before it reads or writes anything outside the session; the actor is always the connection's
// user. Some checks are made later, under the lock that makes them reliable, and pass here: whether
// a sender is still in the group, or still accepted by the recipient, when its message is stored,
// or its typing is passed on; whether the recipient of an edited message still has an account;
// whether a group to join exists and has room; and what users may do to each other. A group that
// the user is not in and one that does not exist are indistinguishable.
// Threading: thread-safe. Blocks on the database if the answer is not cached; `connection` is the
// caller's lease, if it has one (a second lease could exhaust the pool).
Result<Verdict> authorize(ServiceContext& context, const session::Identity& who, Action action,
                          Object object, storage::Connection* connection = nullptr);

// The matrix of rights in a group (PROTOCOL.md, section 6), for a member. Call under the group's
// lock.
std::optional<protocol::Refusal> authorize_in_group(Action action, const Standing& standing);

// The same as authorize(), but a denied request is refused here, and nothing is returned.
std::optional<Grant> admit(ServiceContext& context, session::Session& session,
                           const RequestHead& request, Action action, Object object = {},
                           storage::Connection* connection = nullptr);

}  // namespace chat::service
