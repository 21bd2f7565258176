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

// Table `session`: the tokens that log a user in without a password, stored as hashes. Calls block.
class SessionModel {
 public:
  explicit SessionModel(Connection& connection) : connection_(connection) {}

  // Adds the token, and deletes the user's expired tokens and all but the newest `kept` of the
  // others. An existing token of this user stays as it is. Call inside a write transaction.
  Result<void> insert(std::string_view token_hash, UserId user, UnixMillis now,
                      UnixMillis expires_at, std::size_t kept);
  // The owners of these tokens, in no order; tokens that don't exist or have expired are omitted.
  Result<std::vector<TokenOwner>> owners(std::span<const std::string> token_hashes, UnixMillis now);
  // Those of the tokens that exist, expired ones included, in no order.
  Result<std::vector<std::string>> existing(std::span<const std::string> token_hashes);
  // Extends the tokens' lifetime, as each use does.
  Result<void> extend(std::span<const std::string> token_hashes, UnixMillis expires_at);
  Result<void> erase(std::string_view token_hash);
  // The user's tokens that have not expired, the newest first.
  Result<std::vector<Token>> list(UserId user, UnixMillis now);
  // Deletes all tokens of the user except `kept`; returns how many. Call inside a write
  // transaction.
  Result<std::size_t> erase_others(UserId user, std::string_view kept);

 private:
  Result<std::vector<Token>> all_of(UserId user);
  Result<void> trim(std::string_view newest, UserId user, UnixMillis now, std::size_t kept);

  Connection& connection_;
};

}  // namespace chat::storage
