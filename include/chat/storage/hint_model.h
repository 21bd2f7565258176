#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `nodehint`: each node's recent hints, for nodes that the bus does not reach.
// Threading: as its connection. Calls block.
class HintModel {
 public:
  explicit HintModel(Connection& connection) : connection_(connection) {}

  // Replaces the node's previous hints. `number` must grow with each call.
  Result<void> write(const Node& node, std::int64_t number, std::string_view hints);
  // The hints of this life of the node, if their number is above `after`.
  Result<std::optional<std::string>> read(const Node& node, std::int64_t after);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
