#include "chat/storage/inbox_model.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "storage/sql_in.h"

namespace chat::storage {
namespace {

// The newest countable message of the stream of cursor `c`.
#define CHAT_NEWEST_OF_CURSOR                                                   \
  " FROM directcursor c JOIN directmessage m ON m.recipient = c.recipient"      \
  " AND m.sender = c.sender AND m.seq = (SELECT x.seq FROM directmessage x"     \
  " WHERE x.recipient = c.recipient AND x.sender = c.sender AND x.kind IS NULL" \
  " ORDER BY x.seq DESC LIMIT 1)"
constexpr std::string_view kReceivedNewest =
    "SELECT c.sender, c.read_seq, m.seq, m.sent_at, COALESCE(m.n, m.seq)" CHAT_NEWEST_OF_CURSOR
    " WHERE c.recipient = ?";
constexpr std::string_view kSentNewest =
    "SELECT c.recipient, m.seq, m.sent_at" CHAT_NEWEST_OF_CURSOR " WHERE c.sender = ?";
#undef CHAT_NEWEST_OF_CURSOR
constexpr std::string_view kGroupConversations =
    "SELECT gu.groupid, gu.read_seq, m.seq, m.sent_at, COALESCE(m.n, m.seq)"
    " FROM groupuser gu JOIN allgroup g ON g.id = gu.groupid"
    " JOIN groupmessage m ON m.groupid = gu.groupid AND m.seq = g.text_seq"
    " WHERE gu.userid = ? AND gu.left_seq = 0 AND g.text_seq > gu.joined_seq";

// The first message past the stored position.
constexpr std::string_view kFirstUnread =
    "SELECT u.sender, u.seq, u.sent_at, COALESCE(u.n, u.seq), u.kind IS NULL"
    " FROM directcursor c JOIN directmessage u ON u.recipient = c.recipient"
    " AND u.sender = c.sender AND u.seq = (SELECT x.seq FROM directmessage x"
    " WHERE x.recipient = c.recipient AND x.sender = c.sender AND x.seq > c.read_seq"
    " ORDER BY x.seq LIMIT 1) WHERE c.recipient = ? AND c.sender IN";

// A member has read up to the highest of its position, its newest text and the message before its
// membership. The first message after that tells how many there are, and the mentions from there
// on are unread: none of them is by the member itself. Somebody who is named in a message that also
// is for everybody is mentioned once.
#define CHAT_GROUP_COUNTS(greatest)                                                         \
  "SELECT p.groupid, p.position, u.seq, COALESCE(u.n, u.seq), u.kind IS NULL,"              \
  " (SELECT COUNT(*) FROM mention e WHERE e.userid = p.userid AND e.groupid = p.groupid"    \
  "   AND e.seq >= u.seq)"                                                                  \
  " + (SELECT COUNT(*) FROM mention a WHERE a.userid = 0 AND a.groupid = p.groupid"         \
  "   AND a.seq >= u.seq AND NOT EXISTS (SELECT 1 FROM mention b WHERE b.userid = p.userid" \
  "   AND b.groupid = p.groupid AND b.seq = a.seq))"                                        \
  " FROM (SELECT gu.userid, gu.groupid, " greatest                                          \
  "(gu.read_seq, gu.joined_seq,"                                                            \
  "   COALESCE((SELECT o.seq FROM groupmessage o WHERE o.groupid = gu.groupid"              \
  "   AND o.sender = gu.userid AND o.kind IS NULL ORDER BY o.seq DESC LIMIT 1), 0))"        \
  "   AS position FROM groupuser gu WHERE gu.userid = ? AND gu.groupid IN"
constexpr std::string_view kGroupCountsTail =
    ") p LEFT JOIN groupmessage u ON u.groupid = p.groupid AND u.seq ="
    " (SELECT x.seq FROM groupmessage x WHERE x.groupid = p.groupid AND x.seq > p.position"
    " ORDER BY x.seq LIMIT 1)";
constexpr sql::Text kGroupCounts{.sqlite = CHAT_GROUP_COUNTS("MAX"),
                                 .mysql = CHAT_GROUP_COUNTS("GREATEST")};
#undef CHAT_GROUP_COUNTS

constexpr std::string_view kDirectRowAfter =
    "SELECT seq, COALESCE(n, seq), kind IS NULL FROM directmessage"
    " WHERE recipient = ? AND sender = ? AND seq > ? ORDER BY seq LIMIT 1";
constexpr std::string_view kGroupRowAfter =
    "SELECT seq, COALESCE(n, seq), kind IS NULL FROM groupmessage"
    " WHERE groupid = ? AND seq > ? ORDER BY seq LIMIT 1";
constexpr std::string_view kMentionsFrom =
    "SELECT (SELECT COUNT(*) FROM mention e WHERE e.userid = ? AND e.groupid = ? AND e.seq >= ?)"
    " + (SELECT COUNT(*) FROM mention a WHERE a.userid = 0 AND a.groupid = ? AND a.seq >= ?"
    " AND NOT EXISTS (SELECT 1 FROM mention b WHERE b.userid = ? AND b.groupid = a.groupid"
    " AND b.seq = a.seq))";

// Members whose position is in the table, or follows from a newer message of theirs.
#define CHAT_HAS_READ                                                                      \
  "(gu.read_seq >= ? OR EXISTS (SELECT 1 FROM groupmessage o WHERE o.groupid = gu.groupid" \
  " AND o.sender = gu.userid AND o.kind IS NULL AND o.seq >= ?))"
constexpr std::string_view kCountReaders =
    "SELECT COUNT(*), COUNT(CASE WHEN " CHAT_HAS_READ
    " THEN 1 END) FROM groupuser gu"
    " WHERE gu.groupid = ? AND gu.left_seq = 0 AND gu.joined_seq < ? AND gu.userid <> ?";
constexpr std::string_view kReaders =
    "SELECT gu.userid, u.name FROM groupuser gu JOIN user u ON u.id = gu.userid"
    " WHERE gu.groupid = ? AND gu.left_seq = 0 AND gu.joined_seq < ? AND gu.userid <> ?"
    " AND gu.userid > ? AND " CHAT_HAS_READ " ORDER BY gu.userid LIMIT ?";
#undef CHAT_HAS_READ

Conversation to_direct_conversation(const Statement& row) {
  Conversation found;
  found.with = sql::id<UserId>(row, 0);
  found.stored_read = row.integer(1);
  found.newest = row.integer(2);
  found.newest_at = row.integer(3);
  found.newest_n = row.integer(4);
  return found;
}

Conversation to_group_conversation(const Statement& row) {
  Conversation found = to_direct_conversation(row);
  found.group = GroupId{std::exchange(found.with, {}).value};
  return found;
}

struct SentTo {
  UserId to;
  Seq seq = 0;
  UnixMillis sent_at = 0;
};

struct FirstUnread {
  std::int32_t of = 0;  // the sender or group
  Seq position = 0;     // of groups
  Seq seq = 0;
  UnixMillis sent_at = 0;  // of direct streams
  std::int64_t n_before = 0;
  std::int64_t mentions = 0;
};

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
  auto found = sql::read_all(connection_, kReceivedNewest, to_direct_conversation, user);
  if (!found) return found;
  const auto sent = sql::read_all(
      connection_, kSentNewest,
      [](const Statement& row) {
        return SentTo{sql::id<UserId>(row, 0), row.integer(1), row.integer(2)};
      },
      user);
  if (!sent) return fail(sent);
  std::unordered_map<UserId, std::size_t> places;
  for (std::size_t i = 0; i < found->size(); ++i) places.emplace((*found)[i].with, i);
  for (const SentTo& own : *sent) {
    const auto [place, is_new] = places.try_emplace(own.to, found->size());
    if (is_new) found->emplace_back().with = own.to;
    (*found)[place->second].own_newest = own.seq;
    (*found)[place->second].own_newest_at = own.sent_at;
  }
  const auto groups = sql::read_all(connection_, kGroupConversations, to_group_conversation, user);
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
    if (auto counted = count_past(user, item, read->second); !counted) return counted;
  }
  return {};
}

