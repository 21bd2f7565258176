#include "chat/storage/inbox_model.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "storage/sql_in.h"
#include "storage/sql_pairs.h"

namespace chat::storage {
namespace {

// The newest countable message of the stream of cursor `c`: its seq, its time and its `n`, in one
// text, because they are found together. Three columns would be three searches.
#define CHAT_NEWEST_TEXT(fields)                          \
  "(SELECT " fields                                       \
  " FROM directmessage m WHERE m.recipient = c.recipient" \
  " AND m.sender = c.sender AND m.kind IS NULL ORDER BY m.seq DESC LIMIT 1)"
#define CHAT_RECEIVED_NEWEST(fields) \
  "SELECT c.sender, " CHAT_NEWEST_TEXT(fields) ", c.read_seq FROM directcursor c" \
  " WHERE c.recipient = ?"
#define CHAT_SENT_NEWEST(fields) \
  "SELECT c.recipient, " CHAT_NEWEST_TEXT(fields) " FROM directcursor c WHERE c.sender = ?"
#define CHAT_SQLITE_FIELDS "m.seq || ' ' || m.sent_at || ' ' || COALESCE(m.n, m.seq)"
#define CHAT_MYSQL_FIELDS "CONCAT(m.seq, ' ', m.sent_at, ' ', COALESCE(m.n, m.seq))"
constexpr sql::Text kReceivedNewest{.sqlite = CHAT_RECEIVED_NEWEST(CHAT_SQLITE_FIELDS),
                                    .mysql = CHAT_RECEIVED_NEWEST(CHAT_MYSQL_FIELDS)};
constexpr sql::Text kSentNewest{.sqlite = CHAT_SENT_NEWEST(CHAT_SQLITE_FIELDS),
                                .mysql = CHAT_SENT_NEWEST(CHAT_MYSQL_FIELDS)};
#undef CHAT_MYSQL_FIELDS
#undef CHAT_SQLITE_FIELDS
#undef CHAT_SENT_NEWEST
#undef CHAT_RECEIVED_NEWEST
#undef CHAT_NEWEST_TEXT
#define CHAT_GROUP_CONVERSATIONS(join)                              \
  "SELECT gu.groupid, gu.read_seq, g.text_seq, g.text_at, g.text_n" \
  " FROM groupuser gu " join                                        \
  " allgroup g ON g.id = gu.groupid"                                \
  " WHERE gu.userid = ? AND gu.left_seq = 0 AND g.text_seq > gu.joined_seq"
constexpr sql::Text kGroupConversations{.sqlite = CHAT_GROUP_CONVERSATIONS("CROSS JOIN"),
                                        .mysql = CHAT_GROUP_CONVERSATIONS("STRAIGHT_JOIN")};
#undef CHAT_GROUP_CONVERSATIONS

// The message after the stored position. Not "the first past it": MariaDB finds that of another
// table's row by reading the stream from its beginning.
constexpr std::string_view kNextUnread =
    "SELECT u.sender, u.seq, u.sent_at, COALESCE(u.n, u.seq) - (u.kind IS NULL)"
    " FROM directcursor c JOIN directmessage u ON u.recipient = c.recipient"
    " AND u.sender = c.sender AND u.seq = c.read_seq + 1"
    " WHERE c.recipient = ? AND c.sender IN";

// The newest text of member `gu`; nothing if there is none. Without the hint MariaDB reads the
// group backwards until it finds one.
#define CHAT_OWN_NEWEST(hint)                                                 \
  "(SELECT o.seq FROM groupmessage o " hint                                   \
  " WHERE o.groupid = gu.groupid AND o.sender = gu.userid AND o.kind IS NULL" \
  " ORDER BY o.seq DESC LIMIT 1)"
#define CHAT_FORCED_INDEX "FORCE INDEX (groupmessage_by_sender)"

// What decides how far a member has read, and the newest mentions of it and of everybody.
#define CHAT_GROUP_POSITIONS(hint) \
  "SELECT gu.groupid, gu.read_seq, gu.joined_seq, COALESCE(" CHAT_OWN_NEWEST(hint) ", 0),"      \
  " COALESCE((SELECT e.seq FROM mention e WHERE e.userid = gu.userid"                           \
  "   AND e.groupid = gu.groupid ORDER BY e.seq DESC LIMIT 1), 0),"                             \
  " COALESCE((SELECT a.seq FROM mention a WHERE a.userid = 0 AND a.groupid = gu.groupid"        \
  "   ORDER BY a.seq DESC LIMIT 1), 0)"                                                         \
  " FROM groupuser gu WHERE gu.userid = ? AND gu.groupid IN"
constexpr sql::Text kGroupPositions{.sqlite = CHAT_GROUP_POSITIONS(""),
                                    .mysql = CHAT_GROUP_POSITIONS(CHAT_FORCED_INDEX)};
#undef CHAT_GROUP_POSITIONS

constexpr std::string_view kDirectRowAfter =
    "SELECT sender, seq, sent_at, COALESCE(n, seq) - (kind IS NULL) FROM directmessage"
    " WHERE recipient = ? AND sender = ? AND seq > ? ORDER BY seq LIMIT 1";
#define CHAT_GROUP_ROW \
  "SELECT groupid, seq, sent_at, COALESCE(n, seq) - (kind IS NULL) FROM groupmessage"
// Without the hint MariaDB estimates, for each place, how many rows of the group each of the other
// indexes has, which takes twenty times as long as reading the places.
constexpr sql::Text kGroupRows{.sqlite = CHAT_GROUP_ROW,
                               .mysql = CHAT_GROUP_ROW " FORCE INDEX (PRIMARY)"};
constexpr std::string_view kGroupRowAfter =
    CHAT_GROUP_ROW " WHERE groupid = ? AND seq > ? ORDER BY seq LIMIT 1";
#undef CHAT_GROUP_ROW
// Somebody who is named in a message that also is for everybody is mentioned once.
constexpr std::string_view kMentionsPast =
    "SELECT (SELECT COUNT(*) FROM mention e WHERE e.userid = ? AND e.groupid = ? AND e.seq > ?)"
    " + (SELECT COUNT(*) FROM mention a WHERE a.userid = 0 AND a.groupid = ? AND a.seq > ?"
    " AND NOT EXISTS (SELECT 1 FROM mention b WHERE b.userid = ? AND b.groupid = a.groupid"
    " AND b.seq = a.seq))";

// Members whose position is in the table, or follows from a newer message of theirs. An account
// that was deleted a moment ago may still be a member: it is not listed, but counted, because a
// look at all accounts would more than double the time (3.6 ms for 2000 members on MariaDB).
#define CHAT_HAS_READ(hint) "(gu.read_seq >= ? OR " CHAT_OWN_NEWEST(hint) " >= ?)"
#define CHAT_COUNT_READERS(hint) \
  "SELECT COUNT(*), COUNT(CASE WHEN " CHAT_HAS_READ(hint) " THEN 1 END) FROM groupuser gu"      \
  " WHERE gu.groupid = ? AND gu.left_seq = 0 AND gu.joined_seq < ? AND gu.userid <> ?"
constexpr sql::Text kCountReaders{.sqlite = CHAT_COUNT_READERS(""),
                                  .mysql = CHAT_COUNT_READERS(CHAT_FORCED_INDEX)};
#define CHAT_READERS(hint)                                                             \
  "SELECT gu.userid, u.name FROM groupuser gu JOIN user u ON u.id = gu.userid"         \
  " AND u.password <> ''"                                                              \
  " WHERE gu.groupid = ? AND gu.left_seq = 0 AND gu.joined_seq < ? AND gu.userid <> ?" \
  " AND gu.userid > ? AND " CHAT_HAS_READ(hint) " ORDER BY gu.userid LIMIT ?"
constexpr sql::Text kReaders{.sqlite = CHAT_READERS(""), .mysql = CHAT_READERS(CHAT_FORCED_INDEX)};
#undef CHAT_READERS
#undef CHAT_COUNT_READERS
#undef CHAT_HAS_READ
#undef CHAT_FORCED_INDEX
#undef CHAT_OWN_NEWEST

struct NewestText {
  UserId with;
  Seq seq = 0;  // 0: the stream has none
  UnixMillis sent_at = 0;
  std::int64_t n = 0;
};

std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const char* stop = std::from_chars(text.data(), end, number).ptr;
  if (stop != end) ++stop;
  text = {stop, end};
  return number;
}

NewestText to_newest_text(const Statement& row) {
  NewestText newest{sql::id<UserId>(row, 0)};
  if (row.is_null(1)) return newest;
  std::string_view fields = row.text(1);
  newest.seq = take_number(fields);
  newest.sent_at = take_number(fields);
  newest.n = take_number(fields);
  return newest;
}

Conversation to_direct_conversation(const Statement& row) {
  const NewestText newest = to_newest_text(row);
  Conversation found;
  found.with = newest.with;
  found.newest = newest.seq;
  found.newest_at = newest.sent_at;
  found.newest_n = newest.n;
  found.stored_read = row.integer(2);
  return found;
}

Conversation to_group_conversation(const Statement& row) {
  Conversation found;
  found.group = sql::id<GroupId>(row, 0);
  found.stored_read = row.integer(1);
  found.newest = row.integer(2);
  found.newest_at = row.integer(3);
  found.newest_n = row.integer(4);
  return found;
}

// The first message past a position.
struct FirstUnread {
  std::int32_t of = 0;  // the sender or group
  Seq seq = 0;
  UnixMillis sent_at = 0;
  std::int64_t n_before = 0;  // countable messages before it
};

FirstUnread to_first_unread(const Statement& row) {
  return {static_cast<std::int32_t>(row.integer(0)), row.integer(1), row.integer(2),
          row.integer(3)};
}

struct GroupReading {
  GroupId group;
  Seq position = 0;
  Seq newest_mention = 0;
};

GroupReading to_group_reading(const Statement& row) {
  return {sql::id<GroupId>(row, 0), std::max({row.integer(1), row.integer(2), row.integer(3)}),
          std::max(row.integer(4), row.integer(5))};
}

// Without those that do not exist.
Result<std::vector<FirstUnread>> group_rows_after(Connection& connection,
                                                  std::span<const GroupReading> readings) {
  return sql::read_pairs(
      connection, kGroupRows.in(connection), "groupid = ? AND seq = ?", readings,
      [](const GroupReading& item) { return std::pair(item.group, item.position + 1); },
      to_first_unread);
}

struct InboxSettings {
  std::int32_t group = 0;
  std::int32_t other = 0;
  bool pinned = false;
  bool muted = false;
  Seq hidden = 0;
  Seq own_hidden = 0;

