#include "contact_service.h"

#include <optional>
#include <string>
#include <utility>

#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/user_model.h"
#include "gate.h"
#include "replies.h"

namespace chat::service {
namespace {

using protocol::Errno;

std::string contact_push(const session::Identity& who) {
  std::string json;
  protocol::JsonWriter(json)
      .begin_object()
      .field("msgid", static_cast<int>(protocol::Msgid::kContact))
      .field("id", who.user.value)
      .field("name", std::string_view(who.name))
      .end_object();
  return json;
}

// Puts the friend on the list. The inner optional is the refusal.
Result<std::optional<protocol::Refusal>> insert(storage::Connection& connection, UserId user,
                                                UserId friend_id) {
  storage::FriendModel friends(connection);
  auto count = friends.count(user);
  if (!count) return fail(count);
  if (*count >= protocol::kFriendsMax) {
    return protocol::Refusal{Errno::kNotAllowed, "your list of friends is full", std::nullopt};
  }
  auto inserted = friends.insert(user, friend_id);
  if (!inserted) return fail(inserted);
  if (!*inserted) {
    return protocol::Refusal{Errno::kExists, "this is a friend already", std::nullopt};
  }
  return std::nullopt;
}

}  // namespace

void ContactService::add_friend(session::Session& session, const protocol::Request& request) {
  const session::Identity& self = session.identity();
  const UserId friend_id = request.user_id("friendid");
  if (friend_id == self.user) {
    return refuse(session, request, bad_field("friendid must be somebody else"));
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  if (!admit(context_, session, request, Action::kAddFriend, {.user = friend_id}, &**lease)) return;
  auto found = storage::UserModel(**lease).find(friend_id);
  if (!found) return refuse(session, request, found.error());
  if (!*found) return refuse(session, request, not_found("there is no such user"));
  auto refusal = insert(**lease, self.user, friend_id);
  if (!refusal) return refuse(session, request, refusal.error());
  if (*refusal) return refuse(session, request, **refusal);

  OkReply reply(request);
  reply.json().key("friend");
  write_friend(reply.json(), {friend_id, (*found)->name, (*found)->online});
  reply.send(session);
  context_.router.event_to_user(friend_id, contact_push(self));
}

}  // namespace chat::service
