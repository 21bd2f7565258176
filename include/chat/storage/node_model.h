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

// The start of a node's life.
struct NodeStart {
  std::string_view name{};
  bool alone = false;      // it has no bus: no other server may use the database
  bool exclusive = false;  // no other process can use the database: other rows mean nothing
  std::string_view holder{};
  std::span<const NodeRow> dead{};  // observed as dead; ignored if their rows are unchanged
};
struct StartOutcome {
  Node node;
  std::optional<NodeRow> obstacle;  // if set, nothing was written: this server prevents the start
};

// Table `node`: the server processes, their current lives and leases. Calls block.
class NodeModel {
 public:
  explicit NodeModel(Connection& connection) : connection_(connection) {}

  // In one transaction of its own, serialised with those of other starts: creates or finds the node
  // and raises its epoch. Also ends the dead nodes that conflicted; a node without a bus ends all
  // others. Then sets the users of the ended lives offline, except those whose rows are locked, who
  // stay stranded. A row with our own `holder` is no conflict, so a start whose outcome is unknown
  // may be repeated.
  Result<StartOutcome> start(const NodeStart& start);
  // Renews the node's lease, by the database's clock. False: its epoch was raised by another node.
  Result<bool> renew(const Node& node, std::chrono::milliseconds lease, bool mute);
  // Ends the node's life in good order: its remaining users are free, and it is not swept.
  Result<void> end(const Node& node);

  Result<std::vector<NodeRow>> all();
  // The users that the table assigns to any life of the node of this name.
  Result<std::vector<UserId>> users_of(std::string_view name);
  // Ends the life of a dead node, in one transaction of its own: raises its epoch and sets its
  // users offline, except those whose rows are locked, who stay stranded. Returns the users set
  // offline, or nothing if the row has changed since: the node is alive. If the outcome is unknown,
  // `doubtful` gets the users that may be offline.
  Result<std::optional<std::vector<UserId>>> sweep(const NodeRow& dead,
                                                   std::vector<UserId>* doubtful = nullptr);

  // Users marked online on lives that have ended, in no order.
  Result<std::vector<UserId>> stranded();
  // Sets the users offline whose rows are not locked, in transactions of its own; calls `freed` for
  // each batch. An error leaves the rest stranded; if the outcome of a batch is unknown, `doubtful`
  // gets the users that may be offline.
  Result<void> free_stranded(std::span<const UserId> users,
                             const std::function<void(std::vector<UserId>)>& freed,
                             std::vector<UserId>* doubtful = nullptr);

 private:
  Connection& connection_;
};

}  // namespace chat::storage
