// What operators do to groups.
//
// An event row needs a sender who is a user, so it is stored as its creator's, with a text that
// says who acted. A sender gets no push of its own rows, so the creator gets a GROUP push instead.
#include <optional>
#include <string>
#include <utility>

#include "chat/delivery/delivery.h"
#include "chat/protocol/messages/encode.h"
#include "chat/service/moderation.h"
#include "chat/storage/message_model.h"
#include "chat/storage/moderation_model.h"
#include "chat/storage/settle.h"
#include "service/dispatch/audit.h"
#include "service/groups/group_act.h"
#include "service/operation/act_error.h"

namespace chat::service {
namespace {

using storage::Connection;
using storage::GroupMessage;

constexpr const char* kActorName = "an operator";

// A dismissal: the creator in whose name it is stored, and its event.
struct Dismissal {
  bool changed = false;
  UserId creator;
  std::string creator_name;
  std::vector<GroupMessage> events;
};

void tell(ServiceContext& context, GroupId group, const Dismissal& dismissal) {
  context.delivery.group_events(dismissal.events, dismissal.creator_name);
  if (!dismissal.creator) return;
  context.delivery.event_to_user(
      dismissal.creator,
      protocol::encode_push(protocol::messages::GroupPush{.groupid = group, .change = "dismissed"}),
      {});
}

// `cid` names the act, so that an earlier attempt is recognised.
Outcome<Dismissal> dismiss_in(ServiceContext& context, Connection& connection, GroupId group,
                              const std::string& cid) {
  storage::GroupLifeModel life(connection);
  const auto state = life.lock(group);
  if (!state) return failed(state);
  const auto overview = storage::ModerationModel(connection).group(group);
  if (!overview) return failed(overview);
  if (!*state || !*overview) {
    return refused(protocol::Errno::kNotFound, "there is no group " + std::to_string(group.value));
  }
  Dismissal out{false, (*overview)->creator, (*overview)->creator_name, {}};
  const UnixMillis now = context.clock.unix_millis();
  if (!out.creator) {  // and so nobody else
    out.changed = !(*state)->dismissed;
    if (!out.changed) return out;
    if (auto done = life.dismiss(**state, now); !done) return failed(done);
    return out;
  }
  const GroupActor actor{out.creator, kActorName, cid};
  GroupAct act(connection, context.delivery.user_names(), actor, now);
  const auto done_before = act.open(group);
  if (!done_before) return tl::make_unexpected(done_before.error());
  out.changed = *done_before || !act.state().dismissed;
  if (!*done_before && out.changed) {
    if (auto done = act.dismiss(); !done) return tl::make_unexpected(done.error());
  }
  out.events = act.take().events;
  return out;
}

}  // namespace

Result<bool> Moderation::dismiss(Operator by, GroupId group) {
  const std::string cid = new_act_cid();
  const auto dismissal =
      storage::transact_settled(context_.pool, [&](Connection& connection, bool /*repeated*/) {
        return dismiss_in(context_, connection, group, cid);
      });
  if (!dismissal) {
    if (is_unknown(dismissal.error())) settle_dismissal(group, cid);
    return tl::make_unexpected(told_error(dismissal.error()));
  }
  audit(context_, {"group_dismissed", by.uid, {}, group, dismissal->changed});
  if (dismissal->changed) tell(context_, group, *dismissal);
  return dismissal->changed;
}

void Moderation::settle_dismissal(GroupId group, const std::string& cid) {
  (void)context_.settle_queue.try_add(
      "dismiss group=" + std::to_string(group.value),
      [this, group, cid](Connection& connection) -> Result<SettleQueue::Act> {
        // The lock waits until the lost transaction is decided.
        const auto state = storage::GroupLifeModel(connection).lock(group);
        if (!state) return fail(state);
        const auto overview = storage::ModerationModel(connection).group(group);
        if (!overview) return fail(overview);
        if (!*overview || !(*overview)->creator) return SettleQueue::Act();
        Dismissal dismissal{true, (*overview)->creator, (*overview)->creator_name, {}};
        auto event =
            storage::MessageModel(connection).find_group_message(group, dismissal.creator, cid);
        if (!event) return fail(event);
        if (!*event) return SettleQueue::Act();
        dismissal.events.push_back(std::move(**event));
        return
            [this, group, dismissal = std::move(dismissal)] { tell(context_, group, dismissal); };
      });
}

}  // namespace chat::service
