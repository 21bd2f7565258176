#include "group_service.h"

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <variant>

#include "audit.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/transact.h"
#include "gate.h"
#include "replies.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::Refusal;
using storage::GroupModel;

// A database error, or a refusal in the protocol's own words.
using Fault = std::variant<Error, Refusal>;
template <typename T>
using Outcome = tl::expected<T, Fault>;

tl::unexpected<Fault> refused(Errno code, std::string message) {
  return tl::make_unexpected(Fault(Refusal{code, std::move(message), std::nullopt}));
}

template <typename T>
tl::unexpected<Fault> failed(const Result<T>& result) {
  return tl::make_unexpected(Fault(result.error()));
}

void refuse_fault(session::Session& session, const protocol::Request& request, const Fault& fault) {
  std::visit([&](const auto& what) { refuse(session, request, what); }, fault);
}

Outcome<GroupId> create_group(storage::Connection& connection, const protocol::Request& request,
                              UserId creator) {
  GroupModel groups(connection);
  auto count = groups.count_of(creator);
  if (!count) return failed(count);
  if (*count >= protocol::kGroupsMax)
    return refused(Errno::kNotAllowed, "you are in too many groups");
  auto group = groups.create(request.text("groupname"), request.text("groupdesc"), creator);
  if (!group) return failed(group);
  if (!*group) return refused(Errno::kExists, "a group of this name exists already");
  return **group;
}

tl::unexpected<Fault> already_member() {
  return refused(Errno::kExists, "you are in this group already");
}

Outcome<Seq> join_locked(storage::Connection& connection, GroupId group, UserId user) {
  GroupModel groups(connection);
  auto count = groups.count_of(user);
  if (!count) return failed(count);
  auto outcome = groups.join(group, user, protocol::kGroupMembersMax);
  if (!outcome) return failed(outcome);
  switch (outcome->joined) {
    case GroupModel::Joined::kNoSuchGroup:
      return refused(Errno::kNotFound, "there is no such group");
    case GroupModel::Joined::kAlreadyMember: return already_member();
    case GroupModel::Joined::kGroupFull: return refused(Errno::kNotAllowed, "this group is full");
    case GroupModel::Joined::kYes: break;
  }
  if (*count >= protocol::kGroupsMax)
    return refused(Errno::kNotAllowed, "you are in too many groups");
  return outcome->joined_seq;
}

// A member who asks again gets their answer without the lock that writers wait for.
Outcome<Seq> join_group(storage::Connection& connection, GroupId group, UserId user) {
  auto member = GroupModel(connection).is_member(group, user);
  if (!member) return failed(member);
  if (*member) return already_member();
  return storage::transact(connection, [&] { return join_locked(connection, group, user); });
}

}  // namespace

void GroupService::create(session::Session& session, const protocol::Request& request) {
  const UserId creator = session.identity().user;
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  auto group = storage::transact(**lease, [&] { return create_group(**lease, request, creator); });
  if (!group) return refuse_fault(session, request, group.error());

  OkReply reply(request);
  reply.json().field("groupid", group->value);
  reply.send(session);
  session.flush_replies();
  context_.recipients.joined(session.shared_from_this(), *group, 0);
  audit(context_, "group_created", session, creator, *group);
}

void GroupService::join(session::Session& session, const protocol::Request& request) {
  const session::Identity& self = session.identity();
  const GroupId group_id = request.group_id("groupid");
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  if (!admit(context_, session, request, Action::kJoinGroup, {.group = group_id}, &**lease)) return;
  auto joined_seq = join_group(**lease, group_id, self.user);
  if (!joined_seq) return refuse_fault(session, request, joined_seq.error());

  GroupModel groups(**lease);
  auto group = groups.find(group_id);
  auto users = groups.members(group_id, UserId{}, protocol::kGroupUsersInReply);
  // The joining is committed: a failed read now must not look like a failed joining.
  OkReply reply(request);
  reply.json().key("group");
  write_group(reply.json(), group && *group ? **group : storage::Group{group_id, "", ""},
              users ? *users : std::vector<storage::GroupMember>());
  reply.send(session);
  session.flush_replies();
  context_.recipients.joined(session.shared_from_this(), group_id, *joined_seq);
  context_.router.event_to_group(group_id, membership_push(group_id, self, "joined"), self.user);
  audit(context_, "group_joined", session, self.user, group_id);
}

}  // namespace chat::service
