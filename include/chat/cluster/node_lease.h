#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/cluster/node_claim.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

// A node's lease (src/cluster/README.md): the sign by which other servers of the
// same database know that this one runs and that its users are really there.
//
// Every server on a database that others can use renews its row of the table `node`. What counts is
// whether a row *moves* while somebody watches it without a break; no clocks of two machines are
// compared. So neither an outage of the database (nobody looks, nobody moves) nor a clock that
// jumps logs anyone out. A row that has not moved for kLease belongs to a server that is dead, or
// that knows that it may be taken for dead (held()):
//
// - Nodes of a cluster look at each other's rows. A dead one is swept: its epoch is raised and its
//   users are offline. Those whose rows somebody else has locked are stranded; every node frees
//   whom it finds stranded when it starts and whenever another's life ends, until nobody is.
// - A server that starts looks at the rows of those in its way (node_starter.h): of its name, or,
//   where one of the two has no bus, of any name. It begins only when they have ended or are dead.
//
// A server that finds its own epoch raised must let its sessions go and end.
namespace chat::cluster {

// What happens around a node. Called on the lease's thread, but for what NodeLease::start() tells.
class NodeListener {
 public:
  virtual ~NodeListener() = default;
  // Another node's life began or ended: what it committed last it may not have published.
  virtual void on_nodes_changed() = 0;
  // Users of a dead node or of an earlier life of ours, offline by our hand.
  virtual void on_users_freed(std::vector<UserId> users) = 0;
  // The rows of the other nodes that are alive, each time they are read: about once a second.
  virtual void on_nodes_seen(const std::vector<storage::NodeRow>& /*living*/) {}
  // We have ended this life of another node, which may run on and not know it. Repeated for a
  // while.
  virtual void on_node_ended(const storage::Node& /*ended*/) {}
  // Our epoch was taken. Once; the lease's thread has ended its work.
  virtual void on_lease_lost() = 0;
};

// Threading: held(), note_ended(), set_mute() and others_mute() are thread-safe; the rest is
// externally synchronised. Has a thread and a database connection of its own, so that no full pool
// keeps it from renewing.
class NodeLease {
 public:
  static constexpr std::chrono::milliseconds kLease = kNodeLease;
  static constexpr std::chrono::milliseconds kRenewInterval{3'000};

  NodeLease(storage::Database& database, const base::Clock& clock)
      : database_(database), clock_(clock) {}
  ~NodeLease() { stop(); }

  // Begins a new life of the node of this name. kInvalidArgument: another server is in the way; the
  // sentence says which. Blocks, for a little longer than kLease at most unless the database is
  // away.
  Result<storage::Node> begin(const NodeClaim& claim, const StartWait& wait = {});
  // Renews from now on. The listener is told at once whom begin() has set offline.
  void start(NodeListener& listener);
  // Ends the life in good order. Call when the users are released. Blocks.
  void stop();
  // Whether no other server may use the database.
  bool alone() const { return alone_; }

  // False: so late with renewing that the others may have taken us for dead. Nothing that only the
  // holder may write must be written then.
  bool held() const;

  // Another node says that it has ended our life. We believe it where we can't look ourselves: the
  // sessions that are left here are in the way of newer ones.
  void note_ended();

  // Whether our bus is down. The row says so at once, or as soon as the database takes it.
  void set_mute(bool mute);
  // Another living node's row says that its bus is down. As of the last look, about once a second.
  bool others_mute() const { return others_mute_.load(std::memory_order_relaxed); }

 private:
  // Another node's row as it was when it last moved.
  struct Seen {
    storage::NodeRow row;
    base::SteadyTime since;
  };

  // A sweep whose COMMIT was not answered, and who is offline if it has taken effect.
  struct DoubtfulSweep {
    storage::NodeRow dead;
    std::vector<UserId> users;
  };

  // A life that we have ended, and when.
  struct Ended {
    storage::Node node;
    base::SteadyTime at;
  };

  void work();
  Result<void> renew();
  bool renewal_due() const;
  Result<void> look();
  bool note(const storage::NodeRow& row);
  void tell_living();
  Result<void> sweep_dead();
  Result<void> settle_sweeps();
  void swept(const storage::NodeRow& dead, std::vector<UserId> users);
  void tell_ended();
  Result<void> free_stranded();
  Result<storage::Connection*> connection();
  void note_break();

  storage::Database& database_;
  const base::Clock& clock_;
  storage::Node node_;  // fixed after begin()
  bool alone_ = true;   // likewise, and so are these
  bool exclusive_ = true;
  bool begun_ = false;
  NodeListener* listener_ = nullptr;
  std::vector<UserId> freed_;  // by begin()
  std::atomic<base::SteadyTime> renewed_{base::SteadyTime{}};
  std::atomic<bool> told_ended_{false};
  std::atomic<bool> mute_{false};
  std::atomic<bool> others_mute_{false};
  base::StopSignal stop_;
  base::Thread thread_;

  // the thread's
  std::unique_ptr<storage::Connection> connection_;
  std::unordered_map<NodeId, Seen> seen_;
  std::vector<DoubtfulSweep> doubtful_;
  std::vector<Ended> ended_;
  bool may_be_stranded_ = true;          // somebody
  std::vector<UserId> perhaps_freed_{};  // the answer to a COMMIT was lost
  base::SteadyTime looked_{};
  bool renewed_by_thread_ = false;
  bool mute_in_row_ = false;
  bool lost_ = false;
};

}  // namespace chat::cluster
