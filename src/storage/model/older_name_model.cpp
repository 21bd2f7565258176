#include "chat/storage/older_name_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "chat/base/log.h"
#include "chat/storage/name_key.h"
#include "chat/storage/transact.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

// Ids per transaction: about ten milliseconds, so that locks are not held for long.
constexpr std::int64_t kIdsPerStep = 10'000;

struct NameKindSql {
  std::string_view name;
  std::string_view newest;
  sql::Text non_ascii;  // a key of ASCII characters is the same today
};

constexpr NameKindSql kUserNames{
    "user",
    "SELECT COALESCE(MAX(id), 0) FROM user",
    {.sqlite = "SELECT id, name, name_key FROM user WHERE id > ? AND id <= ?"
               " AND LENGTH(CAST(name AS BLOB)) <> LENGTH(name) ORDER BY id",
     .mysql = "SELECT id, name, name_key FROM user WHERE id > ? AND id <= ?"
              " AND LENGTH(name) <> CHAR_LENGTH(name) ORDER BY id"}};
constexpr NameKindSql kGroupNames{
    "group",
    "SELECT COALESCE(MAX(id), 0) FROM allgroup",
    {.sqlite = "SELECT id, groupname, name_key FROM allgroup WHERE id > ? AND id <= ?"
               " AND dismissed_at = 0"
               " AND LENGTH(CAST(groupname AS BLOB)) <> LENGTH(groupname) ORDER BY id",
     .mysql = "SELECT id, groupname, name_key FROM allgroup WHERE id > ? AND id <= ?"
              " AND dismissed_at = 0"
              " AND LENGTH(groupname) <> CHAR_LENGTH(groupname) ORDER BY id"}};

const NameKindSql& sql_of_names(NameKind kind) {
  return kind == NameKind::kUser ? kUserNames : kGroupNames;
}

// Of two concurrent scans, the second waits for the first one's row.
constexpr sql::Text kBeginNameScan{
    .sqlite = "INSERT INTO oldernamescan (kind, last_id) VALUES (?, 0) ON CONFLICT DO NOTHING",
    .mysql =
        "INSERT INTO oldernamescan (kind, last_id) VALUES (?, 0)"
        " ON DUPLICATE KEY UPDATE last_id = last_id"};
constexpr sql::Text kLockNameScan{
    .sqlite = "SELECT last_id FROM oldernamescan WHERE kind = ?",
    .mysql = "SELECT last_id FROM oldernamescan WHERE kind = ? FOR UPDATE"};
constexpr sql::Text kUpsertOlderName{
    .sqlite =
        "INSERT INTO oldername (kind, holder, name_key) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET name_key = excluded.name_key",
    .mysql =
        "INSERT INTO oldername (kind, holder, name_key) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE name_key = VALUES(name_key)"};

struct StoredName {
  std::int64_t id = 0;
  std::string name;
  std::string key;
};

}  // namespace

Result<void> OlderNameModel::gather() {
  if (auto done = gather(NameKind::kUser); !done) return done;
  return gather(NameKind::kGroup);
}

Result<void> OlderNameModel::gather(NameKind kind) {
  const auto last = sql::read_integer(connection_, sql_of_names(kind).newest);
  if (!last) return fail(last);
  const auto begun = sql::read_integer(
      connection_, "SELECT last_id FROM oldernamescan WHERE kind = ?", sql_of_names(kind).name);
  if (!begun) return fail(begun);
  if (begun->value_or(0) >= last->value_or(0)) return {};
  for (;;) {
    const auto finished =
        transact(connection_, [&] { return gather_some(kind, last->value_or(0)); });
    if (!finished) return fail(finished);
    if (*finished) return {};
  }
}

Result<bool> OlderNameModel::gather_some(NameKind kind, std::int64_t last) {
  const NameKindSql& texts = sql_of_names(kind);
  if (auto done = sql::write(connection_, kBeginNameScan.in(connection_), texts.name); !done) {
    return fail(done);
  }
  const auto from = sql::read_integer(connection_, kLockNameScan.in(connection_), texts.name);
  if (!from) return fail(from);
  const std::int64_t first = from->value_or(0);
  if (first >= last) return true;
  const std::int64_t up_to = std::min(last, first + kIdsPerStep);
  const auto names = sql::read_all(
      connection_, texts.non_ascii.in(connection_),
      [](const Statement& row) {
        return StoredName{row.integer(0), std::string(row.text(1)), std::string(row.text(2))};
      },
      first, up_to);
  if (!names) return fail(names);
  for (const StoredName& stored : *names) {
    const std::string key = name_key(stored.name);
    if (key == stored.key) continue;
    auto added = sql::write(connection_, kUpsertOlderName.in(connection_), texts.name, stored.id,
                            std::string_view(key));
    if (!added) return fail(added);
    log::info("event=older_name kind={} id={}", texts.name, stored.id);
  }
  auto moved = sql::write(connection_, "UPDATE oldernamescan SET last_id = ? WHERE kind = ?", up_to,
                          texts.name);
  if (!moved) return fail(moved);
  return up_to >= last;
}

Result<std::optional<std::int64_t>> OlderNameModel::holder(NameKind kind, std::string_view key) {
  return sql::read_integer(
      connection_,
      "SELECT holder FROM oldername WHERE kind = ? AND name_key = ? ORDER BY holder LIMIT 1",
      sql_of_names(kind).name, key);
}

Result<void> OlderNameModel::forget(NameKind kind, std::int64_t holder) {
  return sql::write(connection_, "DELETE FROM oldername WHERE kind = ? AND holder = ?",
                    sql_of_names(kind).name, holder);
}

}  // namespace chat::storage
