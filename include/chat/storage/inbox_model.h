#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A conversation of a user, with a group or with another user: exactly one of the two is set.
struct Conversation {
  UserId with;
  GroupId group;
  // The newest countable message, or in a direct chat the other's. 0: there is none.
  Seq newest = 0;
  UnixMillis newest_at = 0;
  std::int64_t newest_n = 0;
  // In a direct chat: the user's own newest countable message.
  Seq own_newest = 0;
  UnixMillis own_newest_at = 0;
  Seq stored_read = 0;  // the position in the table
  bool pinned = false;
  bool muted = false;

  // Set by InboxModel::count().
  Seq read = 0;  // including what follows from the user's own messages
  std::int64_t unread = 0;
  std::int64_t mentions = 0;

  UnixMillis time() const { return newest_at > own_newest_at ? newest_at : own_newest_at; }
  bool last_is_own() const { return own_newest != 0 && own_newest_at >= newest_at; }
};

// The lists of conversations and the counts of unread messages, out of the tables of messages.
//
// Nothing is counted: `n` of a row is the number of countable messages up to it, so the unread ones
// are the difference of two rows. A user has read what is before its own newest message: in a group
// by `seq`, in a direct chat by time, which is the order of HISTORY. The position in the table
// follows a moment later, or not at all if the server crashes; so it is never relied on alone.
// Calls block. Run several in one read transaction.
class InboxModel {
 public:
  explicit InboxModel(Connection& connection) : connection_(connection) {}

  // All that have a countable message and are not hidden, in no order. Costs about two index
  // look-ups per conversation.
  Result<std::vector<Conversation>> conversations(UserId user);
  // Sets the counts of these conversations of the user. A handful of statements, and one or two for
  // each position in `pending` that is higher than the table says.
  Result<void> count(UserId user, std::span<Conversation> conversations,
                     std::span<const CursorMove> pending = {});

  // Who has read a message of a group: the members who had joined before it, without its author.
  struct Message {
    GroupId group;
    Seq seq = 0;
    UserId author;
  };
  struct Readers {
    std::int64_t read = 0;
    std::int64_t members = 0;
  };
  // Nothing if there is no such message.
  Result<std::optional<UserId>> author(GroupId group, Seq seq);
  Result<Readers> count_readers(const Message& message);
  struct Reader {
    UserId id;
    std::string name;
  };
  // At most `limit` with ids after `after`, by id.
  Result<std::vector<Reader>> readers(const Message& message, UserId after, std::size_t limit);

 private:
  Result<void> add_settings(UserId user, std::vector<Conversation>& conversations);
  Result<void> count_direct(UserId user, std::span<Conversation* const> conversations);
  Result<void> count_groups(UserId user, std::span<Conversation* const> conversations);
  Result<void> count_past(UserId user, Conversation& conversation);
  Result<void> count_mentions(UserId user, Conversation& conversation, Seq after);
  Result<void> count_from(UserId user, Conversation& conversation, Seq first_unread);

  Connection& connection_;
};

}  // namespace chat::storage
