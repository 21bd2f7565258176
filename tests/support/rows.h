#pragma once

#include <vector>

#include "chat/storage/values.h"

namespace chat::test {

// The rows as storage takes them; they must outlive what is returned.
inline std::vector<const storage::DirectMessage*> pointers_to(
    const std::vector<storage::DirectMessage>& rows) {
  std::vector<const storage::DirectMessage*> pointers;
  pointers.reserve(rows.size());
  for (const storage::DirectMessage& row : rows) pointers.push_back(&row);
  return pointers;
}

}  // namespace chat::test
