#include "chat/storage/search_model.h"

#include <tuple>
#include <utility>

#include "chat/storage/name_key.h"
#include "storage/model/row_insert.h"
#include "storage/sql_in.h"

// A search reads the rows of one key, then those of greater keys up to the end of the prefix. Both
// are ranges of the primary key, so a page costs the same wherever it begins and however many rows
// share a key.
namespace chat::storage {
namespace {

struct SearchSql {
  std::string_view erase_row;
  std::string_view erase_all;
  std::string_view same_key;
  std::string_view greater_keys;
};

#define CHAT_SEARCH_SQL(table, column)                                      \
  {                                                                         \
    "DELETE FROM " table " WHERE fold = ? AND " column " = ?",              \
        "DELETE FROM " table " WHERE " column " = ?",                       \
        "SELECT fold, " column " FROM " table " WHERE fold = ? AND " column \
        " > ? ORDER BY " column " LIMIT ?",                                 \
        "SELECT fold, " column " FROM " table                               \
        " WHERE fold > ? AND fold < ? ORDER BY fold, " column " LIMIT ?"    \
  }
constexpr SearchSql kUserSearch CHAT_SEARCH_SQL("usersearch", "userid");
constexpr SearchSql kGroupSearch CHAT_SEARCH_SQL("groupsearch", "groupid");
#undef CHAT_SEARCH_SQL

constexpr sql::Text kAddUserRow{
    .sqlite = "INSERT OR IGNORE INTO usersearch (fold, userid) VALUES (?, ?)",
    .mysql =
        "INSERT INTO usersearch (fold, userid) VALUES (?, ?)"
        " ON DUPLICATE KEY UPDATE userid = userid"};
constexpr sql::Text kAddGroupRow{
    .sqlite = "INSERT OR IGNORE INTO groupsearch (fold, groupid) VALUES (?, ?)",
    .mysql =
        "INSERT INTO groupsearch (fold, groupid) VALUES (?, ?)"
        " ON DUPLICATE KEY UPDATE groupid = groupid"};

const SearchSql& sql_of_search(NameKind kind) {
  return kind == NameKind::kUser ? kUserSearch : kGroupSearch;
}

// Greater than every key with this prefix: names have no noncharacters.
std::string end_of(std::string_view prefix) {
  return std::string(prefix) + "\U0010FFFF";
}

SearchHit to_hit(const Statement& row) {
  return {std::string(row.text(0)), row.integer(1)};
}

}  // namespace

Result<void> SearchModel::add(NameKind kind, std::int64_t id, std::string_view name) {
  const SearchHit row{search_key(name), id};
  return add(kind, {&row, 1});
}

Result<void> SearchModel::add(NameKind kind, std::span<const SearchHit> rows) {
  const sql::Text& text = kind == NameKind::kUser ? kAddUserRow : kAddGroupRow;
  return write_rows(connection_, text.in(connection_), rows,
                    [](const SearchHit& row) { return std::tie(row.key, row.id); });
}

Result<void> SearchModel::erase(NameKind kind, std::int64_t id, std::string_view key) {
  return sql::write(connection_, sql_of_search(kind).erase_row, key, id);
}

Result<void> SearchModel::rename_group(GroupId group, std::string_view from, std::string_view to) {
  const std::string old_key = search_key(from);
  if (old_key == search_key(to)) return {};
  if (auto done = erase(NameKind::kGroup, group.value, old_key); !done) return done;
  return add(NameKind::kGroup, group.value, to);
}

Result<void> SearchModel::change_nick(UserId user, std::string_view name, std::string_view from,
                                      std::string_view to) {
  const std::string name_row = search_key(name);
  const std::string old_key = search_key(from);
  const std::string new_key = search_key(to);
  if (old_key == new_key) return {};
  if (!old_key.empty() && old_key != name_row) {
    if (auto done = erase(NameKind::kUser, user.value, old_key); !done) return done;
  }
  if (new_key.empty() || new_key == name_row) return {};
  return add(NameKind::kUser, user.value, to);
}

Result<void> SearchModel::forget(NameKind kind, std::int64_t id) {
  return sql::write(connection_, sql_of_search(kind).erase_all, id);
}

Result<std::vector<SearchHit>> SearchModel::find(NameKind kind, std::string_view prefix,
                                                 const SearchHit& after, std::size_t limit) {
  const SearchSql& texts = sql_of_search(kind);
  const std::string_view from = after.key.empty() ? prefix : std::string_view(after.key);
  auto hits = sql::read_all(connection_, texts.same_key, to_hit, from, after.id, limit);
  if (!hits || hits->size() == limit) return hits;
  auto greater = sql::read_all(connection_, texts.greater_keys, to_hit, from,
                               std::string_view(end_of(prefix)), limit - hits->size());
  if (!greater) return greater;
  for (SearchHit& hit : *greater) hits->push_back(std::move(hit));
  return hits;
}

Result<std::vector<OpenGroup>> SearchModel::open_groups(const std::vector<GroupId>& ids) {
  return sql::read_in(connection_,
                      "SELECT id, groupname, groupdesc, joining FROM allgroup"
                      " WHERE dismissed_at = 0 AND joining <> 'invite' AND id IN",
                      std::span<const GroupId>(ids), "", [](const Statement& row) {
                        return OpenGroup{{sql::id<GroupId>(row, 0), std::string(row.text(1)),
                                          std::string(row.text(2))},
                                         std::string(row.text(3))};
                      });
}

}  // namespace chat::storage
