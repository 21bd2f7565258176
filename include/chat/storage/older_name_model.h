#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

enum class NameKind { kUser, kGroup };

// Table `oldername`: the present keys of names that were stored when invisible characters still
// counted. New names are compared with these too. Threading: as its connection. Calls block.
class OlderNameModel {
 public:
  explicit OlderNameModel(Connection& connection) : connection_(connection) {}

  // Adds the missing keys. Continues after the last id that an earlier call has read, in
  // transactions of bounded size; may be interrupted at any point, repeated, and run by several
  // servers at once. No transaction may be open.
  Result<void> gather();

  // The id of the first holder of a name with this key.
  Result<std::optional<std::int64_t>> holder(NameKind kind, std::string_view key);
  Result<void> forget(NameKind kind, std::int64_t holder);

 private:
  Result<void> gather(NameKind kind);
  // Reads the next ids up to `last`; true if none are left.
  Result<bool> gather_some(NameKind kind, std::int64_t last);

  Connection& connection_;
};

}  // namespace chat::storage
