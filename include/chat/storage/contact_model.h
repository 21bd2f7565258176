#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

enum class WhoMayAdd { kAnyone, kApproval, kNobody };

// The columns of `user` that matter to those who want to contact it.
struct Contact {
  UserId id;
  std::string name;
  bool online = false;
  WhoMayAdd who_may_add = WhoMayAdd::kAnyone;
  bool friends_only = false;  // who_may_chat
};

struct ContactPair {
  Contact self;
  Contact other;
};

// Who may contact whom: columns of `user`, with `block` and `friend`. Calls block.
class ContactModel {
 public:
  explicit ContactModel(Connection& connection) : connection_(connection) {}

  // Locks the rows of two users, in order of their ids, so that everything that the two do to each
  // other (requests, friendship, blocks) happens one after the other. Nothing if one of them does
  // not exist. Call first in a write transaction.
  Result<std::optional<ContactPair>> lock(UserId self, UserId other);
  // Without a lock. Nothing if there is no such user.
  Result<std::optional<WhoMayAdd>> who_may_add(UserId user);
  // Raises contact_rev, because the user's blocks or who_may_chat have changed, or the friends of
  // a user whom only friends may write to. The journal asks for a pair's right again when the
  // revision of one of the two has changed, and not at all while both are 0.
  Result<void> bump(UserId user);
  // The right of each stream's sender, in the order of `streams`.
  Result<std::vector<ChatRight>> chat_rights(std::span<const DirectStream> streams);
  // Those users whose contact_rev is not 0, sorted.
  Result<std::vector<UserId>> restricted(std::span<const UserId> users);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
