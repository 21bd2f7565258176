#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `block`. Whoever changes it must hold the lock of ContactModel::lock() and call bump() for
// the blocker. Calls block.
class BlockModel {
 public:
  explicit BlockModel(Connection& connection) : connection_(connection) {}

  // Precondition: not blocked yet.
  Result<void> insert(UserId user, UserId blocked, UnixMillis now);
  Result<void> erase(UserId user, UserId blocked);
  Result<bool> is_blocked(UserId user, UserId blocked);
  // True if one of the two has blocked the other.
  Result<bool> is_between(UserId one, UserId other);
  Result<std::size_t> count(UserId user);
  // At most `limit` users whom `user` has blocked, with ids after `after`, by id; all offline.
  Result<std::vector<Friend>> list(UserId user, UserId after, std::size_t limit);
  // Those of `asked` that are in the table, sorted.
  Result<std::vector<Block>> among(std::span<const Block> asked);
  // The blocks by the user and those of the user.
  Result<void> erase_all(UserId user);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
