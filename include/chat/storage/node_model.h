#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// How a node's life begins.
struct NodeStart {
  std::string_view name{};
  bool alone = false;      // it runs without a bus: no other server may use the database
  bool exclusive = false;  // no other process can use the database: rows of others mean nothing
  std::string_view holder{};
  std::span<const NodeRow> dead{};  // not in the way, provided that they have not moved since
};
struct StartOutcome {
  Node node;
  std::optional<NodeRow> obstacle;  // nothing was written: this server is in the way
};

// Table `node`: which server process is which, which of its lives is the current one, and whether
// it still says so. Calls block.
class NodeModel {
 public:
  explicit NodeModel(Connection& connection) : connection_(connection) {}

  // In one transaction of its own, which runs after those of other starts: makes or finds the node,
  // and raises its epoch. The dead nodes that were in the way are ended likewise; a node without a
  // bus ends all others. Then sets the users of the ended lives offline, but for those whose rows
  // are locked: they are stranded. A row with our own `holder` is never in the way, so a start
  // whose outcome is unknown may be repeated.
  Result<StartOutcome> start(const NodeStart& start);
  // Prolongs the node's lease, by the database's clock. False: its epoch was taken.
  Result<bool> renew(const Node& node, std::chrono::milliseconds lease, bool mute);
  // The node's life ends in good order: what it did not release is free, and nobody sweeps it.
  Result<void> end(const Node& node);

  Result<std::vector<NodeRow>> all();
  // Whom the table gives to the node of this name, in whatever life of it.
  Result<std::vector<UserId>> users_of(std::string_view name);
  // Ends the life of a node that is taken for dead, in one transaction of its own: raises its epoch
  // and sets its users offline, but for those whose rows are locked: they are stranded; gives those
  // who are offline. Nothing: it has shown since that it lives.
  // When the outcome is unknown, `doubtful` is who may be offline by it.
  Result<std::optional<std::vector<UserId>>> sweep(const NodeRow& dead,
                                                   std::vector<UserId>* doubtful = nullptr);

  // Users of lives that have ended, who look as if they were online. In no order.
  Result<std::vector<UserId>> stranded();
  // Sets those offline whose rows nobody else has locked, in transactions of its own; calls `freed`
  // for each part of them. An error leaves the rest stranded; when the outcome of a part is
  // unknown, `doubtful` is who may be offline by it.
  Result<void> free_stranded(std::span<const UserId> users,
                             const std::function<void(std::vector<UserId>)>& freed,
                             std::vector<UserId>* doubtful = nullptr);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
