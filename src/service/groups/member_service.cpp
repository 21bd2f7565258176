#include "service/groups/member_service.h"

#include <optional>
#include <string>
#include <utility>

#include "chat/storage/group_model.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/replies.h"
#include "service/groups/group_act.h"

namespace chat::service {
namespace {

using protocol::Errno;
using session::Session;
using storage::GroupRole;

constexpr std::int64_t kMuteMaxSeconds = 30 * 24 * 3600;

Standing standing_of(const GroupAct& act, GroupRole actor,
                     std::optional<GroupRole> target = std::nullopt) {
  return {actor, target, act.state().joining, act.state().dismissed};
}

tl::unexpected<Fault> no_such_member() {
  return refused(Errno::kNotFound, "this user is not in the group");
}

std::optional<GroupRole> role_if_member(const std::optional<GroupAct::Member>& member) {
  return is_member(member) ? std::optional(member->role) : std::nullopt;
}

// A creator hands over first. One who is alone takes the group along.
Outcome<void> leave_group(GroupAct& act) {
  const auto before = act.other(act.actor().user);
  if (!before) return tl::make_unexpected(before.error());
  if (*before && (*before)->left_seq != 0) return {};
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  if (self->role == GroupRole::kCreator && !act.state().dismissed) {
    const auto members = act.life().count_members(act.state().id);
    if (!members) return failed(members);
    if (*members > 1) {
      return refused(Errno::kConflict, "hand the group over or dismiss it before you leave");
    }
    if (auto done = act.dismiss(); !done) return done;
  }
  return act.end_member(act.actor().user);
}

Outcome<void> remove_member(GroupAct& act, UserId user) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  const auto target = act.other(user);
  if (!target) return tl::make_unexpected(target.error());
  const auto allowed =
      check_in_group(Action::kRemoveMember, standing_of(act, self->role, role_if_member(*target)));
  if (!allowed) return allowed;
  if (!*target) return no_such_member();
  if ((*target)->left_seq != 0) return {};
  return act.end_member(user);
}

// A former creator may repeat the handing over.
bool is_repeated_handover(GroupRole self, GroupRole target, GroupRole wanted) {
  return wanted == GroupRole::kCreator && target == wanted && self == GroupRole::kAdmin;
}

Outcome<void> change_role(GroupAct& act, UserId user, GroupRole wanted) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  const auto target = act.other(user);
  if (!target) return tl::make_unexpected(target.error());
  if (is_member(*target) && is_repeated_handover(self->role, (*target)->role, wanted)) return {};
  auto allowed =
      check_in_group(Action::kSetRole, standing_of(act, self->role, role_if_member(*target)));
  if (!allowed) return allowed;
  if (!is_member(*target)) return no_such_member();
  if ((*target)->role == wanted) return {};
  if (user == act.actor().user) {
    return refused(Errno::kConflict, "hand the group over to another member instead");
  }
  return wanted == GroupRole::kCreator ? act.hand_over(user) : act.set_role(user, wanted);
}

Outcome<void> mute_member(GroupAct& act, UserId user, std::int64_t seconds) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  const auto target = act.other(user);
  if (!target) return tl::make_unexpected(target.error());
  auto allowed =
      check_in_group(Action::kMuteMember, standing_of(act, self->role, role_if_member(*target)));
  if (!allowed) return allowed;
  if (!is_member(*target)) return no_such_member();
  if (seconds == 0 && (*target)->muted_until <= act.now()) return {};
  return act.mute(user, seconds);
}

Outcome<void> mute_group(GroupAct& act, std::int64_t seconds) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  auto allowed = check_in_group(Action::kMuteGroup, standing_of(act, self->role));
  if (!allowed) return allowed;
  if (seconds == 0 && act.state().muted_until <= act.now()) return {};
  return act.mute_all(seconds);
}

bool is_same(const storage::Group& a, const storage::Group& b) {
  return a.name == b.name && a.desc == b.desc && a.announcement == b.announcement &&
         a.joining == b.joining;
}

Outcome<void> change_group(GroupAct& act, const messages::SetGroup& request, storage::Group& out) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  auto allowed = check_in_group(Action::kChangeGroup, standing_of(act, self->role));
  if (!allowed) return allowed;
  storage::Group changed = act.state();
  if (request.groupname) changed.name = *request.groupname;
  if (request.groupdesc) changed.desc = *request.groupdesc;
  if (request.announcement) changed.announcement = *request.announcement;
  if (request.joining) changed.joining = storage::joining_of(*request.joining).value();
  out = changed;
  if (is_same(changed, act.state())) return {};
  const auto written = act.change_settings(changed);
  if (!written) return tl::make_unexpected(written.error());
  if (!*written) return refused(Errno::kExists, "a group of this name exists already");
  return {};
}

