#include "service/people/list_service.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_model.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using messages::GroupInfoReply;
using messages::ListReply;
using protocol::key_of;
using session::Session;

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

// Writes the rows that fit under `name` and, if there are more, the cursor after the last one.
template <typename Rows>
void send_page(OkReply& reply, Session& session, std::string_view name, std::string_view cursor,
               const Rows& rows) {
  reply.json().key(name).begin_array();
  std::int32_t last = 0;
  bool more = rows.size() == kRowsPerPage;
  for (const auto& row : rows) {
    std::string text;
    protocol::JsonWriter json(text);
    protocol::write_value(json, item_of(row));
    if (reply.size() + text.size() + kTailBytes > protocol::kReplyMaxBytes) {
      more = true;
      break;
    }
    reply.json().raw(text);
    last = row.id.value;
  }
  reply.json().end_array();
  if (more) reply.json().field(cursor, std::string_view(std::to_string(last)));
  reply.send(session);
}

}  // namespace

void ListService::list(Session& session, const Received<messages::List>& request) {
  const std::string_view kind = request.kind;
  if (kind != "friends" && kind != "groups") {
    return refuse(session, request, bad_field("kind must be friends or groups"));
  }
  const auto after = after_of(request.cursor);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const UserId self = session.identity().user;
  OkReply reply(request);
  if (kind == "friends") {
    auto rows = storage::FriendModel(**lease).list(self, UserId{*after}, kRowsPerPage);
    if (!rows) return refuse(session, request, rows.error());
    send_page(reply, session, key_of(&ListReply::friends), key_of(&ListReply::cursor), *rows);
  } else {
    auto rows = storage::GroupModel(**lease).groups_of(self, GroupId{*after}, kRowsPerPage);
    if (!rows) return refuse(session, request, rows.error());
    send_page(reply, session, key_of(&ListReply::groups), key_of(&ListReply::cursor), *rows);
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
  send_page(reply, session, key_of(&GroupInfoReply::users), key_of(&GroupInfoReply::cursor),
            *users);
}

}  // namespace chat::service
