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

  // False when it was there already. kConflict: one of the two is no user.
  Result<bool> insert(UserId user, UserId friend_id);
  Result<bool> is_listed(UserId user, UserId friend_id);
  // Locks the row. Call inside a write transaction.
  Result<bool> is_listed_locked(UserId user, UserId friend_id);
  Result<std::size_t> count(UserId user);
  // Both what the user lists and who lists the user.
  Result<void> erase_all(UserId user);
  // By friend id, at most `limit`, those after `after`.
  Result<std::vector<Friend>> list(UserId user, UserId after, std::size_t limit);
  // What all these users list, in no order.
  Result<std::vector<Listed>> list(std::span<const UserId> users);
  // Who is online and lists one of these users.
  Result<std::vector<Watch>> online_watchers(std::span<const UserId> users);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