Outcome<void> dismiss_group(GroupAct& act) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  Standing standing = standing_of(act, self->role);
  standing.dismissed = false;  // dismissing again is no fault
  auto allowed = check_in_group(Action::kDismissGroup, standing);
  if (!allowed) return allowed;
  return act.state().dismissed ? Outcome<void>() : act.dismiss();
}

}  // namespace

void MemberService::run(Session& session, const RequestHead& request, const Act& act,
                        const GroupWork& work, const GroupActs::Reply& reply) {
  bool changed = false;
  acts_.run(session, request, act.action, act.group, work, [&](const GroupChange& change) {
    changed = change.any();
    reply(change);
  });
  if (changed) audit(context_, act.record, session, act.user, act.group);
}

void MemberService::leave(Session& session, const Received<messages::LeaveGroup>& request) {
  run(session, request,
      {Action::kLeaveGroup, request.groupid, "group_left", session.identity().user}, leave_group,
      [&](const GroupChange&) { send_reply(session, request, messages::LeaveGroupReply{}); });
}

void MemberService::remove(Session& session, const Received<messages::RemoveMember>& request) {
  if (request.userid == session.identity().user) {
    return refuse(session, request, bad_field("userid must be somebody else; leave the group"));
  }
  run(
      session, request, {Action::kRemoveMember, request.groupid, "member_removed", request.userid},
      [&](GroupAct& act) { return remove_member(act, request.userid); },
      [&](const GroupChange&) { send_reply(session, request, messages::RemoveMemberReply{}); });
}

void MemberService::set_role(Session& session, const Received<messages::SetRole>& request) {
  const auto wanted = storage::role_of(request.role);
  if (!wanted) {
    return refuse(session, request, bad_field("role must be creator, admin or normal"));
  }
  run(
      session, request, {Action::kSetRole, request.groupid, "role_set", request.userid},
      [&](GroupAct& act) { return change_role(act, request.userid, *wanted); },
      [&](const GroupChange&) { send_reply(session, request, messages::SetRoleReply{}); });
}

void MemberService::mute(Session& session, const Received<messages::Mute>& request) {
  if (request.seconds > kMuteMaxSeconds) {
    return refuse(
        session, request,
        bad_field("seconds must be an integer from 0 to " + std::to_string(kMuteMaxSeconds)));
  }
  if (request.userid == session.identity().user) {
    return refuse(session, request, bad_field("userid must be somebody else"));
  }
  const Action action = request.userid ? Action::kMuteMember : Action::kMuteGroup;
  run(
      session, request, {action, request.groupid, "muted", request.userid.value_or(UserId{})},
      [&](GroupAct& act) {
        return request.userid ? mute_member(act, *request.userid, request.seconds)
                              : mute_group(act, request.seconds);
      },
      [&](const GroupChange&) { send_reply(session, request, messages::MuteReply{}); });
}

void MemberService::change_settings(Session& session, const Received<messages::SetGroup>& request) {
  if (!request.groupname && !request.groupdesc && !request.announcement && !request.joining) {
    return refuse(session, request,
                  bad_field("one of groupname, groupdesc, announcement and joining must be given"));
  }
  if (request.joining && !storage::joining_of(*request.joining)) {
    return refuse(session, request, bad_field("joining must be open, approval or invite"));
  }
  storage::Group group;
  run(
      session, request,
      {Action::kChangeGroup, request.groupid, "group_changed", session.identity().user},
      [&](GroupAct& act) { return change_group(act, request, group); },
      [&](const GroupChange& change) {
        if (change.repeated) group = group_now(request.groupid);
        send_reply(session, request, messages::SetGroupReply{.group = item_of(group)});
      });
}

// The change is committed, so a failed read must not look like a failed change.
storage::Group MemberService::group_now(GroupId id) {
  if (auto lease = context_.pool.lease()) {
    auto found = storage::GroupModel(**lease).find(id);
    if (found && *found) return std::move(**found);
  }
  return {id, "", ""};
}

void MemberService::dismiss(Session& session, const Received<messages::DismissGroup>& request) {
  run(session, request,
      {Action::kDismissGroup, request.groupid, "group_dismissed", session.identity().user},
      dismiss_group,
      [&](const GroupChange&) { send_reply(session, request, messages::DismissGroupReply{}); });
}

}  // namespace chat::service
