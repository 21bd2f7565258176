// The part of MessageModel that handles positions: the heads of streams and the cursors in them.
#include <algorithm>
#include <bit>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "chat/base/check.h"
#include "chat/storage/message_model.h"
#include "storage/model/row_insert.h"
#include "storage/sql_in.h"
#include "storage/sql_pairs.h"

namespace chat::storage {
namespace {

// SQLite: the write transaction itself is the lock on the group's row. In a transaction MariaDB
// refuses SKIP LOCKED (error 1180) if innodb_lock_wait_timeout = 0, as the lanes have it.
#define CHAT_SKIPS_LOCKED "/*M! SET STATEMENT innodb_lock_wait_timeout = 1 FOR */ "
#define CHAT_LOCKED_GROUP \
  "SELECT id, last_seq, text_seq, text_at, text_n, muted_until, dismissed_at FROM allgroup"
constexpr sql::Text kLockGroups{
    .sqlite = CHAT_LOCKED_GROUP " WHERE id IN",
    // A scan would meet the locks of other groups.
    .mysql = CHAT_SKIPS_LOCKED CHAT_LOCKED_GROUP " FORCE INDEX (PRIMARY) WHERE id IN"};
constexpr sql::Text kWithoutWaiting{.sqlite = "", .mysql = "FOR UPDATE SKIP LOCKED"};

// The positions that a cursor move can set, and the statements. Only a higher position is written:
// that is the `max`. A direct stream's row exists since its first message; on MariaDB an INSERT
// that finds it takes half the time of an UPDATE (measured with arrays of 128 rows: 13 µs instead
// of 28). A member's row may have been deleted and must not be recreated.
struct Position {
  bool direct;
  Seq CursorMove::*to;
  sql::Text text;
};
constexpr std::string_view kUpdateDelivered =
    "UPDATE groupuser SET delivered_seq = ?"
    " WHERE groupid = ? AND userid = ? AND delivered_seq < ?";
constexpr std::string_view kUpdateRead =
    "UPDATE groupuser SET read_seq = ? WHERE groupid = ? AND userid = ? AND read_seq < ?";
constexpr Position kPositions[] = {
    {true,
     &CursorMove::delivered,
     {.sqlite = "INSERT INTO directcursor (recipient, sender, delivered_seq) VALUES (?,?,?)"
                " ON CONFLICT DO UPDATE SET delivered_seq = excluded.delivered_seq"
                " WHERE delivered_seq < excluded.delivered_seq",
      .mysql = "INSERT INTO directcursor (recipient, sender, delivered_seq) VALUES (?,?,?)"
               " ON DUPLICATE KEY UPDATE"
               " delivered_seq = GREATEST(delivered_seq, VALUES(delivered_seq))"}},
    {true,
     &CursorMove::read,
     {.sqlite = "INSERT INTO directcursor (recipient, sender, read_seq) VALUES (?,?,?)"
                " ON CONFLICT DO UPDATE SET read_seq = excluded.read_seq"
                " WHERE read_seq < excluded.read_seq",
      .mysql = "INSERT INTO directcursor (recipient, sender, read_seq) VALUES (?,?,?)"
               " ON DUPLICATE KEY UPDATE read_seq = GREATEST(read_seq, VALUES(read_seq))"}},
    {false, &CursorMove::delivered, {.sqlite = kUpdateDelivered, .mysql = kUpdateDelivered}},
    {false, &CursorMove::read, {.sqlite = kUpdateRead, .mysql = kUpdateRead}},
};

// In key order, like every statement that locks several rows.
Result<void> write_position(Connection& connection, const Position& position,
                            std::span<const CursorMove> moves) {
  using Row = std::tuple<std::int32_t, std::int32_t, Seq>;  // the key and the new position
  std::vector<Row> rows;
  for (const CursorMove& move : moves) {
    CHAT_CHECK(static_cast<bool>(move.sender) != static_cast<bool>(move.group));
    const Seq to = move.*position.to;
    if (to == 0 || static_cast<bool>(move.sender) != position.direct) continue;
    rows.push_back(position.direct ? Row(move.recipient.value, move.sender.value, to)
                                   : Row(move.group.value, move.recipient.value, to));
  }
  std::sort(rows.begin(), rows.end());
  const std::string_view text = position.text.in(connection);
  const std::span<const Row> all(rows);
  if (position.direct) return write_rows(connection, text, all, [](const Row& row) { return row; });
  return write_rows(connection, text, all, [](const Row& row) {
    const auto& [group, user, to] = row;
    return std::tuple(to, group, user, to);
  });
}

// The key of a position: (recipient, sender) in `directcursor`, (group, user) in `groupuser`.
using PositionKey = std::pair<std::int32_t, std::int32_t>;

PositionKey position_key(const CursorMove& move) {
  return move.sender ? PositionKey(move.recipient.value, move.sender.value)
                     : PositionKey(move.group.value, move.recipient.value);
}

struct PositionTable {
  bool direct;
  std::string_view head;
  std::string_view condition;
};
constexpr PositionTable kPositionTables[] = {
    {true, "SELECT recipient, sender FROM directcursor WHERE", " (recipient = ? AND sender = ?)"},
    {false, "SELECT groupid, userid FROM groupuser WHERE", " (groupid = ? AND userid = ?)"},
};

// Adds the keys found in the table; `tail` may hide locked rows.
Result<void> find_positions(Connection& connection, const PositionTable& table,
                            std::span<const PositionKey> keys, std::string_view tail,
                            std::set<PositionKey>& found) {
  constexpr std::size_t kKeysPerStatement = 128;
  while (!keys.empty()) {
    const auto part = keys.first(std::min(keys.size(), kKeysPerStatement));
    keys = keys.subspan(part.size());
    std::string text(table.head);
    for (std::size_t i = 0; i < std::bit_ceil(part.size()); ++i) {
      text.append(i == 0 ? "" : " OR").append(table.condition);
    }
    auto prepared = connection.prepare(text.append(tail));
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    for (std::size_t i = 0; i < std::bit_ceil(part.size()); ++i) {
      const auto& [first, second] = part[std::min(i, part.size() - 1)];
      sql::bind_one(*statement, static_cast<int>(2 * i), first);
      sql::bind_one(*statement, static_cast<int>(2 * i + 1), second);
    }
    for (;;) {
      const auto row = statement->step();
      if (!row) return fail(row);
      if (!*row) break;
      found.emplace(static_cast<std::int32_t>(statement->integer(0)),
                    static_cast<std::int32_t>(statement->integer(1)));
    }
  }
  return {};
}

// Locks the rows, and returns the keys of those locked by other transactions. A missing row counts
// as unlocked.
Result<std::set<PositionKey>> lock_unlocked_positions(Connection& connection,
                                                      const PositionTable& table,
                                                      const std::vector<PositionKey>& keys) {
  // SQLite: the write transaction itself is the lock on the rows.
  constexpr sql::Text kTail{.sqlite = "", .mysql = " FOR UPDATE SKIP LOCKED"};
  std::set<PositionKey> ours;
  auto locked = find_positions(connection, table, keys, kTail.in(connection), ours);
  if (!locked) return fail(locked);
  std::vector<PositionKey> rest;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(rest),
               [&ours](const PositionKey& key) { return !ours.contains(key); });
  std::set<PositionKey> others;
  if (auto seen = find_positions(connection, table, rest, "", others); !seen) return fail(seen);
  return others;
}

Result<MessageModel::Slowest> slowest(Connection& connection, std::string_view sql, GroupId group) {
  const auto rows = sql::read_all(
      connection, sql,
      [](const Statement& row) { return std::pair(sql::id<UserId>(row, 0), row.integer(1)); },
      group);
  if (!rows) return fail(rows);
  MessageModel::Slowest found;
  if (!rows->empty()) {
    found.user = rows->front().first;
    found.seq = rows->front().second;
    if (rows->size() > 1) found.next_seq = rows->back().second;
  }
  return found;
}

// The keys of rows that another transaction has locked: of those that a query for locking skips
// and another one finds. Nothing on SQLite, which has no row locks.
template <typename Place, typename IdsOf, typename ToKey>
auto find_locked(Connection& connection, std::string_view head, std::string_view condition,
                 std::span<const Place> places, IdsOf ids_of, ToKey to_key)
    -> Result<std::vector<sql::RowOf<ToKey>>> {
  using Keys = std::vector<sql::RowOf<ToKey>>;
  if (connection.dialect() != Dialect::kMysql) return Keys{};
  const auto text_for = [&](std::string_view before, std::string_view after) {
    return [head, condition, before, after](std::size_t count) {
      std::string text = std::string(before).append(head);
      for (std::size_t i = 0; i < count; ++i) {
        text.append(i == 0 ? " WHERE (" : " OR (").append(condition).append(")");
      }
      return text.append(after);
    };
  };
  const auto free = sql::read_for_pairs(
      connection, text_for(CHAT_SKIPS_LOCKED, " FOR UPDATE SKIP LOCKED"), places, ids_of, to_key);
  if (!free) return fail(free);
  if (free->size() == places.size()) return Keys{};
  auto existing = sql::read_for_pairs(connection, text_for("", ""), places, ids_of, to_key);
  if (!existing) return fail(existing);
  std::erase_if(*existing, [&free](const auto& key) {
    return std::find(free->begin(), free->end(), key) != free->end();
  });
  return existing;
}

constexpr std::string_view kDirectHead =
    "COALESCE((SELECT m.seq FROM directmessage m WHERE m.recipient = c.recipient"
    " AND m.sender = c.sender ORDER BY m.seq DESC LIMIT 1), 0)";
constexpr std::string_view kGroupPosition =
    "CASE WHEN gu.delivered_seq < gu.joined_seq THEN gu.joined_seq ELSE gu.delivered_seq END";
// The last message that the user may have: a former member's stream ends with the membership.
constexpr std::string_view kGroupHead =
    "CASE WHEN gu.left_seq <> 0 AND gu.left_seq < g.last_seq THEN gu.left_seq ELSE g.last_seq END";

// Which streams to read, and whether with the time of the message at the position.
struct StreamQuery {
  std::string_view direct_time;
  std::string_view direct_condition;
  std::string_view group_time;
  std::string_view group_condition;
};
constexpr StreamQuery kAllStreams = {
    "COALESCE((SELECT d.sent_at FROM directmessage d WHERE d.recipient = c.recipient"
    " AND d.sender = c.sender AND d.seq = c.delivered_seq), 0)",
    "",
    "COALESCE((SELECT m.sent_at FROM groupmessage m WHERE m.groupid = gu.groupid AND m.seq = "
    "CASE WHEN gu.delivered_seq < gu.joined_seq THEN gu.joined_seq ELSE gu.delivered_seq END), 0)",
    " AND (gu.left_seq = 0 OR gu.delivered_seq < gu.left_seq)"};
constexpr StreamQuery kStreamsBehind = {"0", " WHERE head > delivered_seq", "0",
                                        " AND g.last_seq > gu.delivered_seq"
                                        " AND (gu.left_seq = 0 OR gu.delivered_seq < gu.left_seq)"};

Result<std::vector<StreamState>> stream_states(Connection& connection,
                                               std::span<const UserId> users,
                                               const StreamQuery& query) {
  const std::string direct_text =
      std::string("SELECT recipient, sender, delivered_seq, head, delivered_at FROM (SELECT")
          .append(" c.recipient, c.sender, c.delivered_seq, ")
          .append(kDirectHead)
          .append(" AS head, ")
          .append(query.direct_time)
          .append(" AS delivered_at FROM directcursor c WHERE c.recipient IN");
  auto direct = sql::read_in(
      connection, direct_text, users, std::string(") positions").append(query.direct_condition),
      [](const Statement& row) {
        return StreamState{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1), {},
                           row.integer(2),          row.integer(3),          row.integer(4)};
      });
  if (!direct) return direct;
  const std::string group_text = std::string("SELECT gu.userid, gu.groupid, ")
                                     .append(kGroupPosition)
                                     .append(", ")
                                     .append(kGroupHead)
                                     .append(", ")
                                     .append(query.group_time)
                                     .append(
                                         ", gu.left_seq FROM groupuser gu JOIN allgroup g ON g.id "
                                         "= gu.groupid WHERE gu.userid IN");
  auto group =
      sql::read_in(connection, group_text, users, query.group_condition, [](const Statement& row) {
        return StreamState{sql::id<UserId>(row, 0),
                           {},
                           sql::id<GroupId>(row, 1),
                           row.integer(2),
                           row.integer(3),
                           row.integer(4),
                           row.integer(5)};
      });
  if (!group) return group;
  direct->insert(direct->end(), group->begin(), group->end());
  return direct;
}

}  // namespace

