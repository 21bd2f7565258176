#include "service/groups/join_service.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/random.h"
#include "chat/base/sabotage.h"
#include "chat/delivery/recipients.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/encode.h"
#include "chat/storage/block_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/join_model.h"
#include "service/credentials/token.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/replies.h"
#include "service/groups/group_act.h"

namespace chat::service {
namespace {

using protocol::Errno;
using session::Session;
using storage::GroupModel;
using storage::JoinModel;

constexpr std::int64_t kCodeDaysMax = 30;
constexpr std::int64_t kCodeUsesMax = 1000;

std::string hash_of_code(std::string_view code) {
  return to_hex(hash_token(code));
}

UnixMillis oldest_request(UnixMillis now) {
  return now - JoinModel::kRequestLifetimeMillis;
}

Outcome<void> check_room(GroupAct& act, UserId user) {
  const auto members = act.life().count_members(act.state().id);
  if (!members) return failed(members);
  if (*members >= protocol::kGroupMembersMax) {
    return refused(Errno::kNotAllowed, "this group is full");
  }
  const auto groups = GroupModel(act.connection()).count_of(user);
  if (!groups) return failed(groups);
  if (*groups >= protocol::kGroupsMax) {
    return refused(Errno::kNotAllowed, user == act.actor().user
                                           ? "you are in too many groups"
                                           : "this user is in too many groups");
  }
  return {};
}

// Adds the user, whose request and invitation have served their purpose.
Outcome<void> let_in(GroupAct& act, UserId user) {
  if (auto room = check_room(act, user); !room) return room;
  JoinModel joins(act.connection());
  const GroupId group = act.state().id;
  if (auto done = joins.erase_request(group, user); !done) return failed(done);
  if (auto done = joins.erase_invite(group, user); !done) return failed(done);
  return act.add_member(user);
}

enum class Door { kOpen, kAsk, kClosed };

Outcome<Door> door_of(GroupAct& act, const std::string& code_hash) {
  JoinModel joins(act.connection());
  if (!code_hash.empty()) {
    const auto used = joins.use_code(code_hash, act.now());
    if (!used) return failed(used);
    if (*used) return Door::kOpen;
    return refused(Errno::kNotFound, "this code is not valid any more");
  }
  if (act.state().joining == storage::GroupJoining::kOpen) return Door::kOpen;
  const auto invited = joins.is_invited(act.state().id, act.actor().user);
  if (!invited) return failed(invited);
  if (*invited) return Door::kOpen;
  return act.state().joining == storage::GroupJoining::kApproval ? Door::kAsk : Door::kClosed;
}

// What became of a request to join.
struct Entry {
  bool pending = false;
  bool asked = false;  // the admins have not been told yet
};

Outcome<void> ask(GroupAct& act, std::string_view text, Entry& entry) {
  JoinModel joins(act.connection());
  const GroupId group = act.state().id;
  const UserId user = act.actor().user;
  const auto state = joins.request_state(group, user, oldest_request(act.now()));
  if (!state) return failed(state);
  entry.pending = true;
  // A refused request looks pending to the one who asked.
  if (*state != JoinModel::State::kNone) return {};
  if (auto room = check_room(act, user); !room) return room;
  entry.asked = true;
  auto done = joins.request(group, user, text, act.now());
  if (!done) return failed(done);
  return {};
}

Outcome<void> enter(GroupAct& act, const std::string& code_hash, std::string_view text,
                    Entry& entry) {
  entry = {};
  if (act.state().dismissed) return refused(Errno::kNotFound, "there is no such group");
  const auto known = act.other(act.actor().user);
  if (!known) return tl::make_unexpected(known.error());
  if (*known && (*known)->left_seq == 0) {
    return refused(Errno::kExists, "you are in this group already");
  }
  const auto door = door_of(act, code_hash);
  if (!door) return tl::make_unexpected(door.error());
  switch (*door) {
    case Door::kOpen: return let_in(act, act.actor().user);
    case Door::kAsk: return ask(act, text, entry);
    case Door::kClosed: break;
  }
  return refused(Errno::kNotAllowed, "one joins this group by invitation only");
}

Outcome<void> check(GroupAct& act, Action action) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  auto refusal = authorize_in_group(
      action, {self->role, std::nullopt, act.state().joining, act.state().dismissed});
  if (refusal) return tl::make_unexpected(Fault(std::move(*refusal)));
  return {};
}

Outcome<void> answer_request(GroupAct& act, UserId user, bool accept) {
  if (auto allowed = check(act, Action::kAnswerJoin); !allowed) return allowed;
  const auto known = act.other(user);
  if (!known) return tl::make_unexpected(known.error());
  if (*known && (*known)->left_seq == 0) {
    if (accept) return {};
    return refused(Errno::kConflict, "this user is in the group already");
  }
  JoinModel joins(act.connection());
  const auto state = joins.request_state(act.state().id, user, oldest_request(act.now()));
  if (!state) return failed(state);
  if (*state == JoinModel::State::kNone) {
    return refused(Errno::kNotFound, "this user has not asked to join");
  }
  if (accept) return let_in(act, user);
  if (*state == JoinModel::State::kRefused) return {};
  auto done = joins.refuse(act.state().id, user);
  if (!done) return failed(done);
  return {};
}

struct Invitation {
  std::string group_name;
  bool is_new = false;
};

Outcome<void> invite_into(GroupAct& act, UserId user, Invitation& out) {
  out = {act.state().name, false};
  if (auto allowed = check(act, Action::kInvite); !allowed) return allowed;
  const auto known = act.other(user);
  if (!known) return tl::make_unexpected(known.error());
  if (*known && (*known)->left_seq == 0) {
    return refused(Errno::kExists, "this user is in the group already");
  }
  const auto blocked = storage::BlockModel(act.connection()).is_between(act.actor().user, user);
  if (!blocked) return failed(blocked);
  if (*blocked)
    return refused(Errno::kNotAllowed, "this user does not accept invitations from you");
  auto invited =
      JoinModel(act.connection()).invite(act.state().id, user, act.actor().user, act.now());
  if (!invited) return failed(invited);
  out.is_new = *invited;
  return {};
}

}  // namespace

