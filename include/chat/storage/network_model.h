#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// Table `knownnetwork`: the networks from which each account was logged in to by password. Calls
// block. Bounds: kKeptMax networks per account, none older than kLifetime.
class NetworkModel {
 public:
  static constexpr std::size_t kKeptMax = 32;
  static constexpr std::chrono::hours kLifetime{24 * 30};

  explicit NetworkModel(Connection& connection) : connection_(connection) {}

  // When the account was last logged in to from there, if within kLifetime.
  Result<std::optional<UnixMillis>> last_seen(UserId user, std::string_view network,
                                              UnixMillis now);
  // Adds the network or updates its time, and deletes those beyond the bounds. Call inside a write
  // transaction; idempotent.
  Result<void> remember(UserId user, std::string_view network, UnixMillis now);
  Result<void> forget_all(UserId user);

 private:
  Result<void> trim(UserId user, std::string_view newest, UnixMillis now);

  Connection& connection_;
};

}  // namespace chat::storage
