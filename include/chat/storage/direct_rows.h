#pragma once

#include <span>
#include <tuple>
#include <vector>

#include "chat/storage/values.h"

namespace chat::storage {

// Rows that stay where they are. The journal has them in its entries: as copies they cost
// allocations, and moves while they are sorted.
using DirectRows = std::span<const DirectMessage* const>;

// By recipient, sender and seq, as the table is.
inline bool in_key_order(const DirectMessage* a, const DirectMessage* b) {
  return std::tie(a->recipient, a->sender, a->seq) < std::tie(b->recipient, b->sender, b->seq);
}

// For rows that are in nobody's entries; they must outlive what is returned.
inline std::vector<const DirectMessage*> pointers_to(const std::vector<DirectMessage>& rows) {
  std::vector<const DirectMessage*> pointers;
  pointers.reserve(rows.size());
  for (const DirectMessage& row : rows) pointers.push_back(&row);
  return pointers;
}

}  // namespace chat::storage
