#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `nodehint`: what each node told the others lately, for those that the bus does not reach.
// Threading: as its connection. Calls block.
class HintModel {
 public:
  explicit HintModel(Connection& connection) : connection_(connection) {}

  // Takes the place of what the node wrote before. `number` grows with each call.
  Result<void> write(const Node& node, std::int64_t number, std::string_view hints);
  // What this life of the node wrote, if its number is above `after`.
  Result<std::optional<std::string>> read(const Node& node, std::int64_t after);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
