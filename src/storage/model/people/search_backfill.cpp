#include "chat/storage/search_backfill.h"

#include <string>
#include <string_view>
#include <vector>

#include "chat/storage/name_key.h"
#include "chat/storage/search_model.h"
#include "chat/storage/transact.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

struct BackfillSql {
  std::string_view kind;
  std::string_view names;
};

constexpr BackfillSql kUserBackfill{
    "user", "SELECT id, name, nick FROM user WHERE id > ? ORDER BY id LIMIT ?"};
constexpr BackfillSql kGroupBackfill{
    "group",
    "SELECT id, CASE WHEN dismissed_at = 0 THEN groupname ELSE '' END, '' FROM allgroup"
    " WHERE id > ? ORDER BY id LIMIT ?"};

// MySQL: does not wait for a server that is at it.
constexpr sql::Text kLockScan{
    .sqlite = "SELECT last_id FROM searchscan WHERE kind = ?",
    .mysql = "SELECT last_id FROM searchscan WHERE kind = ? FOR UPDATE SKIP LOCKED"};

struct NamesRead {
  std::int64_t id = 0;
  std::string name_row;
  std::string nick_row;
};

NamesRead to_names(const Statement& row) {
  return {row.integer(0), search_key(row.text(1)), search_key(row.text(2))};
}

// Deleted accounts and dismissed groups have no name.
std::vector<SearchHit> rows_of(const std::vector<NamesRead>& names) {
  std::vector<SearchHit> rows;
  rows.reserve(names.size());
  for (const NamesRead& each : names) {
    if (!each.name_row.empty()) rows.push_back({each.name_row, each.id});
    if (!each.nick_row.empty() && each.nick_row != each.name_row) {
      rows.push_back({each.nick_row, each.id});
    }
  }
  return rows;
}

}  // namespace

Result<SearchBackfill::Progress> SearchBackfill::step(NameKind kind) {
  return transact(connection_, [&] { return read_some(kind); });
}

Result<SearchBackfill::Progress> SearchBackfill::read_some(NameKind kind) {
  const BackfillSql& texts = kind == NameKind::kUser ? kUserBackfill : kGroupBackfill;
  const auto last = sql::read_integer(connection_, kLockScan.in(connection_), texts.kind);
  if (!last) return fail(last);
  if (!*last) return Progress::kBusy;
  const auto names = sql::read_all(connection_, texts.names, to_names, **last, kRowsPerStep);
  if (!names) return fail(names);
  if (names->empty()) return Progress::kFinished;
  const std::vector<SearchHit> rows = rows_of(*names);
  if (auto added = SearchModel(connection_).add(kind, rows); !added) return fail(added);
  auto moved = sql::write(connection_, "UPDATE searchscan SET last_id = ? WHERE kind = ?",
                          names->back().id, texts.kind);
  if (!moved) return fail(moved);
  return names->size() < kRowsPerStep ? Progress::kFinished : Progress::kMore;
}

Result<void> SearchBackfill::run() {
  for (const NameKind kind : {NameKind::kUser, NameKind::kGroup}) {
    for (;;) {
      const auto progress = step(kind);
      if (!progress) return fail(progress);
      if (*progress != Progress::kMore) break;
    }
  }
  return {};
}

}  // namespace chat::storage