Result<MessageModel::Cursor> MessageModel::cursor(const DirectStream& stream) {
  const auto found = sql::read_one(
      connection_,
      "SELECT delivered_seq, read_seq FROM directcursor WHERE recipient = ? AND sender = ?",
      [](const Statement& row) {
        return Cursor{row.integer(0), row.integer(1)};
      },
      stream.recipient, stream.sender);
  if (!found) return fail(found);
  return found->value_or(Cursor{});
}

Result<MessageModel::Slowest> MessageModel::slowest_delivered(GroupId group) {
  return slowest(connection_,
                 "SELECT userid, delivered_seq FROM groupuser WHERE groupid = ? AND left_seq = 0"
                 " ORDER BY delivered_seq, userid LIMIT 2",
                 group);
}

Result<MessageModel::Slowest> MessageModel::slowest_read(GroupId group) {
  return slowest(connection_,
                 "SELECT userid, read_seq FROM groupuser WHERE groupid = ? AND left_seq = 0"
                 " ORDER BY read_seq, userid LIMIT 2",
                 group);
}

Result<std::optional<Seq>> MessageModel::slowest_former(GroupId group, UnixMillis since) {
  return sql::read_integer(connection_,
                           "SELECT gu.delivered_seq FROM groupuser gu JOIN groupmessage m"
                           " ON m.groupid = gu.groupid AND m.seq = gu.left_seq"
                           " WHERE gu.groupid = ? AND gu.left_seq <> 0"
                           " AND gu.delivered_seq < gu.left_seq AND m.sent_at >= ?"
                           " ORDER BY gu.delivered_seq LIMIT 1",
                           group, since);
}

