#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/claims.h"
#include "chat/storage/database.h"
#include "chat/storage/name_key.h"
#include "chat/storage/values.h"

namespace chat::storage {

struct UserName {
  UserId user;
  std::string name;
};

// Table `user`. A thin view of a connection: make one where it is needed. Calls block.
class UserModel {
 public:
  explicit UserModel(Connection& connection) : connection_(connection) {}

  // Nothing when the name is taken.
  Result<std::optional<UserId>> insert(std::string_view name, std::string_view password_hash,
                                       UnixMillis created_at);
  // Accounts that were deleted are not found.
  Result<std::optional<User>> find(UserId id);
  Result<std::optional<User>> find_by_name(std::string_view name);
  // Of all ids from `first` to `last` that were ever given out; of a deleted account: empty.
  Result<std::vector<UserName>> names(UserId first, UserId last);

  // Takes the place of the password `old_hash`; false when that isn't the password any more.
  Result<bool> replace_password(UserId id, std::string_view old_hash, std::string_view new_hash);
  // What is left of the account is its id, so that what it wrote stays somebody's; its name is
  // free, and no session is current any more: the user is offline, with a newer session epoch.
  // False when `hash` isn't its password any more.
  Result<bool> remove(UserId id, std::string_view hash);
  // Whether the account was deleted; also when it never existed. Locks the row; call inside a write
  // transaction.
  Result<bool> is_removed_locked(UserId id);

  // One statement: makes the user online on `node` and gives the new session epoch. Succeeds if
  // the user is offline, or its (node, epoch) is no longer current, or it is held by this very
  // node (the caller has reserved the user here, so no session of ours holds it), or with
  // `takeover`. Nothing: another live node holds it.
  Result<std::optional<SessionEpoch>> claim(UserId id, const Node& node, bool takeover);
  // The same for many users, ids ascending, each once; call inside a write transaction. Waits for
  // no lock: who can't be decided at once is left kAlone.
  Result<void> claim(std::span<Claim> claims, const Node& node);
  // Sets the user offline if this is its newest session; so it may be done twice. False when a
  // newer session has claimed the user. With `holder`, also when another node has: in a database
  // that has lost rows, its session may have the same epoch.
  Result<bool> release(UserId id, SessionEpoch epoch, const Node& holder = {});
  // The same for many; as claim() for many, but in any order.
  Result<void> release(std::span<Release> releases, const Node& holder = {});
  // The table has lost the session that claimed the user with the epoch `lost`, and has `seen` in
  // its place: sets the user offline and raises its epoch, so that none is given out twice. Nothing
  // happens if the row has changed since, or another node holds the user.
  Result<void> give_up_lost(const UserState& seen, SessionEpoch lost, const Node& node);

  // Sets those of the users offline whose node's life has ended; gives them. Call inside a write
  // transaction. Waits for no lock: rows that somebody else has locked stay as they are.
  Result<std::vector<UserId>> free_stranded(std::span<const UserId> ids);

  // Locks the row; nothing when there is no such user. Call inside a write transaction.
  Result<std::optional<UserState>> state_locked(UserId id);
  // In no order; those that exist.
  Result<std::vector<UserState>> states(std::span<const UserId> ids);
  Result<std::vector<Credentials>> credentials(std::span<const UserId> ids);
  // By this life of the node, or an earlier one.
  Result<std::vector<UserState>> held_by(const Node& node);

 private:
  // Who has had a name with this key since invisible characters still counted.
  Result<std::optional<User>> find_older(std::string_view key);
  Result<std::vector<UserState>> lock_unlocked(std::span<const UserId> ids);

  Connection& connection_;
};

}  // namespace chat::storage
