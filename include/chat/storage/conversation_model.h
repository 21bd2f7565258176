#pragma once

#include <optional>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Exactly one of `with` and `group` is set.
struct ConversationKey {
  UserId user;
  UserId with;
  GroupId group;
};

struct ConversationChange {
  std::optional<bool> pinned{};
  std::optional<bool> muted{};
  std::optional<bool> hidden{};
};

// Table `conversation`: what users have set. Calls block.
class ConversationModel {
 public:
  explicit ConversationModel(Connection& connection) : connection_(connection) {}

  // Changes what is given; writes nothing if it is so already. `hidden` holds until the next
  // message. False if there is no such conversation: the two users have exchanged no message; of a
  // group the caller has checked the membership. Call inside a write transaction.
  Result<bool> change(const ConversationKey& key, const ConversationChange& change);
  // Of a user whose account is deleted. Call inside a write transaction.
  Result<void> erase_all(UserId user);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