  bool hides(const Conversation& item) const {
    return item.newest <= hidden && item.own_newest <= own_hidden;
  }
};

std::uint64_t settings_key(std::int32_t group, std::int32_t other) {
  return static_cast<std::uint64_t>(group) << 32 | static_cast<std::uint64_t>(other);
}

std::int32_t number_of(const Conversation& item) {
  return item.group ? item.group.value : item.with.value;
}

}  // namespace

Result<std::vector<Conversation>> InboxModel::conversations(UserId user) {
  auto found =
      sql::read_all(connection_, kReceivedNewest.in(connection_), to_direct_conversation, user);
  if (!found) return found;
  const auto sent = sql::read_all(connection_, kSentNewest.in(connection_), to_newest_text, user);
  if (!sent) return fail(sent);
  std::unordered_map<UserId, std::size_t> places;
  for (std::size_t i = 0; i < found->size(); ++i) places.emplace((*found)[i].with, i);
  for (const NewestText& own : *sent) {
    const auto [place, is_new] = places.try_emplace(own.with, found->size());
    if (is_new) found->emplace_back().with = own.with;
    (*found)[place->second].own_newest = own.seq;
    (*found)[place->second].own_newest_at = own.sent_at;
  }
  std::erase_if(*found,
                [](const Conversation& item) { return item.newest == 0 && item.own_newest == 0; });
  const auto groups =
      sql::read_all(connection_, kGroupConversations.in(connection_), to_group_conversation, user);
  if (!groups) return fail(groups);
  found->insert(found->end(), groups->begin(), groups->end());
  if (auto added = add_settings(user, *found); !added) return fail(added);
  return found;
}

