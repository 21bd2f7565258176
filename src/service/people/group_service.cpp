#include "service/people/group_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/sabotage.h"
#include "chat/delivery/recipients.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/settle.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using base::Sabotage;
using base::sabotaged;
using protocol::Errno;
using protocol::Refusal;
using storage::GroupModel;

// `repeated`: an earlier attempt may have created the group.
Outcome<GroupId> create_group(storage::Connection& connection, const messages::CreateGroup& request,
                              UserId creator, bool repeated) {
  GroupModel groups(connection);
  const std::string_view name = request.groupname;
  auto count = groups.count_of(creator);
  if (!count) return failed(count);
  auto group = groups.create(name, request.groupdesc.value_or(""), creator);
  if (!group) return failed(group);
  if (!*group && repeated) {
    group = groups.created_by_locked(name, creator);
    if (!group) return failed(group);
    if (*group) return **group;
  }
  if (!*group) return refused(Errno::kExists, "a group of this name exists already");
  if (*count >= protocol::kGroupsMax)
    return refused(Errno::kNotAllowed, "you are in too many groups");
  return **group;
}

struct Joining {
  Seq joined_seq = 0;
  bool is_new = true;
};

// A member who repeats the request is answered without locking the group's row, for which writers
// wait.
Outcome<Joining> join_group(storage::Connection& connection, GroupId group, UserId user) {
  GroupModel groups(connection);
  auto count = groups.count_of(user);
  if (!count) return failed(count);
  auto outcome = groups.join(group, user, protocol::kGroupMembersMax);
  if (!outcome) return failed(outcome);
  switch (outcome->joined) {
    case GroupModel::Joined::kNoSuchGroup:
      return refused(Errno::kNotFound, "there is no such group");
    case GroupModel::Joined::kAlreadyMember: return Joining{outcome->joined_seq, false};
    case GroupModel::Joined::kGroupFull: return refused(Errno::kNotAllowed, "this group is full");
    case GroupModel::Joined::kYes: break;
  }
  if (*count >= protocol::kGroupsMax)
    return refused(Errno::kNotAllowed, "you are in too many groups");
  return Joining{outcome->joined_seq, true};
}

}  // namespace

void GroupService::create(session::Session& session,
                          const Received<messages::CreateGroup>& request) {
  const UserId creator = session.identity().user;
  auto group = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool repeated) {
        return create_group(connection, request, creator, repeated);
      },
      !sabotaged(Sabotage::kForgetCreations));
  if (!group) {
    if (is_unknown(group.error())) settle_creation(session, request.groupname);
    return refuse(session, request, group.error());
  }
  send_reply(session, request, messages::CreateGroupReply{.groupid = *group});
  session.flush_replies();
  context_.delivery.recipients().joined(session.shared_from_this(), creator, *group, 0);
  audit(context_, "group_created", session, creator, *group);
}

void GroupService::join(session::Session& session, const Received<messages::AddGroup>& request) {
  const session::Identity& self = session.identity();
  if (!request.groupid) return refuse(session, request, bad_field("groupid is missing"));
  const GroupId group = *request.groupid;
  std::optional<Seq> member_since;
  {
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    if (!admit(context_, session, request, Action::kJoinGroup, {.group = group}, &**lease)) return;
    auto joined_seq = GroupModel(**lease).joined_seq(group, self.user);
    if (!joined_seq) return refuse(session, request, joined_seq.error());
    member_since = *joined_seq;
  }
  if (member_since) return refuse_member(session, request, *member_since);
  auto joined = storage::transact_settled(
      context_.pool,
      [&](storage::Connection& connection, bool repeated) -> Outcome<Joining> {
        auto joining = join_group(connection, group, self.user);
        if (joining && repeated) joining->is_new = true;
        return joining;
      },
      !sabotaged(Sabotage::kForgetJoinings));
  if (!joined) {
    if (is_unknown(joined.error())) settle_joining(session, group);
    return refuse(session, request, joined.error());
  }
  if (!joined->is_new) return refuse_member(session, request, joined->joined_seq);
  answer_joining(session, request, group);
  context_.delivery.recipients().joined(session.shared_from_this(), self.user, group,
                                        joined->joined_seq);
  context_.delivery.event_to_group(group, membership_push(group, self, "joined"), self.user);
  audit(context_, "group_joined", session, self.user, group);
}

// The join is committed, so a failed read must not look like a failed join.
void GroupService::answer_joining(session::Session& session, const RequestHead& request,
                                  GroupId id) {
  storage::Group group{id, "", ""};
  std::vector<storage::GroupMember> users;
  if (auto lease = context_.pool.lease()) {
    GroupModel groups(**lease);
    if (auto found = groups.find(id); found && *found) group = std::move(**found);
    auto members = groups.members(id, UserId{}, protocol::kGroupUsersInReply);
    if (members) users = std::move(*members);
  }
  send_reply(session, request, messages::AddGroupReply{.group = item_of(group, users)});
  session.flush_replies();
}

// The user may have become a member by a request that was answered `unavailable` and is now
// repeated; the session must be live in the group from now on.
void GroupService::refuse_member(session::Session& session,
                                 const Received<messages::AddGroup>& request, Seq joined_seq) {
  refuse(session, request, Refusal{Errno::kExists, "you are in this group already", std::nullopt});
  if (sabotaged(Sabotage::kForgetJoinings)) return;
  session.flush_replies();
  context_.delivery.recipients().joined(session.shared_from_this(), session.identity().user,
                                        *request.groupid, joined_seq);
}

void GroupService::settle_creation(session::Session& session, std::string_view name) {
  if (sabotaged(Sabotage::kForgetCreations)) return;
  const session::Identity self = session.identity();
  context_.settle_queue.add(session, "create_group user=" + std::to_string(self.user.value),
                            [this, self, name = std::string(name)](
                                storage::Connection& connection) -> Result<SettleQueue::Act> {
                              auto group =
                                  GroupModel(connection).created_by_locked(name, self.user);
                              if (!group) return fail(group);
                              if (!*group) return SettleQueue::Act();
                              return [this, self, id = **group] { go_live(self, id, 0); };
                            });
}

void GroupService::settle_joining(session::Session& session, GroupId group) {
  if (sabotaged(Sabotage::kForgetJoinings)) return;
  const session::Identity self = session.identity();
  context_.settle_queue.add(
      session,
      "join_group user=" + std::to_string(self.user.value) +
          " group=" + std::to_string(group.value),
      [this, self, group](storage::Connection& connection) -> Result<SettleQueue::Act> {
        auto joined_seq = GroupModel(connection).joined_seq_locked(group, self.user);
        if (!joined_seq) return fail(joined_seq);
        if (!*joined_seq) return SettleQueue::Act();
        return [this, self, group, seq = **joined_seq] {
          go_live(self, group, seq);
          context_.delivery.event_to_group(group, membership_push(group, self, "joined"),
                                           self.user);
        };
      });
}

// Makes the group live in the user's current session. A session on another node reads the user's
// streams when it learns that an unawaited older session has ended.
void GroupService::go_live(const session::Identity& who, GroupId group, Seq joined_seq) {
  if (auto session = context_.registry.find(who.user)) {
    context_.delivery.recipients().joined(session, who.user, group, joined_seq);
  } else {
    context_.delivery.tell_gone(who.user, who.epoch);
  }
}

}  // namespace chat::service
