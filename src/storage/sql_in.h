#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sql.h"

// Statements over lists of any length: "`head` (?, ?, …) `tail`". They are prepared for lengths
// that are powers of two; a list is padded with its last element, and a long one is split.
namespace chat::storage::sql {

inline constexpr std::size_t kIdsPerStatement = 256;

// Removes a first part from `ids`, prepares the statement for it and binds it from parameter
// `first` on.
template <typename IdType>
Result<Statement*> prepare_in(Connection& connection, std::string_view head,
                              std::span<const IdType>& ids, std::string_view tail, int first) {
  const auto part = ids.first(std::min(ids.size(), kIdsPerStatement));
  ids = ids.subspan(part.size());
  std::string text(head);
  for (std::size_t i = 0; i < std::bit_ceil(part.size()); ++i) text += i == 0 ? " (?" : ",?";
  text.append(") ").append(tail);
  auto prepared = connection.prepare(text);
  if (!prepared) return prepared;
  for (std::size_t i = 0; i < std::bit_ceil(part.size()); ++i) {
    bind_one(**prepared, first + static_cast<int>(i), part[std::min(i, part.size() - 1)]);
  }
  return prepared;
}

// All rows, each made by `to_row`; `args` are the parameters before the list.
template <typename IdType, typename ToRow, typename... Args>
Result<std::vector<RowOf<ToRow>>> read_in(Connection& connection, std::string_view head,
                                          std::span<const IdType> ids, std::string_view tail,
                                          ToRow to_row, const Args&... args) {
  std::vector<RowOf<ToRow>> rows;
  while (!ids.empty()) {
    auto prepared = prepare_in(connection, head, ids, tail, static_cast<int>(sizeof...(args)));
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    bind_all(*statement, args...);
    for (;;) {
      const auto row = statement->step();
      if (!row) return fail(row);
      if (!*row) break;
      rows.push_back(to_row(*statement));
    }
  }
  return rows;
}

// Runs a statement that returns no rows; `args` are the parameters before the list.
template <typename IdType, typename... Args>
Result<void> write_in(Connection& connection, std::string_view head, std::span<const IdType> ids,
                      const Args&... args) {
  while (!ids.empty()) {
    auto prepared = prepare_in(connection, head, ids, "", static_cast<int>(sizeof...(args)));
    if (!prepared) return fail(prepared);
    bind_all(**prepared, args...);
    if (auto done = (*prepared)->run(); !done) return done;
  }
  return {};
}

}  // namespace chat::storage::sql
