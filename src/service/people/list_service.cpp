#include "service/people/list_service.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/protocol/limits.h"
#include "chat/storage/block_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/join_model.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using messages::GroupInfoReply;
using messages::ListReply;
using protocol::key_of;
using session::Session;
using RequestStart = std::optional<storage::RequestCursor>;

constexpr std::size_t kRowsPerPage = 500;
// The space for the fields after the list.
constexpr std::size_t kTailBytes = 256;

// Decodes a cursor, which is the last id of the previous page. Nothing if invalid.
std::optional<std::int32_t> after_of(const std::optional<std::string>& cursor) {
  if (!cursor) return 0;
  const std::string_view text = *cursor;
  std::int32_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || stop != end || id < 1) return std::nullopt;
  return id;
}

protocol::Refusal bad_cursor() {
  return bad_field("cursor is not one of this list");
}

// Decodes the cursor of a list of requests: the time and the user of the last one. Nothing if
// invalid.
std::optional<RequestStart> request_start_of(const std::optional<std::string>& cursor) {
  if (!cursor) return RequestStart();
  const std::string_view text = *cursor;
  const char* const end = text.data() + text.size();
  storage::RequestCursor last;
  const auto [dot, error] = std::from_chars(text.data(), end, last.created_at);
  if (error != std::errc() || dot == end || *dot != '.' || last.created_at < 0) return std::nullopt;
  const auto [stop, id_error] = std::from_chars(dot + 1, end, last.id.value);
  if (id_error != std::errc() || stop != end || !last.id) return std::nullopt;
  return RequestStart(last);
}

// Decodes the cursor of a list of requests to join: the group and the user of the last one.
std::optional<std::pair<GroupId, UserId>> member_of(const std::optional<std::string>& cursor) {
  if (!cursor) return std::pair<GroupId, UserId>();
  const char* const end = cursor->data() + cursor->size();
  std::pair<GroupId, UserId> last;
  const auto [dot, error] = std::from_chars(cursor->data(), end, last.first.value);
  if (error != std::errc() || dot == end || *dot != '.' || !last.first) return std::nullopt;
  const auto [stop, id_error] = std::from_chars(dot + 1, end, last.second.value);
  if (id_error != std::errc() || stop != end || !last.second) return std::nullopt;
  return last;
}

template <typename Row>
std::string cursor_after(const Row& row) {
  return std::to_string(row.id.value);
}
std::string cursor_after(const storage::ListedRequest& row) {
  return std::to_string(row.created_at) + '.' + std::to_string(row.id.value);
}

std::string cursor_after(const storage::JoinRequest& row) {
  return std::to_string(row.group.value) + '.' + std::to_string(row.user.value);
}
std::string cursor_after(const storage::GroupInvite& row) {
  return std::to_string(row.group.value);
}

messages::JoinRequestItem join_request_item_of(const storage::JoinRequest& row) {
  messages::JoinRequestItem item{.groupid = row.group,
                                 .groupname = row.group_name,
                                 .id = row.user,
                                 .name = row.user_name,
                                 .ts = row.created_at};
  if (!row.message.empty()) item.text = row.message;
  return item;
}

messages::InvitationItem invitation_item_of(const storage::GroupInvite& row) {
  return {.groupid = row.group,
          .groupname = row.group_name,
          .id = row.by,
          .name = row.by_name,
          .ts = row.created_at};
}

messages::RequestItem request_item_of(const storage::ListedRequest& row) {
  messages::RequestItem item{.id = row.id, .name = row.name, .ts = row.created_at};
  if (!row.message.empty()) item.text = row.message;
  return item;
}

messages::UserItem blocked_item_of(const storage::Friend& row) {
  return {.id = row.id, .name = row.name};
}

constexpr auto kPlainItem = [](const auto& row) { return item_of(row); };

