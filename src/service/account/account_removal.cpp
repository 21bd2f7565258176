// The part of AccountService that deletes accounts, for their owners and for operators.
#include <string>
#include <utility>

#include "chat/storage/block_model.h"
#include "chat/storage/conversation_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"
#include "chat/storage/join_model.h"
#include "chat/storage/network_model.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/account/account_service.h"
#include "service/dispatch/fault.h"
#include "service/groups/departures.h"

namespace chat::service {

// False if `stored` is no longer the password hash. The account must not be deleted yet. `audience`
// is kept by callers for a repeated attempt, which finds the account deleted.
Outcome<bool> AccountService::remove_rows(storage::Connection& connection,
                                          const session::Identity& self, const std::string& stored,
                                          Audience& audience) {
  const UserId user = self.user;
  storage::UserModel users(connection);
  const auto removed = users.remove(user, stored);
  if (!removed) return failed(removed);
  if (!*removed) return false;
  storage::FriendModel friends(connection);
  auto watchers = friends.online_watchers({&user, 1});
  if (!watchers) return failed(watchers);
  audience = std::move(*watchers);
  if (auto noted = context_.departures.begin(connection, user, self.name); !noted) {
    return failed(noted);
  }
  if (auto done = storage::SessionModel(connection).erase_others(user, ""); !done)
    return failed(done);
  if (auto done = storage::NetworkModel(connection).forget_all(user); !done) return failed(done);
  if (auto done = friends.erase_all(user); !done) return failed(done);
  if (auto done = storage::BlockModel(connection).erase_all(user); !done) return failed(done);
  if (auto done = storage::FriendRequestModel(connection, 0).erase_all(user); !done) {
    return failed(done);
  }
  if (auto done = storage::JoinModel(connection).erase_all(user); !done) return failed(done);
  if (auto done = storage::ConversationModel(connection).erase_all(user); !done) {
    return failed(done);
  }
  return true;
}

Outcome<void> AccountService::remove_by_operator(UserId user) {
  session::Identity who;
  who.user = user;
  Audience audience;
  const auto removed = storage::transact_settled(
      context_.pool, [&](storage::Connection& connection, bool repeated) -> Outcome<bool> {
        storage::UserModel users(connection);
        const auto gone = users.is_removed_locked(user);
        if (!gone) return failed(gone);
        const auto account = users.find(user);
        if (!account) return failed(account);
        if (!*account && repeated && *gone) return true;
        if (!*account) {
          return refused(protocol::Errno::kNotFound,
                         "there is no user " + std::to_string(user.value));
        }
        who.name = (*account)->name;
        return remove_rows(connection, who, (*account)->password_hash, audience);
      });
  if (removed) {
    removed_by_operator(who, audience);
    context_.departures.leave_first(user);
    return {};
  }
  if (is_unknown(removed.error())) {
    (void)context_.settle_queue.try_add(
        "delete_account user=" + std::to_string(user.value),
        [this, who, audience](storage::Connection& connection) -> Result<SettleQueue::Act> {
          const auto gone = storage::UserModel(connection).is_removed_locked(who.user);
          if (!gone) return fail(gone);
          if (!*gone) return SettleQueue::Act();
          return [this, who, audience] {
            removed_by_operator(who, audience);
            context_.departures.note(who.user);
          };
        });
  }
  return tl::make_unexpected(removed.error());
}

void AccountService::removed_by_operator(const session::Identity& who, const Audience& audience) {
  tell(who, audience);
  if (const auto session = context_.registry.find(who.user)) session->evict("account_deleted");
}

void AccountService::tell(const session::Identity& who, const Audience& audience) {
  context_.delivery.account_deleted(who.user);
  context_.delivery.presence_changed(audience);
}

}  // namespace chat::service
