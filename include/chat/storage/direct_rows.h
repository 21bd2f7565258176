#pragma once

#include <span>
#include <tuple>
#include <vector>

#include "chat/storage/values.h"

namespace chat::storage {

// Pointers to rows, which stay in the journal's entries: copies would cost allocations, and moves
// when sorted.
using DirectRows = std::span<const DirectMessage* const>;

// By recipient, sender and seq, like the table's primary key.
inline bool in_key_order(const DirectMessage* a, const DirectMessage* b) {
  return std::tie(a->recipient, a->sender, a->seq) < std::tie(b->recipient, b->sender, b->seq);
}

// For rows outside the journal; `rows` must outlive the result.
inline std::vector<const DirectMessage*> pointers_to(const std::vector<DirectMessage>& rows) {
  std::vector<const DirectMessage*> pointers;
  pointers.reserve(rows.size());
  for (const DirectMessage& row : rows) pointers.push_back(&row);
  return pointers;
}

}  // namespace chat::storage
