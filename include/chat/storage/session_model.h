#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `session`: the tokens that log a user in without a password, known by their hashes only.
// Calls block.
class SessionModel {
 public:
  explicit SessionModel(Connection& connection) : connection_(connection) {}

  // Adds the token, and takes away the user's tokens that have expired and all but the newest
  // `kept` of the others. A token of this user that exists already stays as it is. Call inside a
  // write transaction.
  Result<void> insert(std::string_view token_hash, UserId user, UnixMillis now,
                      UnixMillis expires_at, std::size_t kept);
  // Whose tokens these are, in no order; those that don't exist or have expired are missing.
  Result<std::vector<TokenOwner>> owners(std::span<const std::string> token_hashes, UnixMillis now);
  // Those of the tokens that exist, expired ones included, in no order.
  Result<std::vector<std::string>> existing(std::span<const std::string> token_hashes);
  // Tokens that are used live on.
  Result<void> extend(std::span<const std::string> token_hashes, UnixMillis expires_at);
  Result<void> erase(std::string_view token_hash);
  // The user's tokens that have not expired, the newest first.
  Result<std::vector<Token>> list(UserId user, UnixMillis now);
  // Takes away all tokens of the user but `kept`; says how many those were. Call inside a write
  // transaction.
  Result<std::size_t> erase_others(UserId user, std::string_view kept);

 private:
  Result<std::vector<Token>> all_of(UserId user);
  Result<void> trim(std::string_view newest, UserId user, UnixMillis now, std::size_t kept);

  Connection& connection_;
};

}  // namespace chat::storage
