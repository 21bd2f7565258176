#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/connection.h"
#include "chat/storage/values.h"

// A node's lease (design: "presence and the one session"): the sign by which the others know that
// its users are really there.
//
// Every node renews its row of the table `node` and looks at the others' rows. What counts is
// whether a row *moves* while one watches: a row that has not moved for kLease, seen by a node that
// has itself renewed and looked without a break for as long, is taken for dead and swept: its
// epoch is raised, its users are offline, its database connections are cut. So neither an outage
// of the database (nobody looks, nobody moves) nor a clock that jumps logs anyone out. A node that
// finds its own epoch raised has been taken for dead, or another process goes by its name: it must
// let its sessions go and end.
namespace chat::cluster {

// What happens around a node. Called on the lease's thread.
class NodeListener {
 public:
  virtual ~NodeListener() = default;
  // Another node's life began or ended: what it committed last it may not have published.
  virtual void on_nodes_changed() = 0;
  // A dead node's users, offline by our hand.
  virtual void on_users_freed(std::vector<UserId> users) = 0;
  // The rows of the other nodes that are alive, each time they are read: about once a second.
  virtual void on_nodes_seen(const std::vector<storage::NodeRow>& /*living*/) {}
  // Our epoch was taken. Once; the lease's thread has ended its work.
  virtual void on_lease_lost() = 0;
};

// Threading: held(), set_mute() and others_mute() are thread-safe; the rest is externally
// synchronised. Has a thread and a database connection of its own, so that no full pool keeps it
// from renewing.
class NodeLease {
 public:
  static constexpr std::chrono::milliseconds kLease{10'000};
  static constexpr std::chrono::milliseconds kRenewInterval{3'000};

  NodeLease(storage::Database& database, const base::Clock& clock)
      : database_(database), clock_(clock) {}
  ~NodeLease() { stop(); }

  // Begins a new life of the node of this name. `alone`: there are no others; the lease needs no
  // renewing then. Blocks.
  Result<storage::Node> begin(std::string_view name, bool alone);
  // Renews from now on.
  void start(NodeListener& listener);
  // Ends the life in good order. Call when the users are released. Blocks.
  void stop();

  // False: so late with renewing that the others may have taken us for dead. Nothing that only the
  // holder may write must be written then.
  bool held() const;

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

  void work();
  Result<void> renew();
  bool renewal_due() const;
  Result<void> look();
  bool note(const storage::NodeRow& row);
  void tell_living();
  Result<void> sweep_dead();
  Result<void> settle_sweeps();
  Result<storage::Connection*> connection();
  void note_break();

  storage::Database& database_;
  const base::Clock& clock_;
  storage::Node node_;  // fixed after begin()
  bool alone_ = true;   // likewise
  NodeListener* listener_ = nullptr;
  std::atomic<base::SteadyTime> renewed_{base::SteadyTime{}};
  std::atomic<bool> mute_{false};
  std::atomic<bool> others_mute_{false};
  base::StopSignal stop_;
  base::Thread thread_;

  // the thread's
  std::unique_ptr<storage::Connection> connection_;
  std::unordered_map<NodeId, Seen> seen_;
  std::vector<DoubtfulSweep> doubtful_;
  base::SteadyTime looked_{};
  bool mute_in_row_ = false;
  bool lost_ = false;
};

}  // namespace chat::cluster