void JoinService::handle_join(Session& session, const Received<messages::AddGroup>& request) {
  if (request.groupid.has_value() == request.code.has_value()) {
    return refuse(session, request, bad_field("one of groupid and code must be given"));
  }
  if (request.groupid) return join(session, request, *request.groupid);
  std::optional<GroupId> group;
  {
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    auto found =
        JoinModel(**lease).group_of_code(hash_of_code(*request.code), context_.clock.unix_millis());
    if (!found) return refuse(session, request, found.error());
    group = *found;
  }
  if (!group) return refuse(session, request, not_found("this code is not valid any more"));
  join(session, request, *group);
}

void JoinService::join(Session& session, const Received<messages::AddGroup>& request,
                       GroupId group) {
  const session::Identity& self = session.identity();
  std::optional<Seq> member_since;
  {
    // A member who repeats the request is answered without locking the group's row, for which
    // writers wait.
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    if (!admit(context_, session, request, Action::kJoinGroup, {.group = group}, &**lease)) return;
    auto joined_seq = GroupModel(**lease).joined_seq(group, self.user);
    if (!joined_seq) return refuse(session, request, joined_seq.error());
    member_since = *joined_seq;
  }
  if (member_since) return refuse_member(session, request, group, *member_since);
  Entry entry;
  const std::string code_hash = request.code ? hash_of_code(*request.code) : std::string();
  const bool done = acts_.run(
      session, request, Action::kJoinGroup, group,
      [&](GroupAct& act) { return enter(act, code_hash, request.text.value_or(""), entry); },
      [&](const GroupChange&) {
        if (!entry.pending) return answer_joining(session, request, group);
        send_reply(session, request, messages::AddGroupReply{.pending = true});
      });
  if (!done) return;
  if (entry.pending) {
    if (entry.asked) tell_admins(session, group, request.text.value_or(""));
    return;
  }
  audit(context_, "group_joined", session, self.user, group);
}

// The join is committed, so a failed read must not look like a failed join.
void JoinService::answer_joining(Session& session, const RequestHead& request, GroupId id) {
  storage::Group group{id, "", ""};
  std::vector<storage::GroupMember> users;
  if (auto lease = context_.pool.lease()) {
    GroupModel groups(**lease);
    if (auto found = groups.find(id); found && *found) group = std::move(**found);
    auto members = groups.members(id, UserId{}, protocol::kGroupUsersInReply);
    if (members) users = std::move(*members);
  }
  send_reply(session, request, messages::AddGroupReply{.group = item_of(group, users)});
}