Result<void> InboxModel::add_settings(UserId user, std::vector<Conversation>& conversations) {
  const auto settings = sql::read_all(
      connection_,
      "SELECT groupid, otherid, pinned, muted, hidden_seq, hidden_own_seq FROM conversation"
      " WHERE userid = ?",
      [](const Statement& row) {
        return InboxSettings{sql::id<GroupId>(row, 0).value,
                             sql::id<UserId>(row, 1).value,
                             row.integer(2) != 0,
                             row.integer(3) != 0,
                             row.integer(4),
                             row.integer(5)};
      },
      user);
  if (!settings) return fail(settings);
  if (settings->empty()) return {};
  std::unordered_map<std::uint64_t, const InboxSettings*> by_key;
  for (const InboxSettings& item : *settings)
    by_key.emplace(settings_key(item.group, item.other), &item);
  std::erase_if(conversations, [&by_key](Conversation& item) {
    const auto set = by_key.find(settings_key(item.group.value, item.with.value));
    if (set == by_key.end()) return false;
    item.pinned = set->second->pinned;
    item.muted = set->second->muted;
    return set->second->hides(item);
  });
  return {};
}

Result<void> InboxModel::count(UserId user, std::span<Conversation> conversations,
                               std::span<const CursorMove> pending) {
  std::vector<Conversation*> direct;
  std::vector<Conversation*> groups;
  for (Conversation& item : conversations) {
    item.read = item.stored_read;
    if (item.group) {
      groups.push_back(&item);
    } else if (item.newest > item.stored_read) {
      // The user has written after the other's newest message.
      if (item.newest_at <= item.own_newest_at) {
        item.read = item.newest;
      } else {
        direct.push_back(&item);
      }
    }
  }
  if (auto counted = count_direct(user, direct); !counted) return counted;
  if (auto counted = count_groups(user, groups); !counted) return counted;
  std::unordered_map<std::uint64_t, Seq> reads;
  for (const CursorMove& move : pending) {
    reads.emplace(settings_key(move.group.value, move.sender.value), move.read);
  }
  for (Conversation& item : conversations) {
    const auto read = reads.find(settings_key(item.group.value, item.with.value));
    if (read == reads.end() || read->second <= item.read) continue;
    item.read = read->second;
    if (auto counted = count_past(user, item); !counted) return counted;
  }
  return {};
}

