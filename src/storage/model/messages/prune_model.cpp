#include "chat/storage/prune_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_DIRECT_UP_TO " FROM directmessage WHERE recipient = ? AND sender = ? AND seq <= ?"
#define CHAT_GROUP_UP_TO " FROM groupmessage WHERE groupid = ? AND seq <= ?"
constexpr std::string_view kDirectPruneAges =
    "SELECT seq, sent_at" CHAT_DIRECT_UP_TO " ORDER BY seq LIMIT ?";
constexpr std::string_view kGroupPruneAges =
    "SELECT seq, sent_at" CHAT_GROUP_UP_TO " ORDER BY seq LIMIT ?";
constexpr std::string_view kPruneDirect = "DELETE" CHAT_DIRECT_UP_TO;
constexpr std::string_view kPruneGroup = "DELETE" CHAT_GROUP_UP_TO;
// The rows that are about to be deleted, with the newest event of each that was edited or recalled.
// All are locked, and not only those, so that none is edited until the transaction ends: InnoDB
// releases rows that a condition beside the key excludes. On SQLite the transaction is the lock.
#define CHAT_PRUNED(up_to) \
  "SELECT seq, CASE WHEN kind IS NULL THEN COALESCE(ref, 0) ELSE 0 END" up_to " ORDER BY seq"
constexpr sql::Text kPrunedDirect{.sqlite = CHAT_PRUNED(CHAT_DIRECT_UP_TO),
                                  .mysql = CHAT_PRUNED(CHAT_DIRECT_UP_TO) " FOR UPDATE"};
constexpr sql::Text kPrunedInGroup{.sqlite = CHAT_PRUNED(CHAT_GROUP_UP_TO),
                                   .mysql = CHAT_PRUNED(CHAT_GROUP_UP_TO) " FOR UPDATE"};
#undef CHAT_PRUNED
#undef CHAT_GROUP_UP_TO
#undef CHAT_DIRECT_UP_TO

struct Age {
  Seq seq = 0;
  UnixMillis sent_at = 0;
};

Age to_age(const Statement& row) {
  return {row.integer(0), row.integer(1)};
}

struct PrunedRow {
  Seq seq = 0;
  Seq event = 0;  // the newest; 0: none
};

PrunedRow to_pruned_row(const Statement& row) {
  return {row.integer(0), row.integer(1)};
}

// Times never decrease within a stream, so the old messages come first. 0: none is old.
Seq last_older(const std::vector<Age>& rows, UnixMillis before) {
  const auto first_young = std::find_if(rows.begin(), rows.end(),
                                        [before](const Age& row) { return row.sent_at >= before; });
  return first_young == rows.begin() ? 0 : std::prev(first_young)->seq;
}

}  // namespace

Result<std::size_t> PruneModel::prune(const MessageStream& stream, const Bounds& bounds) {
  CHAT_CHECK(connection_.in_transaction());
  const auto& [recipient, sender] = stream.direct;
  const auto rows = stream.group ? sql::read_all(connection_, kGroupPruneAges, to_age, stream.group,
                                                 bounds.last, bounds.limit)
                                 : sql::read_all(connection_, kDirectPruneAges, to_age, recipient,
                                                 sender, bounds.last, bounds.limit);
  if (!rows) return fail(rows);
  Seq last = last_older(*rows, bounds.before);
  if (last == 0) return std::size_t{0};
  const auto text = newest_text(stream);
  if (!text) return fail(text);
  if (*text) last = std::min(last, **text - 1);
  const auto erased = erase_edits(stream, last, bounds);
  if (!erased) return fail(erased);
  last = *erased;
  if (auto removed = remove(stream, last); !removed) return fail(removed);
  return static_cast<std::size_t>(std::count_if(
      rows->begin(), rows->end(), [last](const Age& row) { return row.seq <= last; }));
}

// Reads backwards past the events at the end.
Result<std::optional<Seq>> PruneModel::newest_text(const MessageStream& stream) {
  if (stream.group) {
    return sql::read_integer(
        connection_, "SELECT text_seq FROM allgroup WHERE id = ? AND text_seq > 0", stream.group);
  }
  return sql::read_integer(connection_,
                           "SELECT seq FROM directmessage WHERE recipient = ? AND sender = ?"
                           " AND kind IS NULL ORDER BY seq DESC LIMIT 1",
                           stream.direct.recipient, stream.direct.sender);
}

// Erases the texts of edits past `last` of messages up to it. Returns the highest seq that may be
// deleted then.
Result<Seq> PruneModel::erase_edits(const MessageStream& stream, Seq last, const Bounds& bounds) {
  const auto& [recipient, sender] = stream.direct;
  const auto pruned = stream.group ? sql::read_all(connection_, kPrunedInGroup.in(connection_),
                                                   to_pruned_row, stream.group, last)
                                   : sql::read_all(connection_, kPrunedDirect.in(connection_),
                                                   to_pruned_row, recipient, sender, last);
  if (!pruned) return fail(pruned);
  const auto waiting = std::find_if(pruned->begin(), pruned->end(), [&](const PrunedRow& row) {
    return row.event > bounds.delivered;
  });
  if (waiting != pruned->end()) last = waiting->seq - 1;
  RevisionModel events(connection_, stream);
  for (auto text = pruned->begin(); text != waiting; ++text) {
    if (text->event <= last) continue;
    if (auto erased = events.erase_edits(text->event, bounds.now); !erased) return fail(erased);
  }
  return last;
}

Result<void> PruneModel::remove(const MessageStream& stream, Seq last) {
  if (!stream.group) {
    return sql::write(connection_, kPruneDirect, stream.direct.recipient, stream.direct.sender,
                      last);
  }
  auto deleted = sql::write(connection_, kPruneGroup, stream.group, last);
  if (!deleted) return deleted;
  return sql::write(connection_, "DELETE FROM mention WHERE groupid = ? AND seq <= ?", stream.group,
                    last);
}

}  // namespace chat::storage
