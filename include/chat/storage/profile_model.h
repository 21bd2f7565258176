#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

struct Profile {
  UserId id;
  std::string name;
  std::string nick;
  std::string bio;
  std::string avatar;
  std::string who_may_add;   // anyone, approval, nobody
  std::string who_may_chat;  // anyone, friends
  bool online = false;
};

// A user, and what connects it with the user who asks.
struct SeenUser {
  Profile profile{};
  bool is_friend = false;      // in the list of the user who asks
  bool blocked = false;        // by the user who asks
  bool blocks_viewer = false;  // has blocked the user who asks
};

// What is missing stays.
struct ProfileChange {
  std::optional<std::string> nick{};
  std::optional<std::string> bio{};
  std::optional<std::string> avatar{};
  std::optional<std::string> who_may_add{};
  std::optional<std::string> who_may_chat{};
};

// The profile columns of `user`. Threading: as its connection. Calls block.
class ProfileModel {
 public:
  explicit ProfileModel(Connection& connection) : connection_(connection) {}

  // Those that exist, without deleted accounts; in no order.
  Result<std::vector<SeenUser>> seen_by(UserId viewer, const std::vector<UserId>& ids);

  // The profile after the change; nothing if the account was deleted. Writes only what differs, and
  // keeps the search index and `contact_rev` up to date. Locks the row; call inside a write
  // transaction.
  Result<std::optional<Profile>> change(UserId user, const ProfileChange& change);

 private:
  Result<void> write(const Profile& before, const Profile& after);

  Connection& connection_;
};

}  // namespace chat::storage
