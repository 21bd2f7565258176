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
  kDecidedLocked,  // see the header
};

Rule rule_of(Action action) {
  switch (action) {
    case Action::kChat:
    case Action::kAddFriend:
    case Action::kAnswerRequest:
    case Action::kRemoveFriend:
    case Action::kBlock:
    case Action::kSeeUser: return Rule::kUserExists;
    case Action::kReadConversation:
    case Action::kSyncFrom: return Rule::kUserKnown;
    case Action::kReadGroup:
    case Action::kSyncGroup:
    case Action::kSeeGroup: return Rule::kMember;
    case Action::kJoinGroup:
    case Action::kChatInGroup: return Rule::kDecidedLocked;
    case Action::kManageAccount:
    case Action::kSetProfile:
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

Result<Verdict> is_member(ServiceContext& context, UserId user, GroupId group,
                          storage::Connection* connection) {
  if (connection == nullptr) {
    auto lease = context.pool.lease();
    if (!lease) return fail(lease);
    return is_member(context, user, group, &**lease);
  }
  const auto joined = storage::GroupModel(*connection).joined_seq(group, user);
  if (!joined) return fail(joined);
  if (!*joined) return denied(no_such_group());
  return Verdict{std::nullopt, {**joined}};
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
    case Rule::kMember: return is_member(context, who.user, object.group, connection);
    case Rule::kSelf:
    case Rule::kDecidedLocked: break;
  }
  return Verdict{};
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