Result<void> InboxModel::count_past(UserId user, Conversation& item, Seq read) {
  item.read = read;
  item.unread = 0;
  item.mentions = 0;
  if (read >= item.newest) return {};
  const auto to_place = [](const Statement& row) {
    return std::pair(row.integer(0), row.integer(1) - row.integer(2));
  };
  const auto first =
      item.group ? sql::read_one(connection_, kGroupRowAfter, to_place, item.group, read)
                 : sql::read_one(connection_, kDirectRowAfter, to_place, user, item.with, read);
  if (!first) return fail(first);
  if (!*first) return {};
  item.unread = item.newest_n - (*first)->second;
  if (!item.group) return {};
  const Seq from = (*first)->first;
  const auto mentions =
      sql::read_integer(connection_, kMentionsFrom, user, item.group, from, item.group, from, user);
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
  const auto firsts = sql::read_in(
      connection_, kFirstUnread, std::span<const UserId>(senders), "",
      [](const Statement& row) {
        return FirstUnread{sql::id<UserId>(row, 0).value,   0, row.integer(1), row.integer(2),
                           row.integer(3) - row.integer(4), 0};
      },
      user);
  if (!firsts) return fail(firsts);
  for (const FirstUnread& first : *firsts) {
    Conversation& item = *by_id.at(first.of);
    item.unread = item.newest_n - first.n_before;
    if (first.sent_at > item.own_newest_at) continue;
    if (auto counted = count_from(user, item, first.seq); !counted) return counted;
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
  const auto firsts = sql::read_in(
      connection_, kGroupCounts.in(connection_), std::span<const GroupId>(groups), kGroupCountsTail,
      [](const Statement& row) {
        const Seq seq = row.is_null(2) ? 0 : row.integer(2);
        return FirstUnread{sql::id<GroupId>(row, 0).value,
                           row.integer(1),
                           seq,
                           0,
                           seq == 0 ? 0 : row.integer(3) - row.integer(4),
                           seq == 0 ? 0 : row.integer(5)};
      },
      user);
  if (!firsts) return fail(firsts);
  for (const FirstUnread& first : *firsts) {
    Conversation& item = *by_id.at(first.of);
    item.read = first.position;
    if (first.position >= item.newest || first.seq == 0) continue;
    item.unread = item.newest_n - first.n_before;
    item.mentions = first.mentions;
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
      connection_, kCountReaders,
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
      connection_, kReaders,
      [](const Statement& row) {
        return Reader{sql::id<UserId>(row, 0), std::string(row.text(1))};
      },
      message.group, message.seq, message.author, after, message.seq, message.seq, limit);
}

}  // namespace chat::storage
