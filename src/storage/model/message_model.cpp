#include "chat/storage/message_model.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>

#include "chat/base/check.h"
#include "storage/model/row_insert.h"
#include "storage/sql.h"
#include "storage/sql_in.h"
#include "storage/sql_pairs.h"

namespace chat::storage {
namespace {

constexpr RowInsert kInsertDirect{
    "INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body, n) VALUES ", 7};
// If the statement comes late, the database refuses the row, because sent_at must not be NULL. Only
// the first row is checked: all of them would be 4 % of a message's cost.
#define CHAT_SENT_IN_TIME "IF(? AND SYSDATE(6) >= ?, NULL, ?)"
constexpr std::string_view kInsertDirectBy =
    "INSERT INTO directmessage (sent_at, recipient, sender, seq, cid, body, n)"
    " VALUES (" CHAT_SENT_IN_TIME ", ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kInsertMarkedDirectBy =
    "INSERT INTO directmessage (sent_at, recipient, sender, seq, cid, body, n, extra)"
    " VALUES (" CHAT_SENT_IN_TIME ", ?, ?, ?, ?, ?, ?, NULLIF(?, ''))";
#undef CHAT_SENT_IN_TIME
constexpr RowInsert kInsertMarkedDirect{
    "INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body, n, extra) VALUES ", 8};
// The cursor may exist already, if the stream's first batch is retried after an unknown outcome.
constexpr sql::Text kInsertCursorHead{
    .sqlite = "INSERT OR IGNORE INTO directcursor (recipient, sender) VALUES ",
    .mysql = "INSERT IGNORE INTO directcursor (recipient, sender) VALUES "};
constexpr std::string_view kNotice = "notice";
constexpr RowInsert kInsertGroup{
    "INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body, n) VALUES ", 7};
constexpr RowInsert kInsertMarkedGroup{
    "INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body, n, extra) VALUES ", 8};
constexpr std::string_view kInsertEvent =
    "INSERT INTO groupmessage (groupid, seq, sender, cid, sent_at, body, n, kind, ref, extra)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kInsertDirectEvent =
    "INSERT INTO directmessage (recipient, sender, seq, cid, sent_at, body, n, kind, ref, extra)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
#define CHAT_DIRECT_COLUMNS \
  "recipient, sender, seq, cid, sent_at, body, kind, ref, extra, COALESCE(n, seq)"
#define CHAT_GROUP_COLUMNS \
  "m.groupid, m.seq, m.sender, m.cid, m.sent_at, m.body, m.kind, m.ref, m.extra"
#define CHAT_GROUP_AFTER(greater)                                                  \
  "SELECT " CHAT_GROUP_COLUMNS                                                     \
  " FROM groupuser gu CROSS JOIN groupmessage m"                                   \
  " WHERE gu.groupid = ? AND gu.userid = ? AND m.groupid = ? AND m.seq > " greater \
  "(?, gu.joined_seq) AND (gu.left_seq = 0 OR m.seq <= gu.left_seq) ORDER BY m.seq LIMIT ?"
constexpr sql::Text kGroupAfter{.sqlite = CHAT_GROUP_AFTER("MAX"),
                                .mysql = CHAT_GROUP_AFTER("GREATEST")};
#undef CHAT_GROUP_AFTER

Seq ref_of(const Statement& row, int column) {
  return row.is_null(column) ? 0 : row.integer(column);
}

std::string text_or_empty(const Statement& row, int column) {
  return row.is_null(column) ? std::string() : std::string(row.text(column));
}

DirectMessage to_direct(const Statement& row) {
  DirectMessage message{sql::id<UserId>(row, 0), sql::id<UserId>(row, 1),
                        row.integer(2),          std::string(row.text(3)),
                        row.integer(4),          std::string(row.text(5))};
  message.kind = text_or_empty(row, 6);
  message.ref = ref_of(row, 7);
  message.extra = text_or_empty(row, 8);
  message.n = row.integer(9);
  return message;
}

GroupMessage to_group_message(const Statement& row) {
  GroupMessage message{sql::id<GroupId>(row, 0), row.integer(1), sql::id<UserId>(row, 2),
                       std::string(row.text(3)), row.integer(4), std::string(row.text(5))};
  message.kind = text_or_empty(row, 6);
  message.extra = text_or_empty(row, 8);
  // The column is that of two things.
  if (message.kind != kNotice) {
    message.ref = ref_of(row, 7);
  } else if (!row.is_null(7)) {
    message.ended = sql::id<UserId>(row, 7);
  }
  return message;
}

auto direct_values(const DirectMessage* row) {
  return std::tie(row->recipient, row->sender, row->seq, row->cid, row->sent_at, row->body, row->n);
}

auto marked_direct_values(const DirectMessage* row) {
  return std::tuple_cat(direct_values(row), std::tie(row->extra));
}

bool is_plain(const DirectMessage* row) {
  return row->extra.empty();
}

// The values of rows that are stored by one statement, until a time by the database's clock.
struct AtOnce {
  const DirectMessage& first;
  std::string_view latest;
  std::string_view nothing{};

