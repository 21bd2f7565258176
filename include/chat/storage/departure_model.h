#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A deleted account that is still a member of groups.
struct Departure {
  UserId user;
  std::string name;  // for the event rows
  std::string cid;   // of the event row in each group
};

// Table `departure`. Calls block.
class DepartureModel {
 public:
  explicit DepartureModel(Connection& connection) : connection_(connection) {}

  // Call in the transaction that deletes the account. Keeps an earlier row.
  Result<void> add(const Departure& departure, UnixMillis now);
  Result<std::optional<Departure>> find(UserId user);
  // Some of those added before `before`.
  Result<std::vector<Departure>> some(UnixMillis before, std::size_t limit);
  Result<void> erase(UserId user);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