// What is unread past `item.read`, found by reading onwards from there. For positions that a list
// of places does not find: messages before the first one left may have been deleted.
Result<void> InboxModel::count_past(UserId user, Conversation& item) {
  item.unread = 0;
  item.mentions = 0;
  if (item.read >= item.newest) return {};
  const auto first = item.group ? sql::read_one(connection_, kGroupRowAfter, to_first_unread,
                                                item.group, item.read)
                                : sql::read_one(connection_, kDirectRowAfter, to_first_unread, user,
                                                item.with, item.read);
  if (!first) return fail(first);
  if (!*first) return {};
  item.unread = item.newest_n - (*first)->n_before;
  if (item.group) return count_mentions(user, item, (*first)->seq - 1);
  if ((*first)->sent_at > item.own_newest_at) return {};
  return count_from(user, item, (*first)->seq);
}

Result<void> InboxModel::count_mentions(UserId user, Conversation& item, Seq after) {
  const auto mentions = sql::read_integer(connection_, kMentionsPast, user, item.group, after,
                                          item.group, after, user);
  if (!mentions) return fail(mentions);
  item.mentions = mentions->value_or(0);
  return {};
}

Result<void> InboxModel::count_direct(UserId user, std::span<Conversation* const> conversations) {
  std::vector<UserId> senders;
  std::unordered_map<std::int32_t, Conversation*> by_id;
  for (Conversation* item : conversations) {
    senders.push_back(item->with);
    by_id.emplace(number_of(*item), item);
  }
  const auto firsts = sql::read_in(connection_, kNextUnread, std::span<const UserId>(senders), "",
                                   to_first_unread, user);
  if (!firsts) return fail(firsts);
  for (const FirstUnread& first : *firsts) {
    Conversation& item = *by_id.at(first.of);
    by_id.erase(first.of);
    item.unread = item.newest_n - first.n_before;
    if (first.sent_at > item.own_newest_at) continue;
    if (auto counted = count_from(user, item, first.seq); !counted) return counted;
  }
  for (const auto& [id, item] : by_id) {
    if (auto counted = count_past(user, *item); !counted) return counted;
  }
  return {};
}

