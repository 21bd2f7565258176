#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/connection.h"
#include "chat/storage/values.h"

namespace chat::storage {

// Table `node`: which server process is which, which of its lives is the current one, and whether
// it still says so. Calls block.
class NodeModel {
 public:
  explicit NodeModel(Connection& connection) : connection_(connection) {}

  // In one transaction of its own: makes or finds the node, raises its epoch, and sets the users
  // of its earlier epochs offline. `alone` says that no other server can be on this database
  // (the SQLite file lock), so whoever is online was left by a dead process under whatever
  // name: all are set offline and all other nodes' epochs raised.
  Result<Node> start(std::string_view name, bool alone);
  // Prolongs the node's lease, by the database's clock. False: its epoch was taken.
  Result<bool> renew(const Node& node, std::chrono::milliseconds lease, bool mute);
  // The node's life ends in good order: what it did not release is free, and nobody sweeps it.
  Result<void> end(const Node& node);

  Result<std::vector<NodeRow>> all();
  // Ends the life of a node that is taken for dead, in one transaction of its own: raises its epoch
  // and sets its users offline; gives them. Nothing: it has shown since that it lives.
  // When the outcome is unknown, `doubtful` is who may be offline by it.
  Result<std::optional<std::vector<UserId>>> sweep(const NodeRow& dead,
                                                   std::vector<UserId>* doubtful = nullptr);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
