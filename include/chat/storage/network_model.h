#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// Table `knownnetwork`: from which networks each account has been logged in to by its password.
// Calls block. Bounds: kKeptMax networks an account, none older than kLifetime.
class NetworkModel {
 public:
  static constexpr std::size_t kKeptMax = 32;
  static constexpr std::chrono::hours kLifetime{24 * 30};

  explicit NetworkModel(Connection& connection) : connection_(connection) {}

  // When the account was last logged in to from there, if that is not too long ago.
  Result<std::optional<UnixMillis>> last_seen(UserId user, std::string_view network,
                                              UnixMillis now);
  // Adds the network or moves its time forward, and takes away what is too old or too much. Call
  // inside a write transaction; may be repeated.
  Result<void> remember(UserId user, std::string_view network, UnixMillis now);
  Result<void> forget_all(UserId user);

 private:
  Result<void> trim(UserId user, std::string_view newest, UnixMillis now);

  Connection& connection_;
};

}  // namespace chat::storage
