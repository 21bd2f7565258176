#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A user, as an operator sees it.
struct UserOverview {
  UserId id;
  std::string name;
  UnixMillis created_at = 0;
  UnixMillis disabled_at = 0;  // 0: not disabled
  bool online = false;
  SessionEpoch session_epoch = 0;
  std::string node;  // the name of the server that has the session; empty when offline
};

// A group, as an operator sees it.
struct GroupOverview {
  GroupId id;
  std::string name;
  std::string desc;
  std::int64_t members = 0;
  std::int64_t messages = 0;
  UserId creator;  // 0: none
  std::string creator_name;
  UnixMillis dismissed_at = 0;  // 0: not dismissed
};

// What operators read and do across all accounts and groups. Lists are pages by ascending id:
// `after` is the last id of the page before, 0 for the first. An empty prefix lists all. Deleted
// accounts are not listed. Calls block.
class ModerationModel {
 public:
  explicit ModerationModel(Connection& connection) : connection_(connection) {}

  Result<std::vector<UserOverview>> users(std::string_view prefix, UserId after, std::size_t limit);
  Result<std::vector<UserOverview>> online_users(UserId after, std::size_t limit);
  Result<std::optional<UserOverview>> user(UserId id);
  Result<std::vector<GroupOverview>> groups(std::string_view prefix, GroupId after,
                                            std::size_t limit);
  Result<std::optional<GroupOverview>> group(GroupId id);

  // The following change one row, whose state the caller has locked.
  // Sets the user offline with a newer session epoch, which is also stored as its kicked_epoch.
  Result<void> end_sessions(UserId id);
  // 0: enabled.
  Result<void> set_disabled_at(UserId id, UnixMillis when);
  Result<void> set_password(UserId id, std::string_view hash);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
