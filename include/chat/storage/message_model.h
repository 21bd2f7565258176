#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/direct_rows.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Tables `directmessage`, `directcursor`, `groupmessage` and the positions in `groupuser`.
// Positions and pending messages are found by index probes, never by scanning history.
// Calls block.
class MessageModel {
 public:
  explicit MessageModel(Connection& connection) : connection_(connection) {}

  // Direct streams. The last `limit` messages of sender → recipient, oldest first and with their
  // `n`: the head is the last one's seq.
  Result<std::vector<DirectMessage>> direct_tail(UserId recipient, UserId sender,
                                                 std::size_t limit);
  // The same of several streams, for each from seq `from` on; in key order.
  struct DirectTail {
    DirectStream stream;
    Seq from = 0;
  };
  Result<std::vector<DirectMessage>> direct_tails(std::span<const DirectTail> tails,
                                                  std::size_t limit);
  // Those of the streams that have a message, in no order; perhaps also streams whose first message
  // was refused as too late.
  Result<std::vector<DirectStream>> begun(std::span<const DirectStream> streams);
  // Like insert_direct(), but commits. kOutcomeUnknown: the answer was lost. kTimeout: it reached
  // the database later than `by` (Connection::commit_by()); no message was stored.
  Result<void> append_direct(DirectRows rows, base::SteadyTime by);
  // Inserts the rows, and the cursor row of every stream that begins here (seq 1). Rows must be
  // in key order; call inside a write transaction. kConflict: a (recipient, sender, seq) exists.
  // After an error some rows may be inserted: roll back.
  Result<void> insert_direct(DirectRows rows);
  // An event row of a stream that has begun. kConflict as for insert_direct().
  Result<void> insert_direct_event(const DirectMessage& row);
  // Oldest first: seq > after.
  Result<std::vector<DirectMessage>> direct_after(UserId recipient, UserId sender, Seq after,
                                                  std::size_t limit);
  // The newest `limit` messages with seq < before, newest first.
  Result<std::vector<DirectMessage>> direct_before(UserId recipient, UserId sender, Seq before,
                                                   std::size_t limit);

  // Those of the messages that exist, in no order.
  struct DirectPlace {
    DirectStream stream;
    Seq seq = 0;
  };
  Result<std::vector<DirectMessage>> direct_at(std::span<const DirectPlace> places);
  // Those of the streams whose newest message another transaction has locked, and with it the place
  // of the next one. Nothing on a database without row locks.
  Result<std::vector<DirectStream>> locked_heads(std::span<const DirectPlace> heads);
  struct GroupPlace {
    GroupId group;
    Seq seq = 0;
  };
  Result<std::vector<GroupMessage>> group_at(std::span<const GroupPlace> places);
  // Those of the messages that exist and are no event rows, in no order.
  Result<std::vector<GroupPlace>> group_texts_among(std::span<const GroupPlace> places);

  // Group streams.
  struct HeadRow {
    UnixMillis sent_at = 0;
    std::int64_t n = 0;
  };
  struct LockedGroup {
    GroupId id;
    Seq head = 0;
    HeadRow head_row{};  // as of group_head()
    UnixMillis muted_until = 0;
    bool dismissed = false;
  };
  // Locks the groups' rows; call inside a write transaction. Returns, in no order, those that exist
  // and that no other transaction has locked.
  Result<std::vector<LockedGroup>> try_lock_groups(std::span<const GroupId> groups);
  Result<std::optional<GroupMessage>> find_group_message(GroupId group, UserId sender,
                                                         std::string_view cid);
  struct GroupCid {
    GroupId group;
    UserId sender;
    std::string_view cid;
  };
  // Those that exist, in no order.
  Result<std::vector<GroupMessage>> group_messages_of(std::span<const GroupCid> cids);
  // As locked_heads(). Call inside a write transaction.
  Result<std::vector<GroupId>> locked_group_heads(std::span<const GroupPlace> heads);
  // The row at the head; if it is not there, of no time and counted like plain text.
  Result<HeadRow> group_head(GroupId group, Seq head);
  // Plain texts, as insert_direct(). kConflict: a (group, seq) or a (group, sender, cid) exists.
  Result<void> insert_group(std::span<const GroupMessage> rows);
  Result<void> insert_group_event(const GroupMessage& row);
  Result<void> set_group_last_seq(GroupId group, Seq last_seq);
  // The same for messages that count, one in each group.
  Result<void> set_group_newest(std::span<const GroupMessage> texts);
  // The messages that `member` may read: those since it joined, none if it is not a member.
  Result<std::vector<GroupMessage>> group_after(GroupId group, UserId member, Seq after,
                                                std::size_t limit);
  // The newest `limit` messages with after < seq < before, newest first.
  Result<std::vector<GroupMessage>> group_before(GroupId group, Seq after, Seq before,
                                                 std::size_t limit);

  // All streams of these users, in no order.
  Result<std::vector<StreamState>> positions(std::span<const UserId> users);
  // One stream of a user; nothing if there is none.
  Result<std::optional<StreamState>> position(const DirectStream& stream);
  Result<std::optional<StreamState>> position(UserId user, GroupId group);
  // The streams of these users with messages past their delivered position, in no order.
  Result<std::vector<StreamState>> behind(std::span<const UserId> users);

  // The recipient's position in the stream; 0 if the stream has no messages.
  struct Cursor {
    Seq delivered = 0;
    Seq read = 0;
  };
  Result<Cursor> cursor(const DirectStream& stream);

  // The member with the lowest position, and the position of the next one; all zero in a group
  // without members.
  struct Slowest {
    UserId user;
    Seq seq = 0;
    Seq next_seq = 0;
  };
  Result<Slowest> slowest_delivered(GroupId group);
  Result<Slowest> slowest_read(GroupId group);
  // The lowest delivered position of former members who have left since that time and not received
  // all that they may; nothing if there are none.
  Result<std::optional<Seq>> slowest_former(GroupId group, UnixMillis since);

  // For retention: the direct streams after the given one, with their delivered positions, in key
  // order.
  Result<std::vector<CursorMove>> cursors_after(UserId recipient, UserId sender, std::size_t limit);
  // The groups after the given one with their heads, by id.
  Result<std::vector<GroupPosition>> groups_after(GroupId group, std::size_t limit);

  // Moves cursors forward (max of old and new); ignores members who have left. A direct stream must
  // have a message. Call inside a write transaction.
  Result<void> advance(std::span<const CursorMove> moves);
  // The same without waiting for row locks: returns the moves that were skipped because another
  // transaction has locked their rows. Costs one or two more round trips.
  Result<std::vector<CursorMove>> advance_unlocked(std::span<const CursorMove> moves);

 private:
  static constexpr std::size_t kTailsPerStatement = 16;  // of long texts, these are 16 MB

  Result<void> insert_cursors(DirectRows rows);
  Result<std::vector<std::pair<GroupId, HeadRow>>> group_heads(std::span<const GroupPlace> heads);

  Connection& connection_;
};

}  // namespace chat::storage
