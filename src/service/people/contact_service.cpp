#include "service/people/contact_service.h"

#include <string>
#include <utility>

#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/fault.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using protocol::Errno;

std::string contact_push(const session::Identity& who) {
  return protocol::encode_push(messages::ContactPush{.id = who.user, .name = who.name});
}

// Adds the friend. `repeated`: an earlier attempt may have done so.
Outcome<void> insert(storage::Connection& connection, UserId user, UserId friend_id,
                     bool repeated) {
  storage::FriendModel friends(connection);
  auto count = friends.count(user);
  if (!count) return failed(count);
  if (*count >= protocol::kFriendsMax && !repeated) {
    return refused(Errno::kNotAllowed, "your list of friends is full");
  }
  auto inserted = friends.insert(user, friend_id);
  if (!inserted) return failed(inserted);
  if (!*inserted && !repeated) return refused(Errno::kExists, "this is a friend already");
  return {};
}

}  // namespace

void ContactService::add_friend(session::Session& session,
                                const Received<messages::AddFriend>& request) {
  const session::Identity& self = session.identity();
  const UserId friend_id = request.friendid;
  if (friend_id == self.user) {
    return refuse(session, request, bad_field("friendid must be somebody else"));
  }
  storage::Friend added{friend_id, {}, false};
  {
    auto lease = context_.pool.lease();
    if (!lease) return refuse(session, request, lease.error());
    const Object object{.user = friend_id};
    if (!admit(context_, session, request, Action::kAddFriend, object, &**lease)) return;
    auto found = storage::UserModel(**lease).find(friend_id);
    if (!found) return refuse(session, request, found.error());
    if (!*found) return refuse(session, request, not_found("there is no such user"));
    added.name = std::move((*found)->name);
    added.online = (*found)->online;
  }
  const auto inserted =
      storage::transact_settled(context_.pool, [&](storage::Connection& connection, bool repeated) {
        return insert(connection, self.user, friend_id, repeated);
      });
  if (!inserted) {
    if (is_unknown(inserted.error())) settle(session, friend_id);
    return refuse(session, request, inserted.error());
  }
  send_reply(session, request, messages::AddFriendReply{.added = item_of(added)});
  context_.delivery.event_to_user(friend_id, contact_push(self), self.user);
}

void ContactService::settle(session::Session& session, UserId friend_id) {
  const session::Identity self = session.identity();
  context_.settle_queue.add(
      session,
      "add_friend user=" + std::to_string(self.user.value) +
          " friend=" + std::to_string(friend_id.value),
      [this, self, friend_id](storage::Connection& connection) -> Result<SettleQueue::Act> {
        const auto listed = storage::FriendModel(connection).is_listed_locked(self.user, friend_id);
        if (!listed) return fail(listed);
        if (!*listed) return SettleQueue::Act();
        return [this, self, friend_id] {
          context_.delivery.event_to_user(friend_id, contact_push(self), self.user);
        };
      });
}

}  // namespace chat::service
