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

using protocol::Request;
using session::Session;

constexpr std::size_t kRowsPerPage = 500;
// Room for the fields that come after the list.
constexpr std::size_t kTailBytes = 256;

// A cursor is the last id of the page before. Nothing: it is none of ours.
std::optional<std::int32_t> after_of(const Request& request) {
  if (request.find("cursor") == nullptr) return 0;
  const std::string_view text = request.text("cursor");
  std::int32_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || stop != end || id < 1) return std::nullopt;
  return id;
}

protocol::Refusal bad_cursor() {
  return bad_field("cursor is not one of this list");
}

// Writes the rows that fit and, where there are more, the cursor behind the last one.
template <typename Rows, typename Write>
void send_page(OkReply& reply, Session& session, std::string_view name, const Rows& rows,
               const Write& write) {
  reply.json().key(name).begin_array();
  std::int32_t last = 0;
  bool more = rows.size() == kRowsPerPage;
  for (const auto& row : rows) {
    std::string text;
    protocol::JsonWriter json(text);
    write(json, row);
    if (reply.size() + text.size() + kTailBytes > protocol::kReplyMaxBytes) {
      more = true;
      break;
    }
    reply.json().raw(text);
    last = row.id.value;
  }
  reply.json().end_array();
  if (more) reply.json().field("cursor", std::string_view(std::to_string(last)));
  reply.send(session);
}

}  // namespace

void ListService::list(Session& session, const Request& request) {
  const std::string_view kind = request.text("kind");
  if (kind != "friends" && kind != "groups") {
    return refuse(session, request, bad_field("kind must be friends or groups"));
  }
  const auto after = after_of(request);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const UserId self = session.identity().user;
  OkReply reply(request);
  if (kind == "friends") {
    auto rows = storage::FriendModel(**lease).list(self, UserId{*after}, kRowsPerPage);
    if (!rows) return refuse(session, request, rows.error());
    send_page(reply, session, kind, *rows, write_friend);
  } else {
    auto rows = storage::GroupModel(**lease).groups_of(self, GroupId{*after}, kRowsPerPage);
    if (!rows) return refuse(session, request, rows.error());
    send_page(reply, session, kind, *rows, [](auto& json, const storage::Group& group) {
      json.begin_object();
      write_group_fields(json, group);
      json.end_object();
    });
  }
}

void ListService::group_info(Session& session, const Request& request) {
  const auto after = after_of(request);
  if (!after) return refuse(session, request, bad_cursor());
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  const GroupId id = request.group_id("groupid");
  storage::GroupModel groups(**lease);
  if (!admit(context_, session, request, Action::kSeeGroup, {.group = id}, &**lease)) return;
  auto group = groups.find(id);
  if (!group) return refuse(session, request, group.error());
  auto users = groups.members(id, UserId{*after}, kRowsPerPage);
  if (!users) return refuse(session, request, users.error());
  OkReply reply(request);
  reply.json().key("group").begin_object();
  write_group_fields(reply.json(), group->value_or(storage::Group{id, "", ""}));
  reply.json().end_object();
  send_page(reply, session, "users", *users, write_member);
}

}  // namespace chat::service
