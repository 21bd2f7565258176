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

namespace chat::storage::sql {

inline constexpr std::size_t kPairsPerStatement = 128;

// All rows of "`head` WHERE (`condition`) OR (`condition`) …", each made by `to_row`. The pairs
// are index lookups; a list of pairs would be a scan. Prepared for counts that are powers of two.
// `ids_of(pair)` returns the two ids.
template <typename Pair, typename IdsOf, typename ToRow>
Result<std::vector<RowOf<ToRow>>> read_pairs(Connection& connection, std::string_view head,
                                             std::string_view condition,
                                             std::span<const Pair> pairs, IdsOf ids_of,
                                             ToRow to_row) {
  std::vector<RowOf<ToRow>> rows;
  while (!pairs.empty()) {
    const auto part = pairs.first(std::min(pairs.size(), kPairsPerStatement));
    pairs = pairs.subspan(part.size());
    const std::size_t places = std::bit_ceil(part.size());
    std::string text(head);
    for (std::size_t i = 0; i < places; ++i) {
      text.append(i == 0 ? " WHERE (" : " OR (").append(condition).append(")");
    }
    auto prepared = connection.prepare(text);
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    for (std::size_t i = 0; i < places; ++i) {
      const auto [one, other] = ids_of(part[std::min(i, part.size() - 1)]);
      bind_one(*statement, static_cast<int>(2 * i), one);
      bind_one(*statement, static_cast<int>(2 * i + 1), other);
    }
    for (;;) {
      const auto row = statement->step();
      if (!row) return fail(row);
      if (!*row) break;
      rows.push_back(to_row(*statement));
    }
  }
  return rows;
}

}  // namespace chat::storage::sql