Result<std::vector<MessageModel::LockedGroup>> MessageModel::try_lock_groups(
    std::span<const GroupId> groups) {
  CHAT_CHECK(connection_.in_transaction());
  std::vector<GroupPlace> headed_by_events;
  auto locked = sql::read_in(connection_, kLockGroups.in(connection_), groups,
                             kWithoutWaiting.in(connection_), [&](const Statement& row) {
                               LockedGroup group{.id = sql::id<GroupId>(row, 0),
                                                 .head = row.integer(1),
                                                 .head_row = {row.integer(3), row.integer(4)},
                                                 .muted_until = row.integer(5),
                                                 .dismissed = row.integer(6) != 0};
                               if (row.integer(2) != group.head) {
                                 group.head_row = {0, group.head};
                                 headed_by_events.push_back({group.id, group.head});
                               }
                               return group;
                             });
  if (!locked || headed_by_events.empty()) return locked;
  const auto heads = group_heads(headed_by_events);
  if (!heads) return fail(heads);
  for (LockedGroup& group : *locked) {
    for (const auto& [id, row] : *heads) {
      if (id == group.id) group.head_row = row;
    }
  }
  return locked;
}

Result<std::vector<std::pair<GroupId, MessageModel::HeadRow>>> MessageModel::group_heads(
    std::span<const GroupPlace> heads) {
  return sql::read_pairs(
      connection_, "SELECT groupid, sent_at, COALESCE(n, seq) FROM groupmessage",
      "groupid = ? AND seq = ?", heads,
      [](const GroupPlace& head) { return std::pair(head.group, head.seq); },
      [](const Statement& row) {
        return std::pair(sql::id<GroupId>(row, 0), HeadRow{row.integer(1), row.integer(2)});
      });
}

