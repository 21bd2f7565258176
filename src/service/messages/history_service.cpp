#include "service/messages/history_service.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "chat/delivery/push_json.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/protocol/limits.h"
#include "chat/storage/group_model.h"
#include "chat/storage/message_model.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/messages/history_cursor.h"

namespace chat::service {
namespace {

using protocol::key_of;
using session::Session;
using storage::DirectMessage;

constexpr std::size_t kDefaultLimit = 50;
constexpr Seq kFromTheEnd = std::numeric_limits<Seq>::max();
// The size of the reply without the messages.
constexpr std::size_t kEnvelopeBytes = 512;

std::size_t limit_of(const messages::History& request) {
  return request.limit ? static_cast<std::size_t>(*request.limit) : kDefaultLimit;
}

std::optional<protocol::Refusal> limit_fault(const messages::History& request) {
  const std::size_t limit = limit_of(request);
  if (limit >= 1 && limit <= protocol::kHistoryMax) return std::nullopt;
  return bad_field("limit must be an integer from 1 to " + std::to_string(protocol::kHistoryMax));
}

// Tracks the remaining space of a reply.
class Room {
 public:
  bool take(std::string json, std::vector<std::string>& into) {
    if (json.size() + 1 > left_ && !into.empty()) return false;
    left_ -= std::min(left_, json.size() + 1);
    into.push_back(std::move(json));
    return true;
  }

 private:
  std::size_t left_ = protocol::kReplyMaxBytes - kEnvelopeBytes;
};

// Reads one direct stream backwards. Its beginning is reached once fewer rows are returned than
// requested.
struct Side {
  std::vector<DirectMessage> messages;  // newest first
  std::size_t taken = 0;
  Seq before = 0;
  bool whole = false;

  bool empty() const { return taken == messages.size(); }
  const DirectMessage& next() const { return messages[taken]; }
  // 1: nothing left.
  Seq next_before() const { return empty() && whole ? 1 : before; }
};

Result<Side> read_side(storage::Connection& connection, UserId recipient, UserId sender, Seq before,
                       std::size_t limit) {
  auto rows = storage::MessageModel(connection).direct_before(recipient, sender, before, limit);
  if (!rows) return fail(rows);
  const bool whole = rows->size() < limit;
  return Side{std::move(*rows), 0, before, whole};
}

void send_page(Session& session, const RequestHead& request, const std::vector<std::string>& pushes,
               const std::string& cursor) {
  OkReply reply(request);
  reply.json().key(key_of(&messages::HistoryReply::messages)).begin_array();
  for (auto push = pushes.rbegin(); push != pushes.rend(); ++push) {
    reply.json().raw(*push);
  }
  reply.json().end_array();
  if (!cursor.empty())
    reply.json().field(key_of(&messages::HistoryReply::cursor), std::string_view(cursor));
  reply.send(session);
}

}  // namespace

void HistoryService::history(Session& session, const Received<messages::History>& request) {
  if (request.with.has_value() == request.groupid.has_value()) {
    return refuse(session, request, bad_field("one of with and groupid must be given"));
  }
  if (auto fault = limit_fault(request)) return refuse(session, request, *fault);
  if (request.with) return direct(session, request, *request.with);
  group(session, request, *request.groupid);
}

void HistoryService::direct(Session& session, const Received<messages::History>& request,
                            UserId with) {
  if (request.cursor && !decode(*request.cursor, with)) {
    return refuse(session, request, bad_field("cursor is not one of this conversation"));
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  if (!admit(context_, session, request, Action::kReadConversation, {.user = with}, &**lease))
    return;
  auto page = read_direct(**lease, session.identity().user, with, request);
  if (!page) return refuse(session, request, page.error());
  send_page(session, request, page->messages, page->cursor);
}

void HistoryService::group(Session& session, const Received<messages::History>& request,
                           GroupId group) {
  if (request.cursor && !decode(*request.cursor, group)) {
    return refuse(session, request, bad_field("cursor is not one of this group"));
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  // The right and the messages are of one moment: a member may be removed in between.
  auto snapshot = storage::Transaction::begin(**lease, storage::TransactionKind::kRead);
  if (!snapshot) return refuse(session, request, snapshot.error());
  const auto grant =
      admit(context_, session, request, Action::kReadGroup, {.group = group}, &**lease);
  if (!grant) return;
  auto page = read_group(**lease, group, *grant, request);
  if (!page) return refuse(session, request, page.error());
  send_page(session, request, page->messages, page->cursor);
}

// Both directions, merged by time. Messages to oneself are a single stream.
Result<HistoryService::Page> HistoryService::read_direct(storage::Connection& connection,
                                                         UserId self, UserId with,
                                                         const messages::History& request) {
  const std::size_t limit = limit_of(request);
  const auto from = decode(request.cursor.value_or(""), with)
                        .value_or(HistoryCursor{kFromTheEnd, self == with ? 1 : kFromTheEnd});
  auto received = read_side(connection, self, with, from.received, limit);
  if (!received) return fail(received);
  auto sent = read_side(connection, with, self, from.sent, limit);
  if (!sent) return fail(sent);
  Page page;
  Room room;
  while (page.messages.size() < limit && !(received->empty() && sent->empty())) {
    const bool own =
        received->empty() || (!sent->empty() && sent->next().sent_at >= received->next().sent_at);
    Side& side = own ? *sent : *received;
    auto name = name_of(connection, side.next().sender);
    if (!name) return fail(name);
    if (!room.take(delivery::push_json(side.next(), *name), page.messages)) break;
    side.before = side.next().seq;
    ++side.taken;
  }
  const HistoryCursor next{received->next_before(), sent->next_before()};
  if (next.received > 1 || next.sent > 1) page.cursor = encode(with, next);
  return page;
}

Result<HistoryService::Page> HistoryService::read_group(storage::Connection& connection,
                                                        GroupId group, const Grant& grant,
                                                        const messages::History& request) {
  const std::size_t limit = limit_of(request);
  auto from = decode(request.cursor.value_or(""), group).value_or(HistoryCursor{kFromTheEnd, 0});
  if (grant.left_seq != 0) from.received = std::min(from.received, grant.left_seq + 1);
  // One more than requested, to find out whether there are more.
  auto rows = storage::MessageModel(connection)
                  .group_before(group, grant.joined_seq, from.received, limit + 1);
  if (!rows) return fail(rows);
  Page page;
  Room room;
  Seq before = from.received;
  for (const storage::GroupMessage& row : *rows) {
    auto name = name_of(connection, row.sender);
    if (!name) return fail(name);
    if (page.messages.size() == limit ||
        !room.take(delivery::push_json(row, *name), page.messages)) {
      page.cursor = encode(group, {before, 0});
      break;
    }
    before = row.seq;
  }
  return page;
}

Result<std::string> HistoryService::name_of(storage::Connection& connection, UserId user) {
  auto name = context_.delivery.user_names().name_of(user, connection);
  if (!name) return fail(name);
  return *name ? **name : std::string();
}

}  // namespace chat::service
