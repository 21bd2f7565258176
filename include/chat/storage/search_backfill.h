#pragma once

#include <cstddef>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/older_name_model.h"

namespace chat::storage {

// Adds the names to the search index that were stored before it existed, in transactions of bounded
// size. Each continues after the last id that an earlier one has read, so that filling may be
// interrupted at any point, repeated, and done by several servers at once.
// Threading: as its connection. Calls block.
class SearchBackfill {
 public:
  static constexpr std::size_t kRowsPerStep = 2000;

  explicit SearchBackfill(Connection& connection) : connection_(connection) {}

  enum class Progress { kMore, kFinished, kBusy };  // busy: another server is at it
  // One transaction. No other may be open.
  Result<Progress> step(NameKind kind);
  // All users and groups, except what another server is doing.
  Result<void> run();

 private:
  Result<Progress> read_some(NameKind kind);

  Connection& connection_;
};

}  // namespace chat::storage
