#include "service/dispatch/gate.h"

#include "chat/base/check.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/storage/group_model.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

enum class Rule {
  kSelf,           // the logged-in user
  kUserExists,     // the other user exists; need not be a friend
  kUserKnown,      // the same, deleted accounts included: their messages are kept
  kMember,         // a member of the group
  kReader,         // a member of the group, or a former one
  kDecidedLocked,  // see the header
};

Rule rule_of(Action action) {
  switch (action) {
    case Action::kChat:
    case Action::kType:
    case Action::kAddFriend:
    case Action::kAnswerRequest:
    case Action::kRemoveFriend:
    case Action::kBlock:
    case Action::kSeeUser:
    case Action::kInviteUser: return Rule::kUserExists;
    case Action::kEditMessage:
    case Action::kRecallMessage:
    case Action::kReadConversation:
    case Action::kSetConversation:
    case Action::kSyncFrom: return Rule::kUserKnown;
    case Action::kReadGroup: return Rule::kReader;
    case Action::kSyncGroup:
    case Action::kSetGroupConversation:
    case Action::kSeeGroup: return Rule::kMember;
    case Action::kJoinGroup:
    case Action::kChatInGroup:
    case Action::kTypeInGroup:
    case Action::kLeaveGroup:
    case Action::kInvite:
    case Action::kAnswerJoin:
    case Action::kRemoveMember:
    case Action::kMuteMember:
    case Action::kMuteGroup:
    case Action::kChangeGroup:
    case Action::kSetRole:
    case Action::kDismissGroup:
    case Action::kRecallInGroup:
    case Action::kEditInGroup: return Rule::kDecidedLocked;
    case Action::kManageAccount:
    case Action::kSetProfile:
    case Action::kSeeInbox:
    case Action::kFind: return Rule::kSelf;
  }
  return Rule::kMember;
}

Verdict denied(protocol::Refusal refusal) {
  return {std::move(refusal), {}};
}

Result<Verdict> is_user(ServiceContext& context, Rule rule, UserId user,
                        storage::Connection* connection) {
  const auto name = connection != nullptr ? context.delivery.user_names().name_of(user, *connection)
                                          : context.delivery.user_names().name_of(user);
  if (!name) return fail(name);
  const bool there = *name && (rule == Rule::kUserKnown || !(*name)->empty());
  if (!there) return denied(not_found("there is no such user"));
  return Verdict{};
}

Result<Verdict> is_member(ServiceContext& context, Rule rule, UserId user, GroupId group,
                          storage::Connection* connection) {
  if (connection == nullptr) {
    auto lease = context.pool.lease();
    if (!lease) return fail(lease);
    return is_member(context, rule, user, group, &**lease);
  }
  const auto readable = storage::GroupModel(*connection).readable(group, user);
  if (!readable) return fail(readable);
  if (!*readable || (rule == Rule::kMember && (*readable)->left_seq != 0)) {
    return denied(no_such_group());
  }
  return Verdict{std::nullopt, {(*readable)->joined_seq, (*readable)->left_seq}};
}

// The lowest role that may do it.
storage::GroupRole role_needed(Action action, const Standing& standing) {
  using storage::GroupRole;
  switch (action) {
    case Action::kLeaveGroup: return GroupRole::kNormal;
    case Action::kInvite:
      return standing.joining == storage::GroupJoining::kOpen ? GroupRole::kNormal
                                                              : GroupRole::kAdmin;
    case Action::kAnswerJoin:
    case Action::kMuteGroup:
    case Action::kChangeGroup: return GroupRole::kAdmin;
    case Action::kRemoveMember:
    case Action::kMuteMember:
      return standing.target.value_or(GroupRole::kNormal) == GroupRole::kNormal
                 ? GroupRole::kAdmin
                 : GroupRole::kCreator;
    case Action::kRecallInGroup: return standing.target ? GroupRole::kAdmin : GroupRole::kNormal;
    case Action::kEditInGroup: return GroupRole::kNormal;
    default: return GroupRole::kCreator;
  }
}

}  // namespace

Result<Verdict> authorize(ServiceContext& context, const session::Identity& who, Action action,
                          Object object, storage::Connection* connection) {
  if (!who.user) {
    return denied({protocol::Errno::kNotLoggedIn, "log in first", std::nullopt});
  }
  const Rule rule = rule_of(action);
  switch (rule) {
    case Rule::kUserExists:
    case Rule::kUserKnown: return is_user(context, rule, object.user, connection);
    case Rule::kMember:
    case Rule::kReader: return is_member(context, rule, who.user, object.group, connection);
    case Rule::kSelf:
    case Rule::kDecidedLocked: break;
  }
  return Verdict{};
}

// Roles are declared from the highest to the lowest.
std::optional<protocol::Refusal> authorize_in_group(Action action, const Standing& standing) {
  using protocol::Errno;
  if (standing.dismissed && action != Action::kLeaveGroup) {
    return protocol::Refusal{Errno::kNotAllowed, "this group was dismissed", std::nullopt};
  }
  const auto needed = role_needed(action, standing);
  if (standing.actor > needed) {
    return protocol::Refusal{Errno::kNotAllowed,
                             needed == storage::GroupRole::kCreator
                                 ? "only the group's creator may do this"
                                 : "only the group's creator and admins may do this",
                             std::nullopt};
  }
  if (standing.target == storage::GroupRole::kCreator &&
      (action == Action::kRemoveMember || action == Action::kMuteMember)) {
    return protocol::Refusal{Errno::kNotAllowed, "the group's creator can't be removed or muted",
                             std::nullopt};
  }
  if (action == Action::kEditInGroup && standing.target) {
    return protocol::Refusal{Errno::kNotAllowed, "only its author may edit a message",
                             std::nullopt};
  }
  if (action == Action::kRecallInGroup && standing.target == storage::GroupRole::kCreator) {
    return protocol::Refusal{Errno::kNotAllowed,
                             "a message of the group's creator can't be recalled", std::nullopt};
  }
  return std::nullopt;
}

std::optional<Grant> admit(ServiceContext& context, session::Session& session,
                           const RequestHead& request, Action action, Object object,
                           storage::Connection* connection) {
  const auto verdict = authorize(context, session.identity(), action, object, connection);
  if (!verdict) {
    refuse(session, request, verdict.error());
  } else if (verdict->refusal) {
    refuse(session, request, *verdict->refusal);
  } else {
    return verdict->grant;
  }
  return std::nullopt;
}

}  // namespace chat::service
