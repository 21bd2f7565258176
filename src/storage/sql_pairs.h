#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/sql.h"

namespace chat::storage::sql {

inline constexpr std::size_t kPairsPerStatement = 128;

// Runs a statement for the pairs, as often as it takes; `text_for(places)` is its text for so many
// pairs, a power of two of at most `at_once`. Free places are filled with zeros, which are no id
// and no seq.
template <typename Pair, typename TextFor, typename IdsOf, typename ToRow>
Result<std::vector<RowOf<ToRow>>> read_for_pairs(Connection& connection, TextFor text_for,
                                                 std::span<const Pair> pairs, IdsOf ids_of,
                                                 ToRow to_row,
                                                 std::size_t at_once = kPairsPerStatement) {
  std::vector<RowOf<ToRow>> rows;
  while (!pairs.empty()) {
    const auto part = pairs.first(std::min(pairs.size(), at_once));
    pairs = pairs.subspan(part.size());
    const std::size_t places = std::bit_ceil(part.size());
    auto prepared = connection.prepare(text_for(places));
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    for (std::size_t i = 0; i < places; ++i) {
      using Ids = decltype(ids_of(part.front()));
      auto parameter = static_cast<int>(i * std::tuple_size_v<Ids>);
      std::apply([&](const auto&... id) { (bind_one(*statement, parameter++, id), ...); },
                 i < part.size() ? ids_of(part[i]) : Ids{});
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

// All rows of "`head` WHERE (`condition`) OR (`condition`) …", each made by `to_row`.
// `ids_of(pair)` returns the two ids, or a tuple of more values. The pairs are index lookups,
// whereas a list of pairs would be a scan. If many pairs share their first id, see join_pairs().
template <typename Pair, typename IdsOf, typename ToRow>
Result<std::vector<RowOf<ToRow>>> read_pairs(Connection& connection, std::string_view head,
                                             std::string_view condition,
                                             std::span<const Pair> pairs, IdsOf ids_of,
                                             ToRow to_row) {
  const auto text_for = [head, condition](std::size_t places) {
    std::string text(head);
    for (std::size_t i = 0; i < places; ++i) {
      text.append(i == 0 ? " WHERE (" : " OR (").append(condition).append(")");
    }
    return text;
  };
  return read_for_pairs(connection, text_for, pairs, ids_of, to_row);
}

// All rows of "`columns` FROM (the pairs) p `joins`", where the pairs are p.a and p.b; a pair given
// twice has its rows twice. Where the conditions of read_pairs() share an id, as those of a group's
// members do, MariaDB may read all rows with that id. It did for a group of 200 that had the table
// for itself: 193 rows a statement.
template <typename Pair, typename IdsOf, typename ToRow>
Result<std::vector<RowOf<ToRow>>> join_pairs(Connection& connection, std::string_view columns,
                                             std::string_view joins, std::span<const Pair> pairs,
                                             IdsOf ids_of, ToRow to_row) {
  const auto text_for = [columns, joins](std::size_t places) {
    std::string text(columns);
    for (std::size_t i = 0; i < places; ++i) {
      text.append(i == 0 ? " FROM (SELECT ? AS a, ? AS b" : " UNION ALL SELECT ?, ?");
    }
    return text.append(") p ").append(joins);
  };
  return read_for_pairs(connection, text_for, pairs, ids_of, to_row);
}

}  // namespace chat::storage::sql
