#include "service/groups/join_service.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/random.h"
#include "chat/delivery/recipients.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/encode.h"
#include "chat/storage/block_model.h"
#include "chat/storage/contact_model.h"
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
  const auto invited = joins.invited(act.state().id, act.actor().user, oldest_request(act.now()));
  if (!invited) return failed(invited);
  if (*invited == JoinModel::Invited::kPending) return Door::kOpen;
  return act.state().joining == storage::GroupJoining::kApproval ? Door::kAsk : Door::kClosed;
}

// What became of a request to join.
struct Entry {
  bool pending = false;
  bool asked = false;  // the admins have not been told yet
  // Kept between the attempts of one act: one of them has made the request, and may have been
  // committed.
  bool attempted = false;
};

Outcome<void> ask(GroupAct& act, std::string_view text, Entry& entry) {
  JoinModel joins(act.connection());
  const GroupId group = act.state().id;
  const UserId user = act.actor().user;
  const auto state = joins.request_state(group, user, oldest_request(act.now()));
  if (!state) return failed(state);
  entry.pending = true;
  // A refused request looks pending to the one who asked.
  if (*state != JoinModel::State::kNone) {
    entry.asked = entry.attempted && *state == JoinModel::State::kPending;
    return {};
  }
  if (auto room = check_room(act, user); !room) return room;
  entry.asked = true;
  entry.attempted = true;
  auto done = joins.request(group, user, text, act.now());
  if (!done) return failed(done);
  return {};
}

