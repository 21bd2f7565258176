#include "service/groups/group_acts.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/sabotage.h"
#include "chat/delivery/recipients.h"
#include "chat/protocol/messages/encode.h"
#include "chat/storage/message_model.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"

namespace chat::service {
namespace {

// Makes the group live in the user's session, which may be on another node.
void go_live(const ServiceEnvironment& environment, UserId user, GroupId group, Seq joined_seq) {
  if (auto session = environment.registry.find(user)) {
    environment.delivery.recipients().joined(session, user, group, joined_seq);
  } else {
    environment.delivery.streams_changed(user);
  }
}

}  // namespace

// Sends the reply. A session that has joined is live in the group from then on.
void GroupActs::hand_out(session::Session& session, GroupId group, const GroupChange& change) {
  const auto self = std::find_if(
      change.members.begin(), change.members.end(),
      [&](const auto& member) { return member.joined && member.user == session.identity().user; });
  if (self == change.members.end()) return session.flush_replies();
  context_.delivery.recipients().reply_and_join(session, group, self->joined_seq);
}

void tell_change(const ServiceEnvironment& environment, std::string_view actor_name, GroupId group,
                 const GroupChange& change) {
  for (const GroupChange::Member& member : change.members) {
    if (member.joined) go_live(environment, member.user, group, member.joined_seq);
  }
  if (!change.events.empty()) environment.delivery.group_events(change.events, actor_name);
  // For clients that know no event rows.
  for (const GroupChange::Member& member : change.members) {
    const messages::GroupPush push{.groupid = group,
                                   .change = member.joined ? "joined" : "left",
                                   .id = member.user,
                                   .name = member.name};
    environment.delivery.event_to_group(group, protocol::encode_push(push), member.user);
    if (!member.joined) environment.delivery.member_left(group);
  }
}

bool forgets(Action action) {
  using base::Sabotage;
  return base::sabotaged(action == Action::kJoinGroup ? Sabotage::kForgetJoinings
                                                      : Sabotage::kForgetActs);
}

Outcome<GroupChange> attempt_change(const ServiceEnvironment& environment,
                                    storage::Connection& connection, const GroupActor& actor,
                                    GroupId group, const GroupWork& work,
                                    std::vector<GroupChange::Member>& members) {
  GroupAct act(connection, environment.delivery.user_names(), actor,
               environment.clock.unix_millis());
  const auto done_before = act.open(group);
  if (!done_before) return tl::make_unexpected(done_before.error());
  if (!*done_before) {
    if (auto done = work(act); !done) return tl::make_unexpected(done.error());
  }
  GroupChange change = act.take();
  if (*done_before) {
    change.members = members;
  } else {
    members = change.members;
  }
  return change;
}

bool GroupActs::run(session::Session& session, const RequestHead& request, Action action,
                    GroupId group, const GroupWork& work, const Reply& reply,
                    const ActOptions& options) {
  if (!admit(context_, session, request, action, {.group = group})) return false;
  const GroupActor actor{session.identity().user, session.identity().name, new_act_cid()};
  std::vector<GroupChange::Member> members;
  const auto change = transact_fenced(
      context_.pool, session.identity(), {.other = options.other},
      [&](storage::Connection& connection, bool /*repeated*/) {
        return attempt_change(context_, connection, actor, group, work, members);
      },
      !forgets(action));
  if (!change) {
    if (is_unknown(change.error()) && !forgets(action)) {
      settle(session, actor, group, std::move(members), options.look ? options.look() : nullptr);
    }
    refuse(session, request, change.error());
    return false;
  }
  reply(*change);
  hand_out(session, group, *change);
  tell_change(context_, actor.name, group, *change);
  return true;
}

void GroupActs::settle(session::Session& session, const GroupActor& actor, GroupId group,
                       std::vector<GroupChange::Member> members, SettleQueue::Look look) {
  context_.settle_queue.add(
      session,
      "group_change user=" + std::to_string(actor.user.value) +
          " group=" + std::to_string(group.value),
      [this, actor, group, members = std::move(members),
       look = std::move(look)](storage::Connection& connection) -> Result<SettleQueue::Act> {
        // The lock waits until the lost transaction is decided.
        const auto locked = storage::GroupLifeModel(connection).lock(group);
        if (!locked) return fail(locked);
        const auto first =
            storage::MessageModel(connection).find_group_message(group, actor.user, actor.cid);
        if (!first) return fail(first);
        if (!*first) return look ? look(connection) : SettleQueue::Act();
        auto events = events_from(connection, **first);
        if (!events) return fail(events);
        return [this, actor, group, change = GroupChange{std::move(*events), members}] {
          tell_change(context_, actor.name, group, change);
        };
      });
}

}  // namespace chat::service