// The user's own newest message lies between two of the other's, of which the position in the table
// lacks the first: halves the distance until they are found. The stream has no gaps, and its times
// never decrease.
Result<void> InboxModel::count_from(UserId user, Conversation& item, Seq first_unread) {
  Seq read = first_unread;
  Seq unread = item.newest;
  std::int64_t n = 0;
  for (Seq probe = read;; probe = read + (unread - read) / 2) {
    const auto row = sql::read_one(
        connection_,
        "SELECT sent_at, COALESCE(n, seq) FROM directmessage"
        " WHERE recipient = ? AND sender = ? AND seq = ?",
        [](const Statement& found) { return std::pair(found.integer(0), found.integer(1)); }, user,
        item.with, probe);
    if (!row) return fail(row);
    if (*row && (*row)->first <= item.own_newest_at) {
      read = probe;
      n = (*row)->second;
    } else {
      unread = probe;
    }
    if (unread - read <= 1) break;
  }
  item.read = read;
  item.unread = item.newest_n - n;
  return {};
}

Result<void> InboxModel::count_groups(UserId user, std::span<Conversation* const> conversations) {
  std::vector<GroupId> groups;
  std::unordered_map<std::int32_t, Conversation*> by_id;
  for (Conversation* item : conversations) {
    groups.push_back(item->group);
    by_id.emplace(number_of(*item), item);
  }
  auto readings = sql::read_in(connection_, kGroupPositions.in(connection_),
                               std::span<const GroupId>(groups), "", to_group_reading, user);
  if (!readings) return fail(readings);
  std::erase_if(*readings, [&by_id](const GroupReading& reading) {
    Conversation& item = *by_id.at(reading.group.value);
    item.read = reading.position;
    return item.read >= item.newest;
  });
  const auto firsts = group_rows_after(connection_, *readings);
  if (!firsts) return fail(firsts);
  std::unordered_map<std::int32_t, std::int64_t> n_before;
  for (const FirstUnread& first : *firsts) n_before.emplace(first.of, first.n_before);
  for (const GroupReading& reading : *readings) {
    Conversation& item = *by_id.at(reading.group.value);
    const auto found = n_before.find(reading.group.value);
    Result<void> counted;
    if (found == n_before.end()) {
      counted = count_past(user, item);
    } else {
      item.unread = item.newest_n - found->second;
      if (reading.newest_mention > item.read) counted = count_mentions(user, item, item.read);
    }
    if (!counted) return counted;
  }
  return {};
}

Result<std::optional<UserId>> InboxModel::author(GroupId group, Seq seq) {
  return sql::read_one(
      connection_, "SELECT sender FROM groupmessage WHERE groupid = ? AND seq = ?",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, group, seq);
}

Result<InboxModel::Readers> InboxModel::count_readers(const Message& message) {
  const auto found = sql::read_one(
      connection_, kCountReaders.in(connection_),
      [](const Statement& row) {
        return Readers{row.integer(1), row.integer(0)};
      },
      message.seq, message.seq, message.group, message.seq, message.author);
  if (!found) return fail(found);
  return found->value_or(Readers{});
}

Result<std::vector<InboxModel::Reader>> InboxModel::readers(const Message& message, UserId after,
                                                            std::size_t limit) {
  return sql::read_all(
      connection_, kReaders.in(connection_),
      [](const Statement& row) {
        return Reader{sql::id<UserId>(row, 0), std::string(row.text(1))};
      },
      message.group, message.seq, message.author, after, message.seq, message.seq, limit);
}

}  // namespace chat::storage