Result<MessageModel::HeadRow> MessageModel::group_head(GroupId group, Seq head) {
  const GroupPlace place{group, head};
  const auto rows = group_heads(std::span(&place, 1));
  if (!rows) return fail(rows);
  return rows->empty() ? HeadRow{0, head} : rows->front().second;
}

Result<std::vector<DirectStream>> MessageModel::locked_heads(std::span<const DirectPlace> heads) {
  return find_locked(
      connection_, "SELECT recipient, sender FROM directmessage FORCE INDEX (PRIMARY)",
      "recipient = ? AND sender = ? AND seq = ?", heads,
      [](const DirectPlace& head) {
        return std::tuple(head.stream.recipient, head.stream.sender, head.seq);
      },
      [](const Statement& row) {
        return DirectStream{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1)};
      });
}

Result<std::vector<GroupId>> MessageModel::locked_group_heads(std::span<const GroupPlace> heads) {
  return find_locked(
      connection_, "SELECT groupid FROM groupmessage FORCE INDEX (PRIMARY)",
      "groupid = ? AND seq = ?", heads,
      [](const GroupPlace& head) { return std::pair(head.group, head.seq); },
      [](const Statement& row) { return sql::id<GroupId>(row, 0); });
}

Result<std::vector<StreamState>> MessageModel::positions(std::span<const UserId> users) {
  return stream_states(connection_, users, kAllStreams);
}