// Writes the rows that fit under `name` and, if there are more, the cursor after the last one.
template <typename Rows, typename ItemOf>
void send_page(OkReply& reply, Session& session, std::string_view name, const Rows& rows,
               ItemOf item_of_row) {
  reply.json().key(name).begin_array();
  std::string last;
  bool more = rows.size() == kRowsPerPage;
  for (const auto& row : rows) {
    std::string text;
    protocol::JsonWriter json(text);
    protocol::write_value(json, item_of_row(row));
    if (reply.size() + text.size() + kTailBytes > protocol::kReplyMaxBytes) {
      more = true;
      break;
    }
    reply.json().raw(text);
    last = cursor_after(row);
  }
  reply.json().end_array();
  if (more) reply.json().field(key_of(&ListReply::cursor), std::string_view(last));
  reply.send(session);
}

// A whole reply with one page under `name`.
template <typename Rows, typename ItemOf = decltype(kPlainItem)>
void send(Session& session, const RequestHead& request, std::string_view name,
          const Result<Rows>& rows, ItemOf item_of_row = kPlainItem) {
  if (!rows) return refuse(session, request, rows.error());
  OkReply reply(request);
  send_page(reply, session, name, *rows, item_of_row);
}

}  // namespace

void ListService::list(Session& session, const Received<messages::List>& request) {
  const std::string_view kind = request.kind;
  if (kind == "requests" || kind == "sent_requests") return list_requests(session, request);
  if (kind == "join_requests") return list_join_requests(session, request);
  if (kind != "friends" && kind != "groups" && kind != "blocked" && kind != "invitations") {
    return refuse(session, request,
                  bad_field("kind must be friends, groups, requests, sent_requests, blocked, "
                            "join_requests or invitations"));
  }
  const auto after = after_of(request.cursor);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const UserId self = session.identity().user;
  if (kind == "friends") {
    send(session, request, key_of(&ListReply::friends),
         storage::FriendModel(**lease).list(self, UserId{*after}, kRowsPerPage));
  } else if (kind == "groups") {
    send(session, request, key_of(&ListReply::groups),
         storage::GroupModel(**lease).groups_of(self, GroupId{*after}, kRowsPerPage));
  } else if (kind == "invitations") {
    send(session, request, key_of(&ListReply::invitations),
         storage::JoinModel(**lease).invites_of(self, GroupId{*after}, oldest_request(),
                                                kRowsPerPage),
         invitation_item_of);
  } else {
    send(session, request, key_of(&ListReply::blocked),
         storage::BlockModel(**lease).list(self, UserId{*after}, kRowsPerPage), blocked_item_of);
  }
}

UnixMillis ListService::oldest_request() const {
  return context_.clock.unix_millis() - storage::JoinModel::kRequestLifetimeMillis;
}

void ListService::list_join_requests(Session& session, const Received<messages::List>& request) {
  const auto after = member_of(request.cursor);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  send(session, request, key_of(&ListReply::join_requests),
       storage::JoinModel(**lease).requests_to(session.identity().user, after->first, after->second,
                                               oldest_request(), kRowsPerPage),
       join_request_item_of);
}

void ListService::list_requests(Session& session, const Received<messages::List>& request) {
  const auto start = request_start_of(request.cursor);
  if (!start) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const UserId self = session.identity().user;
  storage::FriendRequestModel requests(**lease, context_.clock.unix_millis());
  if (request.kind == "requests") {
    send(session, request, key_of(&ListReply::requests),
         requests.received(self, *start, kRowsPerPage), request_item_of);
  } else {
    send(session, request, key_of(&ListReply::sent_requests),
         requests.sent(self, *start, kRowsPerPage), request_item_of);
  }
}

void ListService::group_info(Session& session, const Received<messages::GroupInfo>& request) {
  const auto after = after_of(request.cursor);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const GroupId id = request.groupid;
  storage::GroupModel groups(**lease);
  if (!admit(context_, session, request, Action::kSeeGroup, {.group = id}, &**lease)) return;
  auto group = groups.find(id);
  if (!group) return refuse(session, request, group.error());
  auto users = groups.members(id, UserId{*after}, kRowsPerPage);
  if (!users) return refuse(session, request, users.error());
  OkReply reply(request);
  const storage::Group described = group->value_or(storage::Group{id, "", ""});
  reply.json().key(key_of(&GroupInfoReply::group));
  protocol::write_value(reply.json(), item_of(described));
  send_page(reply, session, key_of(&GroupInfoReply::users), *users, kPlainItem);
}

}  // namespace chat::service
