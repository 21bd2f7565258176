#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `friend`, one-way. Calls block.
class FriendModel {
 public:
  explicit FriendModel(Connection& connection) : connection_(connection) {}

  // False if it existed already. kConflict: one of the two users does not exist.
  Result<bool> insert(UserId user, UserId friend_id);
  Result<bool> is_listed(UserId user, UserId friend_id);
  // Locks the row. Call inside a write transaction.
  Result<bool> is_listed_locked(UserId user, UserId friend_id);
  // False if it did not exist.
  Result<bool> erase(UserId user, UserId friend_id);
  Result<std::size_t> count(UserId user);
  // In both directions: the user's entries and those that list the user.
  Result<void> erase_all(UserId user);
  // At most `limit` friends with ids after `after`, by id. In all lists, friends who have blocked
  // the user look offline.
  Result<std::vector<Friend>> list(UserId user, UserId after, std::size_t limit);
  // The friends of all these users, in no order.
  Result<std::vector<Listed>> list(std::span<const UserId> users);
  // Those of `asked` whose watcher lists the watched user, sorted.
  Result<std::vector<Watch>> among(std::span<const Watch> asked);
  // The online users who list one of these users and are not blocked by it.
  Result<std::vector<Watch>> online_watchers(std::span<const UserId> users);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
