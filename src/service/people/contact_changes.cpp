#include "service/people/contact_changes.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/storage/block_model.h"
#include "chat/storage/contact_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"

namespace chat::service {
namespace {

using Effect = ContactChange::Effect;
using protocol::Errno;
using storage::BlockModel;
using storage::Contact;
using storage::ContactModel;
using storage::ContactPair;
using storage::FriendModel;
using storage::FriendRequest;
using storage::FriendRequestModel;
using storage::WhoMayAdd;

Outcome<ContactPair> lock(storage::Connection& connection, ContactParties who) {
  auto pair = ContactModel(connection).lock(who.self, who.other);
  if (!pair) return failed(pair);
  if (!*pair) return refused(Errno::kNotFound, "there is no such user");
  return std::move(**pair);
}

ContactChange change_of(const ContactPair& pair, Effect effect) {
  const Contact& other = pair.other;
  return {.effect = effect, .other = {other.id, other.name, other.online}};
}

// Refuses if one of the two has blocked the other.
Outcome<void> check_blocks(storage::Connection& connection, ContactParties who) {
  BlockModel blocks(connection);
  const auto own = blocks.is_blocked(who.self, who.other);
  if (!own) return failed(own);
  if (*own) return refused(Errno::kNotAllowed, "you have blocked this user");
  const auto others = blocks.is_blocked(who.other, who.self);
  if (!others) return failed(others);
  // The same as for a user whom nobody may add.
  if (*others) return refused(Errno::kNotAllowed, "this user does not accept friend requests");
  return {};
}

Outcome<void> bump(storage::Connection& connection, UserId user, ContactChange& change) {
  const auto bumped = ContactModel(connection).bump(user);
  if (!bumped) return failed(bumped);
  change.rules_changed = true;
  return {};
}

// Puts `item` on the list of `owner`.
Outcome<void> put_on_list(storage::Connection& connection, const Contact& owner, UserId item,
                          const char* if_full, ContactChange& change) {
  FriendModel friends(connection);
  const auto listed = friends.is_listed(owner.id, item);
  if (!listed) return failed(listed);
  if (*listed) return {};
  const auto count = friends.count(owner.id);
  if (!count) return failed(count);
  if (*count >= protocol::kFriendsMax) return refused(Errno::kNotAllowed, if_full);
  const auto inserted = friends.insert(owner.id, item);
  if (!inserted) return failed(inserted);
  return owner.friends_only ? bump(connection, owner.id, change) : Outcome<void>();
}

constexpr const char* kOwnListFull = "your list of friends is full";
constexpr const char* kOtherListFull = "the other user's list of friends is full";

// `pair.self` accepts the request of `pair.other`.
Outcome<ContactChange> accept(storage::Connection& connection, FriendRequestModel& requests,
                              const ContactPair& pair) {
  const auto& [self, other] = pair;
  ContactChange change = change_of(pair, Effect::kAccepted);
  auto put = put_on_list(connection, self, other.id, kOwnListFull, change);
  if (!put) return tl::make_unexpected(put.error());
  put = put_on_list(connection, other, self.id, kOtherListFull, change);
  if (!put) return tl::make_unexpected(put.error());
  // An older one in the other direction, which was refused, waits no longer.
  for (const auto& [asker, asked] : {std::pair(other.id, self.id), std::pair(self.id, other.id)}) {
    const auto set = requests.set_state(asker, asked, FriendRequest::State::kAccepted);
    if (!set) return failed(set);
  }
  return change;
}

// Refuses the request that would be one too many of the last 24 hours.
Outcome<void> check_daily_limit(FriendRequestModel& requests, UserId self, UnixMillis now) {
  const auto recent = requests.recent(self, now - kMillisPerDay, protocol::kFriendRequestsPerDay);
  if (!recent) return failed(recent);
  if (recent->size() < protocol::kFriendRequestsPerDay) return {};
  const std::chrono::milliseconds wait(recent->back() + kMillisPerDay - now);
  return tl::make_unexpected(Fault(protocol::Refusal{
      Errno::kRateLimited, "too many friend requests in 24 hours, try again later", wait}));
}

Outcome<ContactChange> request_friend(storage::Connection& connection, FriendRequestModel& requests,
                                      const ContactPair& pair, std::string_view text,
                                      UnixMillis now) {
  const UserId self = pair.self.id;
  const auto made = requests.find(self, pair.other.id);
  if (!made) return failed(made);
  ContactChange change = change_of(pair, Effect::kNone);
  change.pending = true;
  if (*made && (*made)->state != FriendRequest::State::kAccepted) return change;
  const auto count = FriendModel(connection).count(self);
  if (!count) return failed(count);
  if (*count >= protocol::kFriendsMax) return refused(Errno::kNotAllowed, kOwnListFull);
  auto allowed = check_daily_limit(requests, self, now);
  if (!allowed) return tl::make_unexpected(allowed.error());
  const auto put = requests.put(self, pair.other.id, text);
  if (!put) return failed(put);
  change.effect = Effect::kRequested;
  change.at = now;
  return change;
}

Outcome<ContactChange> add_at_once(storage::Connection& connection, FriendRequestModel& requests,
                                   const ContactPair& pair) {
  ContactChange change = change_of(pair, Effect::kAdded);
  auto put = put_on_list(connection, pair.self, pair.other.id, kOwnListFull, change);
  if (!put) return tl::make_unexpected(put.error());
  // A request may be left from the time when the other user had to approve it.
  const auto set = requests.set_state(pair.self.id, pair.other.id, FriendRequest::State::kAccepted);
  if (!set) return failed(set);
  return change;
}

Outcome<ContactChange> has_not_asked() {
  return refused(Errno::kNotFound, "this user has not asked to be your friend");
}

}  // namespace

Outcome<ContactChange> add_friend(storage::Connection& connection, ContactParties who,
                                  std::string_view text, UnixMillis now) {
  auto pair = lock(connection, who);
  if (!pair) return tl::make_unexpected(pair.error());
  FriendRequestModel requests(connection, now);
  const auto theirs = requests.find(who.other, who.self);
  if (!theirs) return failed(theirs);
  const auto listed = FriendModel(connection).is_listed(who.self, who.other);
  if (!listed) return failed(listed);
  const auto free = check_blocks(connection, who);
  if (!free && std::holds_alternative<Error>(free.error())) {
    return tl::make_unexpected(free.error());
  }
  const bool asked = *theirs && (*theirs)->state == FriendRequest::State::kPending;
  if (asked && free) return accept(connection, requests, *pair);
  // Before the blocks: a friend who has blocked the user must look like any other.
  if (*listed) return refused(Errno::kExists, "this is a friend already");
  if (!free) return tl::make_unexpected(free.error());
  switch (pair->other.who_may_add) {
    case WhoMayAdd::kAnyone: return add_at_once(connection, requests, *pair);
    case WhoMayAdd::kApproval: return request_friend(connection, requests, *pair, text, now);
    case WhoMayAdd::kNobody: break;
  }
  return refused(Errno::kNotAllowed, "this user does not accept friend requests");
}

Outcome<ContactChange> answer_request(storage::Connection& connection, ContactParties who,
                                      bool accepts, UnixMillis now) {
  auto pair = lock(connection, who);
  if (!pair) return tl::make_unexpected(pair.error());
  FriendRequestModel requests(connection, now);
  const auto request = requests.find(who.other, who.self);
  if (!request) return failed(request);
  const auto wanted = accepts ? FriendRequest::State::kAccepted : FriendRequest::State::kRefused;
  if (*request && (*request)->state == FriendRequest::State::kPending) {
    const auto blocked = storage::BlockModel(connection).is_between(who.self, who.other);
    if (!blocked) return failed(blocked);
    // A request that a block keeps off the list is as if it had not been made.
    if (*blocked) return has_not_asked();
    if (accepts) return accept(connection, requests, *pair);
    const auto set = requests.set_state(who.other, who.self, wanted);
    if (!set) return failed(set);
    return change_of(*pair, Effect::kRefused);
  }
  bool holds = *request && (*request)->state == wanted;
  if (holds && accepts) {
    const auto listed = FriendModel(connection).is_listed(who.self, who.other);
    if (!listed) return failed(listed);
    holds = *listed;
  }
  if (!holds) return has_not_asked();
  ContactChange change = change_of(*pair, Effect::kNone);
  const auto hides = storage::BlockModel(connection).is_blocked(who.other, who.self);
  if (!hides) return failed(hides);
  if (*hides) change.other.online = false;
  return change;
}

Outcome<ContactChange> remove_friend(storage::Connection& connection, ContactParties who) {
  auto pair = lock(connection, who);
  if (!pair) return tl::make_unexpected(pair.error());
  ContactChange change = change_of(*pair, Effect::kNone);
  FriendModel friends(connection);
  for (const auto& [owner, item] :
       {std::pair(pair->self, who.other), std::pair(pair->other, who.self)}) {
    const auto listed = friends.is_listed(owner.id, item);
    if (!listed) return failed(listed);
    if (!*listed) {
      change.rules_changed = change.rules_changed || owner.friends_only;
      continue;
    }
    const auto erased = friends.erase(owner.id, item);
    if (!erased) return failed(erased);
    change.effect = Effect::kRemoved;
    if (!owner.friends_only) continue;
    if (auto done = bump(connection, owner.id, change); !done) {
      return tl::make_unexpected(done.error());
    }
  }
  return change;
}

Outcome<ContactChange> set_block(storage::Connection& connection, ContactParties who, bool blocked,
                                 UnixMillis now) {
  auto pair = lock(connection, who);
  if (!pair) return tl::make_unexpected(pair.error());
  BlockModel blocks(connection);
  const auto so_far = blocks.is_blocked(who.self, who.other);
  if (!so_far) return failed(so_far);
  if (*so_far == blocked) {
    ContactChange none = change_of(*pair, Effect::kNone);
    none.rules_changed = blocked;
    return none;
  }
  ContactChange change = change_of(*pair, blocked ? Effect::kBlocked : Effect::kUnblocked);
  if (blocked) {
    const auto count = blocks.count(who.self);
    if (!count) return failed(count);
    if (*count >= protocol::kBlocksMax) {
      return refused(Errno::kNotAllowed, "your list of blocked users is full");
    }
  }
  const auto done =
      blocked ? blocks.insert(who.self, who.other, now) : blocks.erase(who.self, who.other);
  if (!done) return failed(done);
  const auto watched = FriendModel(connection).is_listed(who.other, who.self);
  if (!watched) return failed(watched);
  change.is_watched = *watched;
  if (auto bumped = bump(connection, who.self, change); !bumped) {
    return tl::make_unexpected(bumped.error());
  }
  return change;
}

Result<bool> took_effect(storage::Connection& connection, UserId self,
                         const ContactChange& change) {
  const UserId other = change.other.id;
  const auto locked = ContactModel(connection).lock(self, other);
  if (!locked) return fail(locked);
  if (!*locked) return false;
  const auto own = FriendModel(connection).is_listed(self, other);
  if (!own) return own;
  const auto others = FriendModel(connection).is_listed(other, self);
  if (!others) return others;
  const auto blocked = BlockModel(connection).is_blocked(self, other);
  if (!blocked) return blocked;
  const auto has = [&](UserId asker, UserId asked, FriendRequest::State state) -> Result<bool> {
    const auto request = FriendRequestModel(connection, change.at).find(asker, asked);
    if (!request) return fail(request);
    return *request && (*request)->state == state &&
           (change.at == 0 || (*request)->created_at == change.at);
  };
  switch (change.effect) {
    case Effect::kNone: break;
    case Effect::kAdded: return own;
    case Effect::kRequested: return has(self, other, FriendRequest::State::kPending);
    case Effect::kAccepted: return *own && *others;
    case Effect::kRefused: return has(other, self, FriendRequest::State::kRefused);
    case Effect::kRemoved: return !*own && !*others;
    case Effect::kBlocked: return blocked;
    case Effect::kUnblocked: return !*blocked;
  }
  return false;
}

}  // namespace chat::service
