#include "chat/storage/block_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/sql_pairs.h"

namespace chat::storage {

Result<void> BlockModel::insert(UserId user, UserId blocked, UnixMillis now) {
  return sql::write(connection_, "INSERT INTO block (userid, blocked, created_at) VALUES (?, ?, ?)",
                    user, blocked, now);
}

Result<void> BlockModel::erase(UserId user, UserId blocked) {
  return sql::write(connection_, "DELETE FROM block WHERE userid = ? AND blocked = ?", user,
                    blocked);
}

Result<bool> BlockModel::is_blocked(UserId user, UserId blocked) {
  const auto found = sql::read_integer(
      connection_, "SELECT 1 FROM block WHERE userid = ? AND blocked = ?", user, blocked);
  if (!found) return fail(found);
  return found->has_value();
}

Result<bool> BlockModel::is_between(UserId one, UserId other) {
  const std::vector<Block> both{{one, other}, {other, one}};
  const auto found = among(both);
  if (!found) return fail(found);
  return !found->empty();
}

Result<std::size_t> BlockModel::count(UserId user) {
  const auto count =
      sql::read_integer(connection_, "SELECT COUNT(*) FROM block WHERE userid = ?", user);
  if (!count) return fail(count);
  return static_cast<std::size_t>(count->value_or(0));
}

Result<std::vector<Friend>> BlockModel::list(UserId user, UserId after, std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT b.blocked, u.name FROM block b JOIN user u ON u.id = b.blocked"
      " WHERE b.userid = ? AND b.blocked > ? ORDER BY b.blocked LIMIT ?",
      [](const Statement& row) {
        return Friend{sql::id<UserId>(row, 0), std::string(row.text(1)), false};
      },
      user, after, limit);
}

Result<std::vector<Block>> BlockModel::among(std::span<const Block> asked) {
  auto found = sql::read_pairs(
      connection_, "SELECT userid, blocked FROM block", "userid = ? AND blocked = ?", asked,
      [](const Block& block) { return std::pair(block.user, block.blocked); },
      [](const Statement& row) {
        return Block{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1)};
      });
  if (found) std::sort(found->begin(), found->end());
  return found;
}

Result<void> BlockModel::erase_all(UserId user) {
  auto erased = sql::write(connection_, "DELETE FROM block WHERE userid = ?", user);
  if (!erased) return erased;
  return sql::write(connection_, "DELETE FROM block WHERE blocked = ?", user);
}

}  // namespace chat::storage