  auto plain() const {
    return [this](const DirectMessage* row) {
      const std::int64_t is_checked = row == &first ? 1 : 0;
      return std::tuple_cat(std::tuple(is_checked), std::tie(is_checked ? latest : nothing),
                            std::tie(row->sent_at, row->recipient, row->sender, row->seq, row->cid,
                                     row->body, row->n));
    };
  }
  auto marked() const {
    return [plain = plain()](const DirectMessage* row) {
      return std::tuple_cat(plain(row), std::tie(row->extra));
    };
  }
};

auto group_values(const GroupMessage& row) {
  return std::tie(row.group, row.seq, row.sender, row.cid, row.sent_at, row.body, row.n);
}

auto marked_group_values(const GroupMessage& row) {
  return std::tuple_cat(group_values(row), std::tie(row.extra));
}

bool begins_stream(const DirectMessage* row) {
  return row->seq == 1;
}

// The text that finds which of `streams` streams exist; two parameters each.
std::string begun_text(const Connection& connection, std::size_t streams) {
  std::string text;
  if (connection.takes_rows()) {
    // MariaDB: half the time of an OR of keys (measured with 128: 5 µs instead of 11), which is
    // planned anew each time. The first row sets the types of the parameters.
    text = "SELECT c.recipient, c.sender FROM (WITH asked (recipient, sender) AS (VALUES ";
    for (std::size_t i = 0; i < streams; ++i) {
      text += i == 0 ? "(CAST(? AS SIGNED), CAST(? AS SIGNED))" : ", (?, ?)";
    }
    return text +
           ") SELECT recipient, sender FROM asked) AS asked STRAIGHT_JOIN directcursor c"
           " ON c.recipient = asked.recipient AND c.sender = asked.sender";
  }
  // Index lookups; a list of pairs would be a scan.
  text = "SELECT recipient, sender FROM directcursor WHERE";
  for (std::size_t i = 0; i < streams; ++i) {
    text += i == 0 ? " (recipient = ? AND sender = ?)" : " OR (recipient = ? AND sender = ?)";
  }
  return text;
}

// Most batches have no message that replies or mentions.
Result<void> insert_direct_rows(Connection& connection, DirectRows rows) {
  if (std::all_of(rows.begin(), rows.end(), is_plain)) {
    return insert_rows(connection, kInsertDirect, rows, direct_values);
  }
  std::vector<const DirectMessage*> parts(rows.begin(), rows.end());
  const auto middle = std::stable_partition(parts.begin(), parts.end(), is_plain);
  const auto plain = static_cast<std::size_t>(middle - parts.begin());
  const DirectRows all(parts);
  auto inserted = insert_rows(connection, kInsertDirect, all.first(plain), direct_values);
  if (!inserted) return inserted;
  return insert_rows(connection, kInsertMarkedDirect, all.subspan(plain), marked_direct_values);
}

bool group_order(const GroupMessage& a, const GroupMessage& b) {
  return std::tie(a.group, a.seq) < std::tie(b.group, b.seq);
}

}  // namespace

Result<std::vector<DirectMessage>> MessageModel::direct_tail(UserId recipient, UserId sender,
                                                             std::size_t limit) {
  const DirectTail tail{{recipient, sender}, 0};
  return direct_tails(std::span(&tail, 1), limit);
}

Result<std::vector<DirectMessage>> MessageModel::direct_tails(std::span<const DirectTail> tails,
                                                              std::size_t limit) {
  // Of each a part of its own, because each has its limit. MariaDB would copy a subquery's rows to
  // a table on disk; SQLite takes no brackets around a part.
  constexpr sql::Text kBegin{.sqlite = "SELECT * FROM (", .mysql = "("};
  const auto text_for = [this, begin = kBegin](std::size_t places) {
    constexpr std::string_view kTail =
        "SELECT " CHAT_DIRECT_COLUMNS
        " FROM directmessage WHERE recipient = ? AND sender = ? AND seq >= ?"
        " ORDER BY seq DESC LIMIT ?";
    if (places == 1) return std::string(kTail);
    std::string text;
    for (std::size_t i = 0; i < places; ++i) {
      text.append(i == 0 ? "" : " UNION ALL ").append(begin.in(connection_)).append(kTail);
      text.append(")");
    }
    return text;
  };
  auto rows = sql::read_for_pairs(
      connection_, text_for, tails,
      [limit](const DirectTail& tail) {
        return std::tuple(tail.stream.recipient, tail.stream.sender, tail.from, limit);
      },
      to_direct, kTailsPerStatement);
  if (!rows) return rows;
  std::sort(rows->begin(), rows->end(),
            [](const DirectMessage& a, const DirectMessage& b) { return in_key_order(&a, &b); });
  return rows;
}

Result<std::vector<DirectStream>> MessageModel::begun(std::span<const DirectStream> streams) {
  constexpr std::size_t kStreamsPerStatement = 128;
  std::vector<DirectStream> found;
  while (!streams.empty()) {
    const auto part = streams.first(std::min(streams.size(), kStreamsPerStatement));
    streams = streams.subspan(part.size());
    const std::size_t places = std::bit_ceil(part.size());
    auto prepared = connection_.prepare(begun_text(connection_, places));
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    for (std::size_t i = 0; i < places; ++i) {
      const DirectStream stream = i < part.size() ? part[i] : DirectStream{};  // padding
      sql::bind_one(*statement, static_cast<int>(2 * i), stream.recipient);
      sql::bind_one(*statement, static_cast<int>(2 * i + 1), stream.sender);
    }
    for (;;) {
      const auto row = statement->step();
      if (!row) return fail(row);
      if (!*row) break;
      found.push_back({sql::id<UserId>(*statement, 0), sql::id<UserId>(*statement, 1)});
    }
  }
  return found;
}

Result<void> MessageModel::append_direct(DirectRows rows, base::SteadyTime by) {
  if (connection_.takes_rows()) {
    const auto latest = connection_.server_time(by);
    if (!latest) return fail(latest);
    const bool plain = std::all_of(rows.begin(), rows.end(), is_plain);
    const AtOnce values{*rows.front(), *latest};
    if (rows_that_fit(rows, values.marked()) == rows.size()) {
      // A single statement is a transaction by itself, in one round trip instead of three. The
      // cursors of new streams are stored before; without a message, a cursor means nothing.
      if (auto inserted = insert_cursors(rows); !inserted) return inserted;
      return plain ? write_rows(connection_, kInsertDirectBy, rows, values.plain())
                   : write_rows(connection_, kInsertMarkedDirectBy, rows, values.marked());
    }
  }
  auto transaction = Transaction::begin(connection_, TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto inserted = insert_direct(rows); !inserted) return inserted;
  return transaction->commit_by(by);
}

Result<void> MessageModel::insert_cursors(DirectRows rows) {
  std::vector<const DirectMessage*> first;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(first), begins_stream);
  return insert_rows(
      connection_, RowInsert{kInsertCursorHead.in(connection_), 2}, DirectRows(first),
      [](const DirectMessage* row) { return std::tie(row->recipient, row->sender); });
}

