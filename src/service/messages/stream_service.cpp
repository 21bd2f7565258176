#include "service/messages/stream_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/delivery/backlog.h"
#include "chat/delivery/recipients.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using delivery::StreamKey;
using session::Session;

// The stream named by exactly one of `from` and `groupid`; nothing otherwise.
std::optional<StreamKey> stream_of(const std::optional<UserId>& from,
                                   const std::optional<GroupId>& group) {
  if (from.has_value() == group.has_value()) return std::nullopt;
  return from ? StreamKey::from(*from) : StreamKey::of(*group);
}

protocol::Refusal one_stream() {
  return bad_field("one of from and groupid must be given");
}

// Charges the session for reading positions, by their number: each costs the database about as much
// as a small request.
void charge_for(Session& session, std::size_t positions) {
  constexpr std::int64_t kPositionBytes = 256;
  const auto bytes = static_cast<std::int64_t>(positions) * kPositionBytes;
  session.post_to_loop(
      [self = session.shared_from_this(), bytes] { self->socket().charge(bytes); });
}

std::string seq_too_high(const RequestHead& request) {
  return protocol::error_reply(protocol::reply_to(request.msgid),
                               bad_field("seq is past the last message pushed on this connection"),
                               request.cid);
}

}  // namespace

void StreamService::delivered(Session& session, const Received<messages::Delivered>& request) {
  const auto stream = stream_of(request.from, request.groupid);
  if (!stream) return refuse(session, request, one_stream());
  context_.delivery.recipients().acknowledge(session.shared_from_this(), *stream, request.seq,
                                             seq_too_high(request));
}

void StreamService::read(Session& session, const Received<messages::Read>& request) {
  const auto stream = stream_of(request.from, request.groupid);
  if (!stream) return refuse(session, request, one_stream());
  context_.delivery.recipients().mark_read(session.shared_from_this(), *stream, request.seq,
                                           seq_too_high(request));
}

void StreamService::sync(Session& session, const Received<messages::Sync>& request) {
  if (request.from && request.groupid) return refuse(session, request, one_stream());
  if (request.from) return sync_direct(session, request, *request.from);
  if (request.groupid) return sync_group(session, request, *request.groupid);
  if (request.after) {
    return refuse(session, request, bad_field("after needs from or groupid"));
  }
  sync_all(session, request);
}

void StreamService::sync_all(Session& session, const RequestHead& request) {
  auto positions = context_.delivery.backlog().positions(session.identity().user);
  if (!positions) return refuse(session, request, positions.error());
  charge_for(session, positions->size());
  send_reply(session, request, messages::SyncReply{});
  session.flush_replies();
  context_.delivery.recipients().rewind(session.shared_from_this(), std::move(*positions),
                                        std::nullopt);
}

void StreamService::sync_direct(Session& session, const Received<messages::Sync>& request,
                                UserId from) {
  if (!admit(context_, session, request, Action::kSyncFrom, {.user = from})) return;
  sync_one(session, request, StreamKey::from(from), 0);
}

void StreamService::sync_group(Session& session, const Received<messages::Sync>& request,
                               GroupId group) {
  const auto grant = admit(context_, session, request, Action::kSyncGroup, {.group = group});
  if (!grant) return;
  sync_one(session, request, StreamKey::of(group), grant->joined_seq);
}

// Never before `first_after`: messages from before the user joined are not theirs.
void StreamService::sync_one(Session& session, const Received<messages::Sync>& request,
                             StreamKey stream, Seq first_after) {
  auto positions = context_.delivery.backlog().position(session.identity().user, stream);
  if (!positions) return refuse(session, request, positions.error());
  std::optional<Seq> after;
  if (request.after) after = std::max(*request.after, first_after);
  send_reply(session, request, messages::SyncReply{});
  session.flush_replies();
  context_.delivery.recipients().rewind(session.shared_from_this(), std::move(*positions), after);
}

}  // namespace chat::service
