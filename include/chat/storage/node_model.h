#pragma once

#include <string_view>

#include "chat/base/result.h"
#include "chat/storage/connection.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `node`: which server process is which, and which of its lives is the current one.
class NodeModel {
 public:
  explicit NodeModel(Connection& connection) : connection_(connection) {}

  // In one transaction of its own: makes or finds the node, raises its epoch, and sets the users
  // of its earlier epochs offline. `alone` says that no other server can be on this database
  // (the SQLite file lock), so whoever is online was left by a dead process under whatever
  // name: all are set offline and all other nodes' epochs raised. Blocks.
  Result<Node> start(std::string_view name, bool alone);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