Result<void> MessageModel::insert_direct(DirectRows rows) {
  CHAT_CHECK(connection_.in_transaction());
  CHAT_CHECK(std::is_sorted(rows.begin(), rows.end(), in_key_order));
  if (auto inserted = insert_direct_rows(connection_, rows); !inserted) return inserted;
  return insert_cursors(rows);
}

Result<void> MessageModel::insert_direct_event(const DirectMessage& row) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::write(connection_, kInsertDirectEvent, row.recipient, row.sender, row.seq, row.cid,
                    row.sent_at, row.body, row.n, row.kind, row.ref, row.extra);
}

Result<std::vector<DirectMessage>> MessageModel::direct_after(UserId recipient, UserId sender,
                                                              Seq after, std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT " CHAT_DIRECT_COLUMNS
                       " FROM directmessage"
                       " WHERE recipient = ? AND sender = ? AND seq > ? ORDER BY seq LIMIT ?",
                       to_direct, recipient, sender, after, limit);
}

Result<std::vector<DirectMessage>> MessageModel::direct_before(UserId recipient, UserId sender,
                                                               Seq before, std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT " CHAT_DIRECT_COLUMNS
                       " FROM directmessage"
                       " WHERE recipient = ? AND sender = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                       to_direct, recipient, sender, before, limit);
}

