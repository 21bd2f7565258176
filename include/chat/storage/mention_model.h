#pragma once

#include <span>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/mention_values.h"

namespace chat::storage {

// Table `mention`, and what a message that mentions or replies refers to. Calls block.
class MentionModel {
 public:
  explicit MentionModel(Connection& connection) : connection_(connection) {}

  // Call inside the write transaction that stores the messages.
  Result<void> insert(std::span<const Mention> mentions);
  // When the newest message that mentions everybody in the group was sent; 0 if there is none.
  Result<UnixMillis> last_of_all(GroupId group);
  // Those of the direct messages that exist and are no event rows, in no order.
  Result<std::vector<MessageName>> texts_among(std::span<const MessageName> messages);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
