#include "service/groups/group_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/sabotage.h"
#include "chat/delivery/recipients.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "service/dispatch/audit.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"

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

}  // namespace

void GroupService::create(session::Session& session,
                          const Received<messages::CreateGroup>& request) {
  const UserId creator = session.identity().user;
  auto group = transact_fenced(
      context_.pool, session.identity(), {},
      [&](storage::Connection& connection, bool repeated) {
        return create_group(connection, request, creator, repeated);
      },
      !sabotaged(Sabotage::kForgetCreations));
  if (!group) {
    if (is_unknown(group.error())) settle_creation(session, request.groupname);
    return refuse(session, request, group.error());
  }
  send_reply(session, request, messages::CreateGroupReply{.groupid = *group});
  context_.delivery.recipients().reply_and_join(session, *group, 0);
  audit(context_, "group_created", session, creator, *group);
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