Result<std::vector<DirectMessage>> MessageModel::direct_at(std::span<const DirectPlace> places) {
  return sql::read_pairs(
      connection_, "SELECT " CHAT_DIRECT_COLUMNS " FROM directmessage",
      "recipient = ? AND sender = ? AND seq = ?", places,
      [](const DirectPlace& place) {
        return std::tuple(place.stream.recipient, place.stream.sender, place.seq);
      },
      to_direct);
}

Result<std::vector<GroupMessage>> MessageModel::group_at(std::span<const GroupPlace> places) {
  // See kGroupRows of the inbox.
  constexpr sql::Text kText{
      .sqlite = "SELECT " CHAT_GROUP_COLUMNS " FROM groupmessage m",
      .mysql = "SELECT " CHAT_GROUP_COLUMNS " FROM groupmessage m FORCE INDEX (PRIMARY)"};
  return sql::read_pairs(
      connection_, kText.in(connection_), "groupid = ? AND seq = ?", places,
      [](const GroupPlace& place) { return std::pair(place.group, place.seq); }, to_group_message);
}

Result<std::vector<MessageModel::GroupPlace>> MessageModel::group_texts_among(
    std::span<const GroupPlace> places) {
  constexpr sql::Text kText{.sqlite = "SELECT groupid, seq FROM groupmessage",
                            .mysql = "SELECT groupid, seq FROM groupmessage FORCE INDEX (PRIMARY)"};
  return sql::read_pairs(
      connection_, kText.in(connection_), "groupid = ? AND seq = ? AND kind IS NULL", places,
      [](const GroupPlace& place) { return std::pair(place.group, place.seq); },
      [](const Statement& row) {
        return GroupPlace{sql::id<GroupId>(row, 0), row.integer(1)};
      });
}

Result<std::optional<GroupMessage>> MessageModel::find_group_message(GroupId group, UserId sender,
                                                                     std::string_view cid) {
  return sql::read_one(connection_,
                       "SELECT " CHAT_GROUP_COLUMNS
                       " FROM groupmessage m WHERE groupid = ? AND sender = ? AND cid = ?",
                       to_group_message, group, sender, cid);
}