Outcome<void> enter(GroupAct& act, const std::string& code_hash, std::string_view text,
                    Entry& entry) {
  entry = {.attempted = entry.attempted};
  if (act.state().dismissed) return refused(Errno::kNotFound, "there is no such group");
  const auto known = act.other(act.actor().user);
  if (!known) return tl::make_unexpected(known.error());
  if (is_member(*known)) {
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
  return check_in_group(action,
                        {self->role, std::nullopt, act.state().joining, act.state().dismissed});
}

// Declines one's own invitation. False if there is none.
Outcome<bool> decline(GroupAct& act) {
  JoinModel joins(act.connection());
  const UserId user = act.actor().user;
  const auto invited = joins.invited(act.state().id, user, oldest_request(act.now()));
  if (!invited) return failed(invited);
  if (*invited == JoinModel::Invited::kNo) return false;
  if (*invited == JoinModel::Invited::kDeclined) return true;
  auto done = joins.decline(act.state().id, user);
  if (!done) return failed(done);
  return true;
}

Outcome<void> answer_request(GroupAct& act, UserId user, bool accept) {
  if (user == act.actor().user && !accept) {
    const auto declined = decline(act);
    if (!declined) return tl::make_unexpected(declined.error());
    if (*declined) return {};
  }
  if (auto allowed = check(act, Action::kAnswerJoin); !allowed) return allowed;
  const auto known = act.other(user);
  if (!known) return tl::make_unexpected(known.error());
  if (is_member(*known)) {
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

// Refuses in the same words whoever has blocked the actor and whoever wants to be added by nobody.
Outcome<void> check_invited(GroupAct& act, UserId user) {
  const auto blocked = storage::BlockModel(act.connection()).is_between(act.actor().user, user);
  if (!blocked) return failed(blocked);
  const auto policy = storage::ContactModel(act.connection()).who_may_add(user);
  if (!policy) return failed(policy);
  if (!*policy) return refused(Errno::kNotFound, "there is no such user");
  if (*blocked || **policy == storage::WhoMayAdd::kNobody) {
    return refused(Errno::kNotAllowed, "this user does not accept invitations from you");
  }
  return {};
}

Outcome<void> check_invitations(GroupAct& act, UserId user) {
  JoinModel joins(act.connection());
  const UnixMillis oldest = oldest_request(act.now());
  const auto of_group = joins.count_invites_to(act.state().id, oldest);
  if (!of_group) return failed(of_group);
  if (*of_group >= protocol::kInvitationsPerGroup) {
    return refused(Errno::kNotAllowed, "too many invitations to this group wait for an answer");
  }
  const auto of_user = joins.count_invites_of(user, oldest);
  if (!of_user) return failed(of_user);
  if (*of_user >= protocol::kInvitationsPerUser) {
    return refused(Errno::kNotAllowed, "this user has too many invitations to answer");
  }
  return {};
}

struct Invitation {
  std::string group_name;
  bool is_new = false;
  bool attempted = false;  // as in Entry
};

// The invitation of somebody who runs the group does not end with an ordinary member's.
Outcome<void> invite_again(GroupAct& act, JoinModel& joins, UserId user) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  if (self->role == storage::GroupRole::kNormal) return {};
  auto done = joins.vouch(act.state().id, user, act.actor().user);
  if (!done) return failed(done);
  return {};
}

Outcome<void> invite_into(GroupAct& act, UserId user, Invitation& out) {
  out = {act.state().name, false, out.attempted};
  if (auto allowed = check(act, Action::kInvite); !allowed) return allowed;
  const auto known = act.other(user);
  if (!known) return tl::make_unexpected(known.error());
  if (is_member(*known)) {
    return refused(Errno::kExists, "this user is in the group already");
  }
  if (auto accepted = check_invited(act, user); !accepted) return accepted;
  JoinModel joins(act.connection());
  const auto invited = joins.invited(act.state().id, user, oldest_request(act.now()));
  if (!invited) return failed(invited);
  // A declined invitation looks pending to those who invite.
  if (*invited != JoinModel::Invited::kNo) {
    out.is_new = out.attempted && *invited == JoinModel::Invited::kPending;
    return invite_again(act, joins, user);
  }
  if (auto room = check_invitations(act, user); !room) return room;
  auto done = joins.invite(act.state().id, user, act.actor().user, act.now());
  if (!done) return failed(done);
  out.is_new = true;
  out.attempted = true;
  return {};
}

// `hash` is unique: if it is stored, an earlier attempt did it.
Outcome<void> store_code(GroupAct& act, const std::string& hash, UnixMillis expires,
                         std::int64_t uses) {
  if (auto allowed = check(act, Action::kInvite); !allowed) return allowed;
  JoinModel joins(act.connection());
  const auto stored = joins.group_of_code(hash, act.now());
  if (!stored) return failed(stored);
  if (*stored) return {};
  const auto count = joins.count_codes(act.state().id, act.now());
  if (!count) return failed(count);
  if (*count >= protocol::kGroupCodesMax) {
    return refused(Errno::kNotAllowed,
                   "this group has " + std::to_string(protocol::kGroupCodesMax) +
                       " valid codes already; one must end before another is made");
  }
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  const auto own = joins.count_codes_of(act.state().id, act.actor().user);
  if (!own) return failed(own);
  if (self->role == storage::GroupRole::kNormal && *own >= protocol::kMemberCodesMax) {
    return refused(Errno::kNotAllowed,
                   "you have made " + std::to_string(protocol::kMemberCodesMax) +
                       " codes for this group that are still valid; one must end before you make "
                       "another");
  }
  auto added = joins.add_code(hash, act.state().id, act.actor().user, expires, uses);
  if (!added) return failed(added);
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
      },
      {.look = [&] {
        return look_for_request(self, group, request.text.value_or(""), entry.attempted);
      }});
  if (!done) return;
  if (entry.pending) {
    if (entry.asked) tell_admins(self, group, request.text.value_or(""));
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
  if (forgets(Action::kJoinGroup)) return;
  context_.delivery.recipients().reply_and_join(session, group, joined_seq);
}

namespace {

// Tells a group's admins of a request to join.
Result<SettleQueue::Act> telling_admins(ServiceContext& context, storage::Connection& connection,
                                        const session::Identity& who, GroupId group,
                                        std::string_view text) {
  auto admins = storage::GroupLifeModel(connection).admins(group);
  if (!admins) return fail(admins);
  messages::GroupPush push{.groupid = group, .change = "request", .id = who.user, .name = who.name};
  if (!text.empty()) push.text = text;
  return [&context, admins = std::move(*admins), json = protocol::encode_push(push)] {
    for (const UserId admin : admins) context.delivery.event_to_user(admin, json, UserId{});
  };
}

}  // namespace

void JoinService::tell_admins(const session::Identity& who, GroupId group, std::string_view text) {
  auto lease = context_.pool.lease();
  if (!lease) return;
  if (auto tell = telling_admins(context_, **lease, who, group, text)) (*tell)();
}

SettleQueue::Look JoinService::look_for_request(const session::Identity& who, GroupId group,
                                                std::string text, bool attempted) {
  if (!attempted) return {};
  return [this, who, group,
          text = std::move(text)](storage::Connection& connection) -> Result<SettleQueue::Act> {
    const auto state =
        JoinModel(connection)
            .request_state(group, who.user, oldest_request(context_.clock.unix_millis()));
    if (!state) return fail(state);
    if (*state != JoinModel::State::kPending) return SettleQueue::Act();
    return telling_admins(context_, connection, who, group, text);
  };
}

void JoinService::answer(Session& session, const Received<messages::JoinAnswer>& request) {
  const bool done = acts_.run(
      session, request, Action::kAnswerJoin, request.groupid,
      [&](GroupAct& act) { return answer_request(act, request.userid, request.accept); },
      [&](const GroupChange&) { send_reply(session, request, messages::JoinAnswerReply{}); },
      {.other = request.userid});
  if (!done) return;
  const bool declined = request.userid == session.identity().user && !request.accept;
  if (declined) return;  // its own invitation
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
  const session::Identity self = session.identity();
  if (*request.userid == self.user) {
    return refuse(session, request, bad_field("userid must be somebody else"));
  }
  const Object object{.user = *request.userid, .group = request.groupid};
  if (!admit(context_, session, request, Action::kInviteUser, object)) return;
  Invitation invitation;
  // Tells the invited user; kept by the settle queue, if need be.
  const auto tell = [this, self, user = *request.userid,
                     group = request.groupid](std::string_view group_name) {
    context_.delivery.event_to_user(
        user,
        protocol::encode_push(messages::GroupPush{.groupid = group,
                                                  .change = "invited",
                                                  .name = self.name,
                                                  .by = self.user,
                                                  .groupname = group_name}),
        UserId{});
  };
  const bool done = acts_.run(
      session, request, Action::kInvite, request.groupid,
      [&](GroupAct& act) { return invite_into(act, *request.userid, invitation); },
      [&](const GroupChange&) { send_reply(session, request, messages::InviteReply{}); },
      {.other = *request.userid, .look = [&]() -> SettleQueue::Look {
         if (!invitation.attempted) return {};
         return [this, tell, user = *request.userid, group = request.groupid,
                 name = invitation.group_name](
                    storage::Connection& connection) -> Result<SettleQueue::Act> {
           const auto invited =
               JoinModel(connection)
                   .invited(group, user, oldest_request(context_.clock.unix_millis()));
           if (!invited) return fail(invited);
           const bool stored = *invited == JoinModel::Invited::kPending;
           return stored ? SettleQueue::Act([tell, name] { tell(name); }) : SettleQueue::Act();
         };
       }});
  if (!done || !invitation.is_new) return;
  tell(invitation.group_name);
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
      [&](GroupAct& act) { return store_code(act, hash_of_code(code), expires, terms.uses); },
      [&](const GroupChange&) {
        send_reply(session, request, messages::InviteReply{.code = code, .expires = expires});
      });
  if (done) audit(context_, "code_made", session, session.identity().user, request.groupid);
}

}  // namespace chat::service