// The user may have become a member by a request that was answered `unavailable` and is now
// repeated; the session must be live in the group from now on.
void JoinService::refuse_member(Session& session, const RequestHead& request, GroupId group,
                                Seq joined_seq) {
  refuse(session, request,
         protocol::Refusal{Errno::kExists, "you are in this group already", std::nullopt});
  if (base::sabotaged(base::Sabotage::kForgetJoinings)) return;
  session.flush_replies();
  context_.delivery.recipients().joined(session.shared_from_this(), session.identity().user, group,
                                        joined_seq);
}

void JoinService::tell_admins(Session& session, GroupId group, std::string_view text) {
  const session::Identity& self = session.identity();
  auto lease = context_.pool.lease();
  if (!lease) return;
  const auto admins = storage::GroupLifeModel(**lease).admins(group);
  if (!admins) return;
  messages::GroupPush push{
      .groupid = group, .change = "request", .id = self.user, .name = self.name};
  if (!text.empty()) push.text = text;
  const std::string json = protocol::encode_push(push);
  for (const UserId admin : *admins) context_.delivery.event_to_user(admin, json, UserId{});
}

void JoinService::answer(Session& session, const Received<messages::JoinAnswer>& request) {
  const bool done = acts_.run(
      session, request, Action::kAnswerJoin, request.groupid,
      [&](GroupAct& act) { return answer_request(act, request.userid, request.accept); },
      [&](const GroupChange&) { send_reply(session, request, messages::JoinAnswerReply{}); });
  if (!done) return;
  audit(context_, request.accept ? "join_accepted" : "join_refused", session, request.userid,
        request.groupid);
}

void JoinService::invite(Session& session, const Received<messages::Invite>& request) {
  if (request.userid.has_value() == request.code.has_value()) {
    return refuse(session, request, bad_field("one of userid and code must be given"));
  }
  if (request.userid) return invite_user(session, request);
  make_code(session, request);
}

void JoinService::invite_user(Session& session, const Received<messages::Invite>& request) {
  const session::Identity& self = session.identity();
  if (*request.userid == self.user) {
    return refuse(session, request, bad_field("userid must be somebody else"));
  }
  const Object object{.user = *request.userid, .group = request.groupid};
  if (!admit(context_, session, request, Action::kInviteUser, object)) return;
  Invitation invitation;
  const bool done = acts_.run(
      session, request, Action::kInvite, request.groupid,
      [&](GroupAct& act) { return invite_into(act, *request.userid, invitation); },
      [&](const GroupChange&) { send_reply(session, request, messages::InviteReply{}); });
  if (!done || !invitation.is_new) return;
  context_.delivery.event_to_user(
      *request.userid,
      protocol::encode_push(messages::GroupPush{.groupid = request.groupid,
                                                .change = "invited",
                                                .name = self.name,
                                                .by = self.user,
                                                .groupname = invitation.group_name}),
      UserId{});
  audit(context_, "invited", session, *request.userid, request.groupid);
}

void JoinService::make_code(Session& session, const Received<messages::Invite>& request) {
  const messages::CodeTerms& terms = *request.code;
  if (terms.days < 1 || terms.days > kCodeDaysMax) {
    return refuse(session, request, bad_field("code.days must be an integer from 1 to 30"));
  }
  if (terms.uses < 1 || terms.uses > kCodeUsesMax) {
    return refuse(session, request, bad_field("code.uses must be an integer from 1 to 1000"));
  }
  const std::string code = base::random_hex(16);
  const UnixMillis expires = context_.clock.unix_millis() + terms.days * kMillisPerDay;
  const bool done = acts_.run(
      session, request, Action::kInvite, request.groupid,
      [&](GroupAct& act) -> Outcome<void> {
        if (auto allowed = check(act, Action::kInvite); !allowed) return allowed;
        auto added = JoinModel(act.connection())
                         .add_code(hash_of_code(code), act.state().id, act.actor().user, expires,
                                   terms.uses, act.now());
        if (!added && added.error().code != ErrorCode::kConflict) return failed(added);
        return {};
      },
      [&](const GroupChange&) {
        send_reply(session, request, messages::InviteReply{.code = code, .expires = expires});
      });
  if (done) audit(context_, "code_made", session, session.identity().user, request.groupid);
}

}  // namespace chat::service