Result<std::vector<GroupMessage>> MessageModel::group_messages_of(std::span<const GroupCid> cids) {
  constexpr sql::Text kText{.sqlite = "SELECT " CHAT_GROUP_COLUMNS " FROM groupmessage m",
                            .mysql = "SELECT " CHAT_GROUP_COLUMNS
                                     " FROM groupmessage m FORCE INDEX (groupmessage_by_cid)"};
  return sql::read_pairs(
      connection_, kText.in(connection_), "groupid = ? AND sender = ? AND cid = ?", cids,
      [](const GroupCid& wanted) { return std::tuple(wanted.group, wanted.sender, wanted.cid); },
      to_group_message);
}

Result<void> MessageModel::insert_group(std::span<const GroupMessage> rows) {
  CHAT_CHECK(connection_.in_transaction());
  CHAT_CHECK(std::is_sorted(rows.begin(), rows.end(), group_order));
  while (!rows.empty()) {
    const bool plain = rows.front().extra.empty();
    const auto other = std::find_if(rows.begin(), rows.end(), [plain](const GroupMessage& row) {
      return row.extra.empty() != plain;
    });
    const auto part = rows.first(static_cast<std::size_t>(other - rows.begin()));
    auto inserted = plain ? insert_rows(connection_, kInsertGroup, part, group_values)
                          : insert_rows(connection_, kInsertMarkedGroup, part, marked_group_values);
    if (!inserted) return inserted;
    rows = rows.subspan(part.size());
  }
  return {};
}

Result<void> MessageModel::insert_group_event(const GroupMessage& row) {
  CHAT_CHECK(connection_.in_transaction());
  auto prepared = connection_.prepare(kInsertEvent);
  if (!prepared) return fail(prepared);
  sql::bind_all(**prepared, row.group, row.seq, row.sender, row.cid, row.sent_at, row.body, row.n,
                row.kind);
  if (row.ended) {
    sql::bind_one(**prepared, 8, row.ended);
  } else if (row.ref != 0) {
    sql::bind_one(**prepared, 8, row.ref);
  } else {
    (*prepared)->bind_null(8);
  }
  sql::bind_one(**prepared, 9, std::string_view(row.extra));
  return (*prepared)->run();
}

Result<void> MessageModel::set_group_last_seq(GroupId group, Seq last_seq) {
  CHAT_CHECK(connection_.in_transaction());
  return sql::write(connection_, "UPDATE allgroup SET last_seq = ? WHERE id = ?", last_seq, group);
}

Result<void> MessageModel::set_group_newest(std::span<const GroupMessage> texts) {
  CHAT_CHECK(connection_.in_transaction());
  return write_rows(
      connection_,
      "UPDATE allgroup SET last_seq = ?, text_seq = ?, text_at = ?, text_n = ? WHERE id = ?", texts,
      [](const GroupMessage& text) {
        return std::tie(text.seq, text.seq, text.sent_at, text.n, text.group);
      });
}

Result<std::vector<GroupMessage>> MessageModel::group_after(GroupId group, UserId member, Seq after,
                                                            std::size_t limit) {
  return sql::read_all(connection_, kGroupAfter.in(connection_), to_group_message, group, member,
                       group, after, limit);
}

Result<std::vector<GroupMessage>> MessageModel::group_before(GroupId group, Seq after, Seq before,
                                                             std::size_t limit) {
  return sql::read_all(connection_,
                       "SELECT " CHAT_GROUP_COLUMNS
                       " FROM groupmessage m WHERE groupid = ? AND seq > ? AND seq < ?"
                       " ORDER BY seq DESC LIMIT ?",
                       to_group_message, group, after, before, limit);
}

}  // namespace chat::storage
