#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/delivery/entry.h"
#include "chat/session/loops.h"
#include "chat/session/registry.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

class Backlog;
class Recipients;
class UserNameCache;

// What delivery works with. Everything here outlives the Delivery.
struct DeliveryEnvironment {
  session::Loops& loops;
  session::Registry& registry;
  storage::Database& database;
  storage::Pool& pool;
  cluster::Bus& bus;
  cluster::NodeLease& lease;
  base::WorkerPool& workers;
  base::WorkerPool& blocking_workers;
  const base::Clock& clock;
  std::function<void()> on_lease_lost;  // called on the lease's thread
};

// Stores messages, pushes them and confirms them, and tells users and nodes of each other's coming
// and going (src/delivery/README.md). The only owner of this room's parts: makes them, starts them
// and stops them.
// Threading: start() and the stop functions by one thread, in the order in which they stand here;
// the rest is thread-safe.
class Delivery {
 public:
  explicit Delivery(DeliveryEnvironment environment);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // The bus starts before start(), the lease after it.
  cluster::BusListener& bus_listener();
  cluster::NodeListener& node_listener();

  // The loops and the workers run. `node` is whose sessions are released; messages older than
  // `retention` are deleted, 0 days: none.
  void start(const storage::Node& node, std::chrono::days retention);

  // All of them may be called again. Deletes, compares and relays nothing any more.
  void stop_background();
  // Settles what was appended. The workers still run.
  void stop_journal();
  // Writes cursors and releases and tells what follows from them. The workers have ended.
  void stop_writers();

  // Stores the message, answers it and pushes it, each sender's in the order of their appending.
  // False: too many are waiting, and the entry is untouched. Blocks for a moment in that case.
  [[nodiscard]] bool append(DirectEntry&& entry);
  [[nodiscard]] bool append(GroupEntry&& entry);

  // CONTACT and GROUP pushes, which are not stored: to the users who are online on any node, except
  // the one whom they are about.
  void event_to_user(UserId user, std::string json, UserId about);
  void event_to_group(GroupId group, std::string json, UserId about);

  // The user came or went: its friends are told the state that the table has.
  void presence_changed(UserId user);
  // The same for friends whom the table does not name any more.
  void presence_changed(std::span<const storage::Watch> watches);
  // The account was deleted: no node takes a message to it any longer.
  void account_deleted(UserId user);

  // No other node can have sessions.
  bool alone() const;
  // The user was claimed here, with this epoch, from a session on another node. Tells that session
  // to go; `then` is called once it is gone, or does not answer in time.
  void take_over(UserId user, SessionEpoch epoch, base::Task then);
  // A session of this node is gone because a newer one has the user.
  void tell_gone(UserId user, SessionEpoch epoch);
  // Writes the user's cursors and sets it offline, then tells `then` whether this was its newest
  // session. `then` must be quick.
  void release(UserId user, SessionEpoch epoch, std::function<void(bool newest)> then);

  Recipients& recipients();
  Backlog& backlog();
  UserNameCache& user_names();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace chat::delivery
