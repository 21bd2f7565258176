#include "service/people/contact_service.h"

#include <span>
#include <string_view>
#include <utility>

#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/session_fence.h"

namespace chat::service {
namespace {

using Effect = ContactChange::Effect;
using session::Session;

// The `event` of the push to the other user; empty: none.
std::string_view event_of(Effect effect) {
  switch (effect) {
    case Effect::kAdded: return "added";
    case Effect::kRequested: return "request";
    case Effect::kAccepted: return "accepted";
    case Effect::kRemoved: return "removed";
    case Effect::kNone:
    case Effect::kRefused:
    case Effect::kBlocked:
    case Effect::kUnblocked: break;
  }
  return {};
}

// True if the change may forbid messages, or holds because an earlier one did.
bool forbids(const ContactChange& change) {
  return change.effect == Effect::kBlocked || change.effect == Effect::kRemoved ||
         change.effect == Effect::kNone;
}

std::string contact_push(const session::Identity& who, std::string_view event,
                         std::string_view text) {
  messages::ContactPush push{.id = who.user, .name = who.name, .event = event};
  if (event == "request" && !text.empty()) push.text = text;
  return protocol::encode_push(push);
}

}  // namespace

void ContactService::add_friend(Session& session, const Received<messages::AddFriend>& request) {
  const session::Identity& self = session.identity();
  const UserId other = request.friendid;
  if (other == self.user) {
    return refuse(session, request, bad_field("friendid must be somebody else"));
  }
  if (!admit(context_, session, request, Action::kAddFriend, {.user = other})) return;
  const std::string text = request.text.value_or("");
  const UnixMillis now = context_.clock.unix_millis();
  const auto change = store(session, request, other, text, [&](storage::Connection& connection) {
    return service::add_friend(connection, {self.user, other}, text, now);
  });
  if (!change) return;
  messages::AddFriendReply reply{.pending = change->pending};
  if (!change->pending) reply.added = item_of(change->other);
  send_reply(session, request, reply);
  tell(self, *change, text);
}

void ContactService::answer(Session& session, const Received<messages::FriendAnswer>& request) {
  const session::Identity& self = session.identity();
  const UserId other = request.userid;
  if (other == self.user) {
    return refuse(session, request, bad_field("userid must be somebody else"));
  }
  if (!admit(context_, session, request, Action::kAnswerRequest, {.user = other})) return;
  const UnixMillis now = context_.clock.unix_millis();
  const auto change = store(session, request, other, {}, [&](storage::Connection& connection) {
    return answer_request(connection, {self.user, other}, request.accept, now);
  });
  if (!change) return;
  messages::FriendAnswerReply reply;
  if (request.accept) reply.added = item_of(change->other);
  send_reply(session, request, reply);
  tell(self, *change);
}

void ContactService::remove_friend(Session& session,
                                   const Received<messages::RemoveFriend>& request) {
  const session::Identity& self = session.identity();
  const UserId other = request.friendid;
  if (other == self.user) {
    return refuse(session, request, bad_field("friendid must be somebody else"));
  }
  if (!admit(context_, session, request, Action::kRemoveFriend, {.user = other})) return;
  const auto change = store(session, request, other, {}, [&](storage::Connection& connection) {
    return service::remove_friend(connection, {self.user, other});
  });
  if (!change) return;
  send_reply(session, request, messages::RemoveFriendReply{});
  tell(self, *change);
}

void ContactService::block(Session& session, const Received<messages::Block>& request) {
  const session::Identity& self = session.identity();
  const UserId other = request.userid;
  if (other == self.user) {
    return refuse(session, request, bad_field("userid must be somebody else"));
  }
  if (!admit(context_, session, request, Action::kBlock, {.user = other})) return;
  const UnixMillis now = context_.clock.unix_millis();
  const auto change = store(session, request, other, {}, [&](storage::Connection& connection) {
    return set_block(connection, {self.user, other}, request.blocked, now);
  });
  if (!change) return;
  send_reply(session, request, messages::BlockReply{});
  tell(self, *change);
}

// A repeated attempt first looks for the effect of the earlier one: otherwise it would find, for
// example, that the other user is a friend already.
std::optional<ContactChange> ContactService::store(Session& session, const RequestHead& request,
                                                   UserId other, std::string text,
                                                   const Decide& decide) {
  const session::Identity& who = session.identity();
  const UserId self = who.user;
  std::optional<ContactChange> earlier;
  auto change = transact_fenced(
      context_.pool, who, {.lock = storage::RowLock::kExclusive, .other = other},
      [&](storage::Connection& connection, bool repeated) -> Outcome<ContactChange> {
        if (repeated && earlier) {
          const auto held = took_effect(connection, self, *earlier);
          if (!held) return failed(held);
          if (*held) return *earlier;
        }
        auto decided = decide(connection);
        if (decided) earlier = *decided;
        return decided;
      });
  if (change) {
    const bool binds =
        !change->rules_changed || context_.delivery.contacts_changed(self, change->other.id);
    if (binds || !forbids(*change)) return std::move(*change);
    tell(who, *change, text);
    // Not `busy`: it has taken effect in the table.
    refuse(session, request, Error{ErrorCode::kUnavailable, "the lane is slow"});
    return std::nullopt;
  }
  if (is_unknown(change.error()) && earlier && earlier->effect != Effect::kNone) {
    settle(session, request, *earlier, std::move(text));
  }
  refuse(session, request, change.error());
  return std::nullopt;
}

// Without the first call, a change that has taken effect would not bind until the queue finds it.
void ContactService::settle(Session& session, const RequestHead& request,
                            const ContactChange& change, std::string text) {
  const session::Identity self = session.identity();
  if (change.rules_changed) (void)context_.delivery.contacts_changed(self.user, change.other.id);
  context_.settle_queue.add(
      session,
      "contact msgid=" + std::to_string(static_cast<int>(request.msgid)) + " user=" +
          std::to_string(self.user.value) + " other=" + std::to_string(change.other.id.value),
      [this, self, change,
       text = std::move(text)](storage::Connection& connection) -> Result<SettleQueue::Act> {
        const auto held = took_effect(connection, self.user, change);
        if (!held) return fail(held);
        if (!*held) return SettleQueue::Act();
        return [this, self, change, text] {
          if (change.rules_changed) {
            (void)context_.delivery.contacts_changed(self.user, change.other.id);
          }
          tell(self, change, text);
        };
      });
}

void ContactService::tell(const session::Identity& who, const ContactChange& change,
                          std::string_view text) {
  const UserId other = change.other.id;
  if (const auto event = event_of(change.effect); !event.empty()) {
    context_.delivery.event_to_user(other, contact_push(who, event, text), who.user);
  }
  const bool is_block = change.effect == Effect::kBlocked || change.effect == Effect::kUnblocked;
  if (change.effect == Effect::kAccepted || (is_block && change.is_watched)) {
    const storage::Watch watch{.watcher = other, .watched = who.user};
    context_.delivery.presence_changed(std::span(&watch, 1));
  }
}

}  // namespace chat::service
