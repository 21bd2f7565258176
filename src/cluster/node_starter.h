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

// Begins a node's life: waits until the rows of the table `node` show that no other server is in
// its way, or says in a sentence which one is.
//
// In the way is whoever has our name, whoever runs without a bus, and for a server without a bus
// everybody. A row is out of the way when its life has ended in good order, when its process was on
// this machine and is gone, or when it has not moved for a whole lease while we watched: no clock
// of another machine is compared with ours. What was found to be dead is ended in the transaction
// that begins our life, provided that it still has not moved. Such transactions run one after the
// other (ClusterModel::serialise_start), so of two servers that start at once exactly one succeeds.
// Threading: externally synchronised. Blocks.
class NodeStarter {
 public:
  NodeStarter(storage::Database& database, const base::Clock& clock, const NodeClaim& claim,
              const StartWait& wait);

  struct Started {
    storage::Node node;
    base::SteadyTime began;            // by boot_now(), before the row was written
    std::vector<UserId> freed;         // of earlier lives
    std::vector<storage::Node> ended;  // lives that were in the way, and may run on and not know it
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
  const std::string mark_;  // of this process, for this start
  std::unique_ptr<storage::Connection> connection_;
  std::vector<storage::NodeRow> dead_;        // as they were when they stood still
  std::optional<storage::NodeRow> obstacle_;  // of the last attempt
  std::vector<UserId> freed_;                 // by all attempts: which one took effect is not known
};

}  // namespace chat::cluster
