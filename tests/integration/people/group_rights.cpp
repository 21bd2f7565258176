#include "group_rights.h"

#include <ostream>

namespace chat::test::rights {
namespace {

constexpr int kOk = 0;
constexpr int kBadField = 14;
constexpr int kNotAllowed = 22;
constexpr int kNotFound = 23;
constexpr int kConflict = 24;
constexpr int kExists = 25;

// 0: no member.
int rank(Role role) {
  switch (role) {
    case Role::kCreator: return 3;
    case Role::kAdmin: return 2;
    case Role::kMember:
    case Role::kMuted: return 1;
    default: return 0;
  }
}

bool is_member(Role role) {
  return rank(role) > 0;
}

bool is_other(const Target& target, Role role) {
  return target.kind == Target::Kind::kOther && target.role == role;
}

int rank(const Target& target, Role actor) {
  if (target.kind == Target::Kind::kSelf) return rank(actor);
  return target.kind == Target::Kind::kOther ? rank(target.role) : 0;
}

// The matrix of roles and actions: the rank that an act needs.
int rank_needed(const Question& q) {
  switch (q.act) {
    case Act::kInvite:
    case Act::kMakeCode: return q.state == State::kOpen ? 1 : 2;
    case Act::kAccept:
    case Act::kRefuse:
    case Act::kMuteAll:
    case Act::kUnmuteAll:
    case Act::kAnnounce: return 2;
    case Act::kRemove:
    case Act::kMute:
    case Act::kUnmute: return rank(q.target, q.actor) == 2 ? 3 : 2;
    default: return 3;
  }
}

int joining(const Question& q) {
  if (is_member(q.actor)) return kExists;
  if (q.state == State::kDismissed) return kNotFound;
  return q.state == State::kInvite && q.actor != Role::kInvited ? kNotAllowed : kOk;
}

int leaving(const Question& q) {
  if (q.actor == Role::kFormer) return kOk;  // it is so already
  if (!is_member(q.actor)) return kNotFound;
  return q.actor == Role::kCreator && q.state != State::kDismissed ? kConflict : kOk;
}

// By somebody who has the right.
int acting_on(const Question& q) {
  const bool self = q.target.kind == Target::Kind::kSelf;
  const bool member = rank(q.target, q.actor) > 0;
  const bool creator = rank(q.target, q.actor) == 3;
  switch (q.act) {
    case Act::kRemove:
      if (creator) return kNotAllowed;
      return member || is_other(q.target, Role::kFormer) ? kOk : kNotFound;
    case Act::kMute:
    case Act::kUnmute:
      if (creator) return kNotAllowed;
      return member ? kOk : kNotFound;
    case Act::kMakeAdmin:
    case Act::kMakeNormal:
      if (self) return kConflict;
      return member ? kOk : kNotFound;
    case Act::kHandOver: return member ? kOk : kNotFound;
    case Act::kAccept: return member || is_other(q.target, Role::kApplicant) ? kOk : kNotFound;
    case Act::kRefuse:
      if (member) return kConflict;
      return is_other(q.target, Role::kApplicant) ? kOk : kNotFound;
    case Act::kInvite: return member ? kExists : kOk;
    default: return kOk;
  }
}

bool is_bad_on_oneself(Act act) {
  return act == Act::kRemove || act == Act::kMute || act == Act::kUnmute || act == Act::kInvite;
}

// Former members have written, too.
int revising(const Question& q) {
  if (!is_member(q.actor)) return kNotFound;
  const bool own = q.target.kind == Target::Kind::kSelf;
  if (q.act == Act::kEdit) {
    return own && q.state != State::kDismissed && q.actor != Role::kMuted ? kOk : kNotAllowed;
  }
  if (q.state == State::kDismissed) return kNotAllowed;
  if (own) return kOk;
  return rank(q.actor) >= 2 && !is_other(q.target, Role::kCreator) ? kOk : kNotAllowed;
}

int managing(const Question& q) {
  using Kind = Target::Kind;
  const bool declines = q.act == Act::kRefuse && q.target.kind == Kind::kSelf;
  if (declines && q.actor == Role::kInvited && q.state != State::kDismissed) return kOk;
  if (q.target.kind == Kind::kSelf && is_bad_on_oneself(q.act)) return kBadField;
  const bool nobody = q.target.kind == Kind::kUnknown || q.target.kind == Kind::kDeleted;
  if (q.act == Act::kInvite && nobody) return kNotFound;
  if (!is_member(q.actor)) return kNotFound;
  const bool holds =
      (q.act == Act::kDismiss && q.actor == Role::kCreator) ||
      (q.act == Act::kHandOver && q.actor == Role::kAdmin && is_other(q.target, Role::kCreator));
  if (holds) return kOk;
  if (q.state == State::kDismissed || rank(q.actor) < rank_needed(q)) return kNotAllowed;
  return acting_on(q);
}

}  // namespace

int expected(const Question& q) {
  switch (q.act) {
    case Act::kChat:
      if (!is_member(q.actor)) return kNotFound;
      return q.state == State::kDismissed || q.actor == Role::kMuted ? kNotAllowed : kOk;
    case Act::kReadHistory: return is_member(q.actor) || q.actor == Role::kFormer ? kOk : kNotFound;
    case Act::kSync:
    case Act::kSeeMembers: return is_member(q.actor) ? kOk : kNotFound;
    case Act::kJoin: return joining(q);
    case Act::kLeave: return leaving(q);
    case Act::kRecall:
    case Act::kEdit: return revising(q);
    default: return managing(q);
  }
}

int expected_again(const Question& q) {
  const int first = expected(q);
  if (q.act != Act::kJoin || first != kOk) return first;
  const bool pending = q.state == State::kApproval && q.actor != Role::kInvited;
  return pending ? kOk : kExists;
}

bool changes_group(Act act) {
  switch (act) {
    case Act::kChat:
    case Act::kReadHistory:
    case Act::kSync:
    case Act::kSeeMembers:
    case Act::kUnmuteAll:
    case Act::kAnnounce:
    case Act::kEdit:
    case Act::kMakeCode: return false;
    default: return true;
  }
}

bool adds_rows(Act act) {
  return act == Act::kChat || act == Act::kMute || act == Act::kMuteAll;
}

bool is_on_message(Act act) {
  return act == Act::kRecall || act == Act::kEdit;
}

std::vector<Target> targets_of(Act act, Role actor) {
  using Kind = Target::Kind;
  if (act < Act::kRemove) return {{Kind::kNone}};
  if (is_on_message(act)) {
    std::vector<Target> authors{{Kind::kSelf}};
    for (const Role role :
         {Role::kCreator, Role::kAdmin, Role::kMember, Role::kMuted, Role::kFormer}) {
      if (role != Role::kCreator || actor != role) authors.push_back({Kind::kOther, role});
    }
    return authors;
  }
  std::vector<Target> targets{{Kind::kSelf}, {Kind::kUnknown}, {Kind::kDeleted}};
  for (const Role role : kRoles) {
    const bool only_one = role == Role::kCreator && actor == role;
    if (!only_one) targets.push_back({Kind::kOther, role});
  }
  return targets;
}

Json request_of(Act act, std::int64_t group, std::int64_t target) {
  Json request = {{"groupid", group}};
  const auto with = [&request](int msgid, const Json& more = Json::object()) {
    request["msgid"] = msgid;
    request.update(more);
    return request;
  };
  const Json user = {{"userid", target}};
  const auto with_user = [&](int msgid, Json more = Json::object()) {
    more.update(user);
    return with(msgid, more);
  };
  switch (act) {
    case Act::kChat: return with(10, {{"msg", "hello"}});
    case Act::kReadHistory: return with(25);
    case Act::kSync: return with(24);
    case Act::kSeeMembers: return with(30);
    case Act::kJoin: return with(9);
    case Act::kLeave: return with(40);
    case Act::kMuteAll: return with(43, {{"seconds", 60}});
    case Act::kUnmuteAll: return with(43, {{"seconds", 0}});
    case Act::kAnnounce: return with(44, {{"announcement", "tea at five"}});
    case Act::kMakeCode: return with(46, {{"code", {{"days", 1}, {"uses", 1}}}});
    case Act::kDismiss: return with(47);
    case Act::kRemove: return with_user(41);
    case Act::kMakeAdmin: return with_user(42, {{"role", "admin"}});
    case Act::kMakeNormal: return with_user(42, {{"role", "normal"}});
    case Act::kHandOver: return with_user(42, {{"role", "creator"}});
    case Act::kMute: return with_user(43, {{"seconds", 60}});
    case Act::kUnmute: return with_user(43, {{"seconds", 0}});
    case Act::kAccept: return with_user(45, {{"accept", true}});
    case Act::kRefuse: return with_user(45, {{"accept", false}});
    case Act::kInvite: return with_user(46);
    case Act::kRecall: return with(50, {{"seq", target}});
    case Act::kEdit: return with(51, {{"seq", target}, {"msg", "edited"}});
  }
  return request;
}

const char* name_of(Role role) {
  constexpr const char* kNames[] = {"creator",  "admin",  "member",    "muted member",
                                    "outsider", "former", "applicant", "invited user"};
  return kNames[static_cast<std::size_t>(role)];
}

const char* name_of(State state) {
  constexpr const char* kNames[] = {"open", "approval", "invite", "dismissed"};
  return kNames[static_cast<std::size_t>(state)];
}

void PrintTo(State state, std::ostream* out) {
  *out << name_of(state);
}

const char* name_of(Act act) {
  constexpr const char* kNames[] = {"chat",
                                    "read the history",
                                    "sync",
                                    "see the members",
                                    "join",
                                    "leave",
                                    "mute all",
                                    "unmute all",
                                    "announce",
                                    "make a code",
                                    "dismiss",
                                    "remove",
                                    "make admin",
                                    "make normal",
                                    "hand over to",
                                    "mute",
                                    "unmute",
                                    "accept",
                                    "refuse",
                                    "invite",
                                    "recall a message of",
                                    "edit a message of"};
  return kNames[static_cast<std::size_t>(act)];
}

std::string describe(const Question& q) {
  std::string text = std::string("In a group (") + name_of(q.state) + ") the " + name_of(q.actor) +
                     " tries to " + name_of(q.act);
  switch (q.target.kind) {
    case Target::Kind::kNone: return text;
    case Target::Kind::kOther: return text + " another " + name_of(q.target.role);
    case Target::Kind::kSelf: return text + " oneself";
    case Target::Kind::kUnknown: return text + " an unknown user";
    case Target::Kind::kDeleted: break;
  }
  return text + " a deleted user";
}

}  // namespace chat::test::rights
