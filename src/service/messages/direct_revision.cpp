#include "service/messages/direct_revision.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "chat/delivery/refusals.h"
#include "chat/protocol/errors.h"
#include "chat/storage/contact_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using protocol::Errno;
using storage::DirectMessage;

DirectMessage event_of(const DirectAct& act, storage::RevisedRow row) {
  DirectMessage event{act.stream.recipient, row.sender,  row.seq,
                      std::move(row.cid),   row.sent_at, std::move(row.body)};
  event.kind = std::move(row.kind);
  event.extra = std::move(row.extra);
  event.ref = row.ref;
  return event;
}

// A sender who may no longer write to the recipient, or whose recipient has no account any more,
// can still recall messages, but not edit them. The fence has locked the recipient's row.
Outcome<void> check_accepted(storage::Connection& connection, const DirectAct& act) {
  if (!act.wish.text) return {};
  const auto recipient = storage::UserModel(connection).find(act.stream.recipient);
  if (!recipient) return failed(recipient);
  if (!*recipient) return tl::make_unexpected(Fault(delivery::no_recipient()));
  const auto rights = storage::ContactModel(connection).chat_rights({&act.stream, 1});
  if (!rights) return failed(rights);
  if (rights->front() == storage::ChatRight::kYes) return {};
  return tl::make_unexpected(Fault(delivery::not_accepted(rights->front())));
}

Outcome<DirectMessage> append_event(storage::Connection& connection, const DirectAct& act,
                                    std::string fields, UnixMillis now) {
  storage::MessageModel messages(connection);
  const auto head = messages.direct_tail(act.stream.recipient, act.stream.sender, 1);
  if (!head) return failed(head);
  if (head->empty()) return no_such_message();
  DirectMessage event;
  event.recipient = act.stream.recipient;
  event.sender = act.stream.sender;
  event.seq = head->front().seq + 1;
  event.cid = act.cid;
  event.sent_at = std::max(now, head->front().sent_at);
  event.body = act.wish.text ? *act.wish.text : act.sender_name + " recalled a message";
  event.kind = act.wish.kind();
  event.extra = std::move(fields);
  event.ref = act.wish.seq;
  event.n = head->front().n;
  const auto stored = messages.insert_direct_event(event);
  if (stored) return event;
  if (stored.error().code != ErrorCode::kConflict) return failed(stored);
  return failed(Error{ErrorCode::kBusy, "another message took the seq"});
}

}  // namespace

tl::unexpected<Fault> no_such_message() {
  return refused(Errno::kNotFound, "there is no such message");
}

Outcome<void> check_message(const MessageRevision& revision, const RevisionWish& wish) {
  if (!revision.is_text()) {
    return refused(Errno::kNotAllowed, "an event can't be recalled or edited");
  }
  if (wish.text && revision.is_recalled()) {
    return refused(Errno::kNotAllowed, "this message was recalled");
  }
  return {};
}

Outcome<void> check_age(const MessageRevision& revision, const RevisionWish& wish,
                        const RevisionLimits& limits, UnixMillis now) {
  // A recall visits each edit in one transaction.
  if (wish.text && revision.edits() >= protocol::kEditsMax) {
    return refused(Errno::kNotAllowed,
                   "a message can be edited " + std::to_string(protocol::kEditsMax) + " times");
  }
  const std::int64_t seconds = wish.text ? limits.edit_seconds : limits.recall_seconds;
  if (!revision.is_older(seconds, now)) return {};
  const std::string verb = wish.text ? "edited" : "recalled";
  return refused(Errno::kNotAllowed,
                 "a message can be " + verb + " for " + std::to_string(seconds) + " seconds");
}

bool holds_already(const MessageRevision& revision, const RevisionWish& wish) {
  return wish.text ? revision.message().body == *wish.text : revision.is_recalled();
}

Outcome<void> carry_out(MessageRevision& revision, const RevisionWish& wish, Seq event,
                        UnixMillis at) {
  const auto done = wish.text ? revision.edit(event, at, *wish.text) : revision.recall(event, at);
  if (!done) return failed(done);
  return {};
}

Outcome<DirectChange> revise_direct(storage::Connection& connection, const DirectAct& act,
                                    const RevisionLimits& limits, UnixMillis now, bool repeated) {
  MessageRevision revision(connection, {.direct = act.stream});
  const auto found = revision.open(act.wish.seq);
  if (!found) return failed(found);
  if (!*found) return no_such_message();
  if (repeated) {
    auto earlier = revision.event_named(act.cid);
    if (!earlier) return failed(earlier);
    if (*earlier) return DirectChange{event_of(act, std::move(**earlier)), true};
  }
  if (auto fit = check_message(revision, act.wish); !fit) return tl::make_unexpected(fit.error());
  if (holds_already(revision, act.wish)) {
    auto newest = revision.newest();
    if (!newest) return failed(newest);
    return DirectChange{event_of(act, std::move(*newest)), false};
  }
  auto allowed = check_accepted(connection, act);
  if (allowed) allowed = check_age(revision, act.wish, limits, now);
  if (!allowed) return tl::make_unexpected(allowed.error());
  auto event = append_event(connection, act, revision.fields(act.wish.kind()), now);
  if (!event) return tl::make_unexpected(event.error());
  auto done = carry_out(revision, act.wish, event->seq, event->sent_at);
  if (!done) return tl::make_unexpected(done.error());
  return DirectChange{std::move(*event), true};
}

Result<std::optional<DirectMessage>> find_event(storage::Connection& connection,
                                                const DirectAct& act) {
  MessageRevision revision(connection, {.direct = act.stream});
  const auto found = revision.open(act.wish.seq);
  if (!found) return fail(found);
  if (!*found) return std::nullopt;
  auto event = revision.event_named(act.cid);
  if (!event) return fail(event);
  if (!*event) return std::nullopt;
  return event_of(act, std::move(**event));
}

}  // namespace chat::service
