#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/cluster/node_claim.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::cluster {

// Begins a node's life: waits until the rows of the table `node` show no conflicting server, or
// fails with a sentence that names one.
//
// Conflicts are a server of the same name, a server without a bus and, for a server without a bus,
// every other one. A conflict ends when that life has ended in good order, when its process was on
// this machine and is gone, or when its row has not changed for a whole lease while we watched; the
// clocks of two machines are never compared. Dead nodes are ended in the transaction that begins
// our life, if their rows are still unchanged. These transactions are serialised
// (ClusterModel::serialise_start), so of two servers that start at once exactly one succeeds.
// Threading: externally synchronised. Blocks.
class NodeStarter {
 public:
  NodeStarter(storage::Database& database, const base::Clock& clock, const NodeClaim& claim,
              const StartWait& wait);

  struct Started {
    storage::Node node;
    base::SteadyTime began;            // by boot_now(), before the row was written
    std::vector<UserId> freed;         // of earlier lives
    std::vector<storage::Node> ended;  // conflicting lives, which may still run unaware
  };
  Result<Started> run();

 private:
  Result<storage::Node> attempt();
  Started started(const storage::Node& node, base::SteadyTime began);
  Result<void> clear(const storage::NodeRow& obstacle);
  Result<void> watch(const storage::NodeRow& obstacle);
  Result<storage::NodeRow> read(NodeId id);
  Result<storage::Connection*> connection();
  bool rest() const;
  Error refusal(const storage::NodeRow& holder) const;
  void say_that_we_wait(const storage::NodeRow& obstacle) const;

  storage::Database& database_;
  const base::Clock& clock_;
  const NodeClaim& claim_;
  const StartWait& wait_;
  const std::string mark_;  // unique to this process and start
  std::unique_ptr<storage::Connection> connection_;
  std::vector<storage::NodeRow> dead_;        // their rows when found dead
  std::optional<storage::NodeRow> obstacle_;  // of the last attempt
  std::vector<UserId> freed_;                 // by all attempts, as any may have taken effect
};

}  // namespace chat::cluster
