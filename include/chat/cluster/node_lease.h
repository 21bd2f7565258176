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

// A node's lease (src/cluster/README.md): it tells the other servers of the same database that this
// one is alive and its users are really online.
//
// Every server on a database that others can use renews its row of the table `node`. A row counts
// as alive if it *changes* while an observer watches it without a break; clocks of two machines are
// never compared. So neither a database outage (nobody renews, nobody observes) nor a clock that
// jumps logs anyone out. A row that has not changed for kLease belongs to a server that is dead, or
// that knows it may be considered dead (held()):
//
// - Nodes of a cluster watch each other's rows. A dead node is swept: its epoch is raised and its
//   users are set offline. Users whose rows are locked at that moment stay stranded; every node
//   frees stranded users when it starts and whenever another node's life ends, until none are left.
// - A starting server checks the rows of conflicting servers (node_starter.h): those of its own
//   name, or of any name if one of the two has no bus. It starts only when they have ended or are
//   dead.
//
// A server that finds its own epoch raised must close its sessions and exit.
namespace chat::cluster {

// Events of the cluster's nodes. Called on the lease's thread, except from NodeLease::start().
class NodeListener {
 public:
  virtual ~NodeListener() = default;
  // Another node's life began or ended; it may not have published its last commits.
  virtual void on_nodes_changed() = 0;
  // We have set these users of a dead node, or of an earlier life of this one, offline.
  virtual void on_users_freed(std::vector<UserId> users) = 0;
  // The rows of the other nodes that are alive, each time they are read: about once a second.
  virtual void on_nodes_seen(const std::vector<storage::NodeRow>& /*living*/) {}
  // We have ended this life of another node, which may still run unaware. Repeated for a while.
  virtual void on_node_ended(const storage::Node& /*ended*/) {}
  // Another node has raised our epoch. Called once; the lease's thread then ends.
  virtual void on_lease_lost() = 0;
};

// Threading: held(), held_until(), note_ended(), set_mute() and others_mute() are thread-safe; the
// rest is externally synchronised. Uses its own thread and database connection, so that an
// exhausted pool cannot delay a renewal.
class NodeLease {
 public:
  static constexpr std::chrono::milliseconds kLease = kNodeLease;
  static constexpr std::chrono::milliseconds kRenewInterval{3'000};

  NodeLease(storage::Database& database, const base::Clock& clock)
      : database_(database), clock_(clock) {}
  ~NodeLease() { stop(); }

  // Begins a new life of the node of this name. kInvalidArgument: another server prevents it; the
  // message names it. Blocks for little more than kLease at most, unless the database is
  // unavailable.
  Result<storage::Node> begin(const NodeClaim& claim, const StartWait& wait = {});
  // Starts renewing. Calls the listener at once with the users that begin() has set offline.
  void start(NodeListener& listener);
  // Ends this life in good order. Call it after all users are released. Blocks.
  void stop();
  // True if no other server may use the database.
  bool alone() const { return alone_; }

  // False: the renewal is so late that other nodes may consider us dead. Write nothing then that
  // only the holder may write.
  bool held() const { return clock_.boot_now() < held_until(); }
  // By Clock::boot_now(), unless it is renewed.
  base::SteadyTime held_until() const;

  // Another node reports that it has ended our life. We trust it if we cannot check the table
  // ourselves, because our remaining sessions would conflict with newer ones.
  void note_ended();

  // Records in our row whether our bus is down: at once, or as soon as the database is available.
  void set_mute(bool mute);
  // True if the row of another living node says that its bus is down, as last read about a second
  // ago.
  bool others_mute() const { return others_mute_.load(std::memory_order_relaxed); }

 private:
  // Another node's row as of its last change.
  struct Seen {
    storage::NodeRow row;
    base::SteadyTime since;
  };

  // A sweep whose COMMIT was not answered, and the users that are offline if it took effect.
  struct DoubtfulSweep {
    storage::NodeRow dead;
    std::vector<UserId> users;
  };

  // A life of a node that we have ended.
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

  // confined to the thread
  std::unique_ptr<storage::Connection> connection_;
  std::unordered_map<NodeId, Seen> seen_;
  std::vector<DoubtfulSweep> doubtful_;
  std::vector<Ended> ended_;
  bool may_be_stranded_ = true;          // some user
  std::vector<UserId> perhaps_freed_{};  // if the unanswered COMMIT took effect
  base::SteadyTime looked_{};
  bool renewed_by_thread_ = false;
  bool mute_in_row_ = false;
  bool lost_ = false;
};

}  // namespace chat::cluster