Result<std::optional<StreamState>> MessageModel::position(const DirectStream& stream) {
  const std::string text =
      std::string("SELECT c.delivered_seq, ")
          .append(kDirectHead)
          .append(", ")
          .append(kAllStreams.direct_time)
          .append(" FROM directcursor c WHERE c.recipient = ? AND c.sender = ?");
  return sql::read_one(
      connection_, text,
      [&stream](const Statement& row) {
        return StreamState{stream.recipient, stream.sender,  {},
                           row.integer(0),   row.integer(1), row.integer(2)};
      },
      stream.recipient, stream.sender);
}

Result<std::optional<StreamState>> MessageModel::position(UserId user, GroupId group) {
  const std::string text =
      std::string("SELECT ")
          .append(kGroupPosition)
          .append(", ")
          .append(kGroupHead)
          .append(", ")
          .append(kAllStreams.group_time)
          .append(", gu.left_seq FROM groupuser gu JOIN allgroup g ON g.id = gu.groupid")
          .append(" WHERE gu.userid = ? AND gu.groupid = ?");
  return sql::read_one(
      connection_, text,
      [user, group](const Statement& row) {
        return StreamState{user,          {}, group, row.integer(0), row.integer(1), row.integer(2),
                           row.integer(3)};
      },
      user, group);
}

Result<std::vector<StreamState>> MessageModel::behind(std::span<const UserId> users) {
  return stream_states(connection_, users, kStreamsBehind);
}

Result<std::vector<CursorMove>> MessageModel::cursors_after(UserId recipient, UserId sender,
                                                            std::size_t limit) {
  const auto to_cursor = [](const Statement& row) {
    return CursorMove{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1), {}, row.integer(2), 0};
  };
  // Two probes: a single condition would cause a scan.
  auto same = sql::read_all(connection_,
                            "SELECT recipient, sender, delivered_seq FROM directcursor"
                            " WHERE recipient = ? AND sender > ? ORDER BY sender LIMIT ?",
                            to_cursor, recipient, sender, limit);
  if (!same || !same->empty()) return same;
  return sql::read_all(connection_,
                       "SELECT recipient, sender, delivered_seq FROM directcursor"
                       " WHERE recipient > ? ORDER BY recipient, sender LIMIT ?",
                       to_cursor, recipient, limit);
}

Result<std::vector<GroupPosition>> MessageModel::groups_after(GroupId group, std::size_t limit) {
  return sql::read_all(
      connection_, "SELECT id, last_seq FROM allgroup WHERE id > ? ORDER BY id LIMIT ?",
      [](const Statement& row) {
        return GroupPosition{sql::id<GroupId>(row, 0), 0, row.integer(1)};
      },
      group, limit);
}

Result<void> MessageModel::advance(std::span<const CursorMove> moves) {
  CHAT_CHECK(connection_.in_transaction());
  for (const Position& position : kPositions) {
    if (auto written = write_position(connection_, position, moves); !written) return written;
  }
  return {};
}

Result<std::vector<CursorMove>> MessageModel::advance_unlocked(std::span<const CursorMove> moves) {
  CHAT_CHECK(connection_.in_transaction());
  std::vector<CursorMove> free;
  std::vector<CursorMove> locked;
  for (const PositionTable& table : kPositionTables) {
    const auto is_here = [&table](const CursorMove& move) {
      return static_cast<bool>(move.sender) == table.direct;
    };
    std::vector<PositionKey> keys;
    for (const CursorMove& move : moves) {
      if (is_here(move)) keys.push_back(position_key(move));
    }
    std::sort(keys.begin(), keys.end());
    const auto others = lock_unlocked_positions(connection_, table, keys);
    if (!others) return fail(others);
    for (const CursorMove& move : moves) {
      if (!is_here(move)) continue;
      (others->contains(position_key(move)) ? locked : free).push_back(move);
    }
  }
  if (auto advanced = advance(free); !advanced) return fail(advanced);
  return locked;
}

}  // namespace chat::storage
