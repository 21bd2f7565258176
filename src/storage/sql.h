#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

// Helpers of the models: bind arguments in order and run a statement to its end, so that none keeps
// a snapshot open. The models' SQL is common to both dialects; where they differ, see Text.
namespace chat::storage::sql {

// SQL that differs between the dialects.
struct Text {
  std::string_view sqlite;
  std::string_view mysql;
  std::string_view in(const Connection& connection) const {
    return connection.dialect() == Dialect::kSqlite ? sqlite : mysql;
  }
};

inline void bind_one(Statement& statement, int parameter, std::string_view text) {
  statement.bind(parameter, text);
}
template <std::integral T>
void bind_one(Statement& statement, int parameter, T value) {
  statement.bind(parameter, static_cast<std::int64_t>(value));
}
template <typename Tag>
void bind_one(Statement& statement, int parameter, Id<Tag> id) {
  statement.bind(parameter, std::int64_t{id.value});
}

// Texts must live until the statement has ended.
template <typename... Args>
void bind_all(Statement& statement, const Args&... args) {
  int parameter = 0;
  (bind_one(statement, parameter++, args), ...);
}

template <typename IdType>
IdType id(const Statement& row, int column) {
  return IdType{static_cast<std::int32_t>(row.integer(column))};
}

template <typename ToRow>
using RowOf = std::invoke_result_t<ToRow, const Statement&>;

// All rows, each made by `to_row`.
template <typename ToRow, typename... Args>
Result<std::vector<RowOf<ToRow>>> read_all(Connection& connection, std::string_view text,
                                           ToRow to_row, const Args&... args) {
  auto prepared = connection.prepare(text);
  if (!prepared) return fail(prepared);
  StatementScope statement(**prepared);
  bind_all(*statement, args...);
  std::vector<RowOf<ToRow>> rows;
  for (;;) {
    const auto row = statement->step();
    if (!row) return fail(row);
    if (!*row) return rows;
    rows.push_back(to_row(*statement));
  }
}

// The first row, if any.
template <typename ToRow, typename... Args>
Result<std::optional<RowOf<ToRow>>> read_one(Connection& connection, std::string_view text,
                                             ToRow to_row, const Args&... args) {
  auto prepared = connection.prepare(text);
  if (!prepared) return fail(prepared);
  StatementScope statement(**prepared);
  bind_all(*statement, args...);
  const auto row = statement->step();
  if (!row) return fail(row);
  std::optional<RowOf<ToRow>> found;
  if (*row) found.emplace(to_row(*statement));
  return found;
}

// The first column of the first row, as a number.
template <typename... Args>
Result<std::optional<std::int64_t>> read_integer(Connection& connection, std::string_view text,
                                                 const Args&... args) {
  return read_one(
      connection, text, [](const Statement& row) { return row.integer(0); }, args...);
}

// Runs a statement that returns no rows.
template <typename... Args>
Result<void> write(Connection& connection, std::string_view text, const Args&... args) {
  auto prepared = connection.prepare(text);
  if (!prepared) return fail(prepared);
  bind_all(**prepared, args...);
  return (*prepared)->run();
}

}  // namespace chat::storage::sql
