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

// How a row is locked until the transaction ends.
enum class RowLock {
  kShared,     // nobody changes it
  kExclusive,  // nobody else locks it
};

// Table `user`. A cheap view of a connection: construct it where needed. Calls block.
class UserModel {
 public:
  explicit UserModel(Connection& connection) : connection_(connection) {}

  // Nothing if the name is taken.
  Result<std::optional<UserId>> insert(std::string_view name, std::string_view password_hash,
                                       UnixMillis created_at);
  // Deleted accounts are not found.
  Result<std::optional<User>> find(UserId id);
  Result<std::optional<User>> find_by_name(std::string_view name);
  // The names of all ids from `first` to `last` that were ever assigned; empty for deleted
  // accounts.
  Result<std::vector<UserName>> names(UserId first, UserId last);

  // Replaces the password hash `old_hash`; false if that is no longer the current one.
  Result<bool> replace_password(UserId id, std::string_view old_hash, std::string_view new_hash);
  // Deletes the account. Its id is kept, as the sender of its messages; its name becomes free, and
  // the user is offline with a newer session epoch. False if `hash` is no longer its password hash.
  Result<bool> remove(UserId id, std::string_view hash);
  // True if the account was deleted or never existed. Locks the row; call inside a write
  // transaction.
  Result<bool> is_removed_locked(UserId id);

  // Sets the user online on `node` and returns the new session epoch, in one statement. Succeeds if
  // the user is offline, or its (node, epoch) is no longer current, or this node holds it (the
  // caller has reserved the user here, so no session does), or with `takeover`. Nothing: another
  // live node holds the user.
  Result<std::optional<SessionEpoch>> claim(UserId id, const Node& node, bool takeover);
  // The same for many users, ids ascending, each once; call inside a write transaction. Does not
  // wait for locks: claims that cannot be decided at once stay kAlone.
  Result<void> claim(std::span<Claim> claims, const Node& node);
  // Sets the user offline if this is its newest session; idempotent. False if a newer session has
  // claimed the user. With `holder`, also if another node has: in a database that has lost rows,
  // that session may have the same epoch.
  Result<bool> release(UserId id, SessionEpoch epoch, const Node& holder = {});
  // The same for many users, like claim() for many, but in any order.
  Result<void> release(std::span<Release> releases, const Node& holder = {});
  // The table has lost the session that claimed the user with the epoch `lost`, and has `seen`
  // instead: sets the user offline and raises its epoch, so that no epoch is used twice. Does
  // nothing if the row has changed since, or another node holds the user.
  Result<void> give_up_lost(const UserState& seen, SessionEpoch lost, const Node& node);

  // Sets the users offline whose node's life has ended, and returns them. Call inside a write
  // transaction. Does not wait for locks: locked rows stay as they are.
  Result<std::vector<UserId>> free_stranded(std::span<const UserId> ids);

  // Locks the rows in order of the ids, and waits for them; those that exist, in no order. Call
  // first in a write transaction.
  Result<std::vector<UserState>> lock(std::span<const UserId> ids, RowLock mode);
  // Locks the row; nothing if there is no such user. Call inside a write transaction.
  Result<std::optional<UserState>> state_locked(UserId id);
  // Those that exist, in no order.
  Result<std::vector<UserState>> states(std::span<const UserId> ids);
  Result<std::vector<Credentials>> credentials(std::span<const UserId> ids);
  // Users held by this life of the node or an earlier one.
  Result<std::vector<UserState>> held_by(const Node& node);

 private:
  // The user whose name, stored when invisible characters still counted, has this key now.
  Result<std::optional<User>> find_older(std::string_view key);
  Result<std::vector<UserState>> lock_unlocked(std::span<const UserId> ids);

  Connection& connection_;
};

}  // namespace chat::storage
