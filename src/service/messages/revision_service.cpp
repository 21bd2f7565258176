#include "service/messages/revision_service.h"

#include <optional>
#include <string>
#include <utility>

#include "chat/protocol/local_time.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"
#include "service/groups/group_act.h"

namespace chat::service {
namespace {

using protocol::Errno;
using session::Session;
using storage::GroupRole;

Outcome<Standing> standing_in(GroupAct& act, const GroupAct::Member& self, UserId author) {
  Standing standing{self.role, std::nullopt, act.state().joining, act.state().dismissed};
  if (author == act.actor().user) return standing;
  const auto other = act.other(author);
  if (!other) return tl::make_unexpected(other.error());
  standing.target = is_member(*other) ? (*other)->role : GroupRole::kNormal;
  return standing;
}

Outcome<void> check_mute(const GroupAct& act, const GroupAct::Member& self) {
  const bool everybody = self.role == GroupRole::kNormal && act.state().muted_until > act.now();
  if (self.muted_until <= act.now() && !everybody) return {};
  return refused(Errno::kNotAllowed, "a muted member can't edit messages");
}

// Admins recall at any time.
Outcome<void> check_time(const GroupAct& act, const GroupAct::Member& self,
                         const MessageRevision& revision, const RevisionWish& wish,
                         const RevisionLimits& limits) {
  if (!wish.text && self.role != GroupRole::kNormal) return {};
  return check_age(revision, wish, limits, act.now());
}

Outcome<std::string> fallback_text(GroupAct& act, const RevisionWish& wish, UserId author) {
  if (wish.text) return *wish.text;
  if (author == act.actor().user) return act.actor().name + " recalled a message";
  const auto name = act.name_of(author);
  if (!name) return name;
  return act.actor().name + " recalled a message of " + (name->empty() ? "a deleted user" : *name);
}

// The members are locked with the group. Nothing: there is no such message for this member.
Outcome<std::optional<GroupAct::Member>> open_in_group(GroupAct& act, MessageRevision& revision,
                                                       Seq seq) {
  const auto self = act.self();
  if (!self) return tl::make_unexpected(self.error());
  const auto found = revision.open(seq);
  if (!found) return failed(found);
  if (!*found || seq <= self->joined_seq) return std::nullopt;
  return *self;
}

Outcome<void> revise_in_group(GroupAct& act, const RevisionWish& wish, const RevisionLimits& limits,
                              ToldEvent& told) {
  MessageRevision revision(act.connection(), {.group = act.state().id});
  const auto self = open_in_group(act, revision, wish.seq);
  if (!self) return tl::make_unexpected(self.error());
  if (!*self) return no_such_message();
  const UserId author = revision.message().sender;
  auto standing = standing_in(act, **self, author);
  if (!standing) return tl::make_unexpected(standing.error());
  const Action action = wish.text ? Action::kEditInGroup : Action::kRecallInGroup;
  const bool dismissed = std::exchange(standing->dismissed, false);
  auto allowed = check_message(revision, wish);
  if (allowed) allowed = check_in_group(action, *standing);
  if (!allowed) return allowed;
  if (holds_already(revision, wish)) {
    const auto newest = revision.newest();
    if (!newest) return failed(newest);
    told = {newest->seq, newest->sent_at};
    return {};
  }
  standing->dismissed = dismissed;
  allowed = check_in_group(action, *standing);
  if (allowed && wish.text) allowed = check_mute(act, **self);
  if (allowed) allowed = check_time(act, **self, revision, wish, limits);
  if (!allowed) return allowed;
  auto text = fallback_text(act, wish, author);
  if (!text) return tl::make_unexpected(text.error());
  const auto event =
      act.revise(wish.kind(), wish.seq, revision.fields(wish.kind()), std::move(*text));
  if (!event) return tl::make_unexpected(event.error());
  told = {event->seq, event->sent_at};
  return carry_out(revision, wish, event->seq, event->sent_at);
}

}  // namespace

void RevisionService::recall(Session& session, const Received<messages::Recall>& request) {
  revise<messages::RecallReply>(session, request, {request.seq, std::nullopt});
}

void RevisionService::edit(Session& session, const Received<messages::Edit>& request) {
  revise<messages::EditReply>(session, request, {request.seq, request.msg});
}

template <typename Reply, typename Request>
void RevisionService::revise(Session& session, const Request& request, const RevisionWish& wish) {
  if (request.toid.has_value() == request.groupid.has_value()) {
    return refuse(session, request, bad_field("one of toid and groupid must be given"));
  }
  if (request.groupid) return in_group<Reply>(session, request, *request.groupid, wish);
  in_direct<Reply>(session, request, *request.toid, wish);
}

template <typename Reply>
void RevisionService::in_group(Session& session, const RequestHead& request, GroupId group,
                               const RevisionWish& wish) {
  ToldEvent told;
  acts_.run(
      session, request, wish.text ? Action::kEditInGroup : Action::kRecallInGroup, group,
      [&](GroupAct& act) { return revise_in_group(act, wish, limits(), told); },
      [&](const GroupChange& change) {
        if (!change.events.empty()) {
          told = {change.events.front().seq, change.events.front().sent_at};
        }
        send_reply(session, request, Reply{{}, group, told.seq, told.ts});
      });
}

template <typename Reply>
void RevisionService::in_direct(Session& session, const RequestHead& request, UserId recipient,
                                const RevisionWish& wish) {
  const Action action = wish.text ? Action::kEditMessage : Action::kRecallMessage;
  if (!admit(context_, session, request, action, {.user = recipient})) return;
  const session::Identity& self = session.identity();
  const DirectAct act{{recipient, self.user}, self.name, new_act_cid(), wish};
  Fence fence;
  if (recipient != self.user) fence.other = recipient;
  const auto change = transact_fenced(
      context_.pool, self, fence,
      [&](storage::Connection& connection, bool repeated) {
        return revise_direct(connection, act, limits(), context_.clock.unix_millis(), repeated);
      },
      !forgets(action));
  if (!change) {
    if (is_unknown(change.error()) && !forgets(action)) settle(session, act);
    return refuse(session, request, change.error());
  }
  send_reply(session, request, Reply{recipient, {}, change->event.seq, change->event.sent_at});
  session.flush_replies();
  if (change->is_own) context_.delivery.direct_event(change->event, act.sender_name);
}

void RevisionService::settle(Session& session, const DirectAct& act) {
  context_.settle_queue.add(
      session,
      "message_revision user=" + std::to_string(act.stream.sender.value) +
          " recipient=" + std::to_string(act.stream.recipient.value),
      [this, act](storage::Connection& connection) -> Result<SettleQueue::Act> {
        auto event = find_event(connection, act);
        if (!event) return fail(event);
        if (!*event) return SettleQueue::Act();
        return [this, act, event = std::move(**event)] {
          context_.delivery.direct_event(event, act.sender_name);
        };
      });
}

RevisionLimits RevisionService::limits() const {
  return {context_.options.recall_seconds, context_.options.edit_seconds};
}

}  // namespace chat::service
