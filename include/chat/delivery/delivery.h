#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/delivery/entry.h"
#include "chat/delivery/typing.h"
#include "chat/session/loops.h"
#include "chat/session/registry.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

class Backlog;
class Recipients;
class UserNameCache;

// The environment of a Delivery. Everything here outlives it.
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

// Stores, pushes and confirms messages, and reports presence to users and nodes
// (src/delivery/README.md). Creates, starts and stops all parts of this room.
// Threading: start() and the stop functions are called by one thread, in this order; the rest is
// thread-safe.
class Delivery {
 public:
  explicit Delivery(DeliveryEnvironment environment);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // The bus is started before start(), the lease after it.
  cluster::BusListener& bus_listener();
  cluster::NodeListener& node_listener();

  // Precondition: loops and workers run. `node` owns the sessions to release; messages older than
  // `retention` are deleted (0 days: never).
  void start(const storage::Node& node, std::chrono::days retention);

  // Ends retention, resync and relaying. All stop functions may be called again.
  void stop_background();
  // Settles all appended entries. The workers must still run.
  void stop_journal();
  // Writes the remaining cursors and releases, and reports them. The workers must have ended.
  void stop_writers();

  // Stores the message, replies to it and pushes it, in order per sender. False: too many entries
  // are waiting; `entry` is untouched, and the call has blocked for a moment.
  [[nodiscard]] bool append(DirectEntry&& entry);
  [[nodiscard]] bool append(GroupEntry&& entry);

  // Pushes event rows that are stored, in the order of their seqs; `sender_name` is that of their
  // sender.
  void group_events(std::span<const storage::GroupMessage> events, std::string_view sender_name);
  // The same for one of a direct stream, to the recipient.
  void direct_event(const storage::DirectMessage& event, std::string_view sender_name);
  // The user has become a member of a group: its session, on any node, reads its streams.
  void streams_changed(UserId user);

  // Positions that follow from the users' own messages, in streams that have messages: are written
  // to the table soon, which tells the authors.
  void positions_found(const std::vector<storage::CursorMove>& moves);

  // A user is no longer a member of the group: receipts may have become complete.
  void member_left(GroupId group);

  // TYPING: false if the sender's limits drop it. Ask before anything is looked up.
  bool take_typing_turn(const Typing& typing);
  // Then: passed on if the sender may write to the chat, otherwise refused; not stored.
  void typing(TypingRequest&& request);

  // CONTACT and GROUP pushes, which are not stored: to the users online on any node, except
  // `about`.
  void event_to_user(UserId user, std::string json, UserId about);
  void event_to_group(GroupId group, std::string json, UserId about);

  // The user logged in or out: its friends are sent the state found in the table.
  void presence_changed(UserId user);
  // The same for friends that the table no longer lists.
  void presence_changed(std::span<const storage::Watch> watches);
  // What `one` or `other` accepts from others has changed in the tables: binds messages that are
  // stored from now on, on this node at once. Blocks until the journal's running batch is stored.
  // False if that takes too long: a change that forbids messages must not be acknowledged yet.
  bool contacts_changed(UserId one, UserId other = {});
  // The account was deleted: all nodes refuse messages to it from now on.
  void account_deleted(UserId user);

  // An operator has set the user offline with the session epoch `newer`: its sessions of older
  // epochs end, on any node, and its friends are sent its state.
  void sessions_ended(UserId user, SessionEpoch newer, const session::Ending& ending);
  // ANNOUNCEMENT, which is not stored: to everybody online on any node.
  void announce(std::string json);

  // True if no other node can have sessions.
  bool alone() const;
  // The user was claimed here, with this epoch, from a session on another node. Asks that session
  // to close; `then` is called once it is closed, or after a time-out.
  void take_over(UserId user, SessionEpoch epoch, base::Task then);
  // Reports that a session of this node has closed because a newer one has the user.
  void tell_gone(UserId user, SessionEpoch epoch);
  // Writes the user's cursors and sets it offline, then calls `then` with true if this was its
  // newest session. `then` must be quick.
  void release(UserId user, SessionEpoch epoch, std::function<void(bool newest)> then);

  Recipients& recipients();
  Backlog& backlog();
  UserNameCache& user_names();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace chat::delivery
