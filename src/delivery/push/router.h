#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/cluster/bus.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/typing.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/session/loops.h"
#include "chat/session/registry.h"
#include "delivery/events/bus_health.h"
#include "delivery/events/envelope.h"
#include "delivery/events/hint_relay.h"
#include "delivery/journal/journal.h"
#include "delivery/push/takeover_waiter.h"

namespace chat::delivery {

// The audience of an event.
enum class Reach {
  kCluster,   // users on all nodes
  kThisNode,  // users on this node; the other nodes find out by themselves
};

// `recipient` has received the stream from `sender` up to `seq`.
struct DirectReceipt {
  UserId sender;
  UserId recipient;
  ReceiptKind kind;
  Seq seq;
};

// Receives events of other nodes that must be confirmed by the table, because they may arrive late.
class ToldListener {
 public:
  virtual ~ToldListener() = default;
  virtual void on_presence_told(const storage::Watch& watch) = 0;
  // kUserEvent, kGroupEvent or kAccountDeleted.
  virtual void on_event_told(const Hint& event) = 0;
};

// Dispatches the entries settled by the journal: the ack to the sender, the push to the recipient's
// session on this node or otherwise to the bus; a group message to every loop and once to the bus.
// Each loop gets one post per batch.
// Threading: thread-safe.
class Router final : public JournalListener {
 public:
  Router(session::Loops& loops, session::Registry& registry, Recipients& recipients,
         TakeoverWaiter& takeovers, BusHealth& health, HintRelay& hints, UserNameCache& user_names,
         cluster::Bus& bus)
      : loops_(loops),
        registry_(registry),
        recipients_(recipients),
        takeovers_(takeovers),
        health_(health),
        hints_(hints),
        user_names_(user_names),
        bus_(bus),
        marks_(first_mark()) {}

  // Call both before the bus starts.
  void set_told_listener(ToldListener* listener) { told_ = listener; }
  // Called with users whose session here may be older than the user's row (Resync::suspect).
  void set_suspect_listener(std::function<void(UserId)> listener) {
    suspect_ = std::move(listener);
  }

  // No other node can have sessions.
  bool alone() const { return bus_.alone(); }

  void on_direct_settled(std::vector<DirectEntry> entries) override;
  void on_group_settled(std::vector<GroupEntry> entries) override;
  // Handles a message of another node.
  void on_bus_message(const cluster::BusMessage& message);

  // Event rows that are stored: to the members, `sender_name` being that of their sender.
  void group_events(std::span<const storage::GroupMessage> events, std::string_view sender_name);
  // The same for one of a direct stream, to the recipient.
  void direct_event(const storage::DirectMessage& event, std::string_view sender_name);
  // The user has become a member of a group: its session, on any node, reads its streams.
  void streams_changed(UserId user);
  // CONTACT and GROUP pushes, which are not stored: to online users, except `about`.
  void event_to_user(UserId user, std::string json, UserId about);
  void event_to_group(GroupId group, std::string json, UserId about);

  // TYPING pushes, which are not stored. A group with more than kTypingOnlineMax members online on
  // a node gets none there.
  static constexpr std::size_t kTypingOnlineMax = 50;
  void typing(const Typing& typing, Reach reach);

  // The same event from another node; passed to the ToldListener when it first arrives.
  void event_elsewhere(const Hint& hint);
  // Sends the event to the users of this node.
  void event_here(const Hint& hint);

  // PRESENCE pushes: sends each watcher the state of the watched user.
  void presence(std::span<const storage::Watch> watches,
                const std::unordered_map<UserId, bool>& online, Reach reach = Reach::kCluster);

  // The user was claimed here, with this epoch, from a session on another node. Asks that session
  // to close; `then` is called once it is closed, or after a time-out (TakeoverWaiter).
  void take_over(UserId user, SessionEpoch epoch, base::Task then);
  // Reports that a session of this node has closed because a newer one has the user.
  void tell_gone(UserId user, SessionEpoch epoch);

  // The account was deleted: all nodes refuse messages to it from now on.
  void account_deleted(UserId user);
  // The same, reported by another node.
  void deleted_elsewhere(UserId user);
  // Evicts the session of a deleted account.
  void evict_deleted(UserId user);

  // An operator has ended the user's sessions, all older than `newer`: evicts one of this node, and
  // asks the other nodes to compare theirs with the table.
  void sessions_ended(UserId user, SessionEpoch newer, const session::Ending& ending);
  // ANNOUNCEMENT, which is not stored: to everybody online on any node.
  void announce(std::string json);

  // This node has ended a life of another node, which may still run without the database.
  void node_ended(const storage::Node& node);

  // RECEIPT pushes to senders whose sessions acknowledge.
  void receipts_to_users(std::span<const DirectReceipt> receipts, Reach reach);
  // RECEIPT to members who have written to the group: all others have received it up to `seq`.
  void receipt_to_group(GroupId group, UserId except, ReceiptKind kind, Seq seq, Reach reach);
  void receipt_to_writer(UserId user, GroupId group, ReceiptKind kind, Seq seq, Reach reach);
  // True if the user has a session on this node.
  bool is_here(UserId user) const { return registry_.find(user) != nullptr; }

 private:
  static std::int64_t first_mark();
  struct LoopBatch;
  class Outgoing;

  template <typename EntryType>
  void suspect_senders(const std::vector<EntryType>& entries);
  void handle(UserId user, const TakeoverEnvelope& takeover);
  void deliver(const cluster::BusMessage& message, const Push& push);
  void take_event(const cluster::Channel& channel, const EventEnvelope& event);
  void to_user(UserId user, EventEnvelope event, Reach reach);
  void to_group(GroupId group, const EventEnvelope& event, Reach reach);
  void announce_here(const std::string& json);
  void publish_typing(const Typing& typing);
  void typing_to_user(const Typing& typing, Reach reach);
  void typing_in_group(const Typing& typing, Reach reach);
  bool publishes(Reach reach) const { return reach == Reach::kCluster && !bus_.alone(); }
  std::int64_t next_mark() { return marks_.fetch_add(1, std::memory_order_relaxed); }
  void local_event_to_user(UserId user, EventEnvelope event);
  void local_event_to_group(GroupId group, const EventEnvelope& event);

  session::Loops& loops_;
  session::Registry& registry_;
  Recipients& recipients_;
  TakeoverWaiter& takeovers_;
  BusHealth& health_;
  HintRelay& hints_;
  UserNameCache& user_names_;
  cluster::Bus& bus_;
  std::atomic<std::int64_t> marks_;  // begins at random, because two nodes may send the same push
  // Fixed before the bus starts.
  ToldListener* told_ = nullptr;
  std::function<void(UserId)> suspect_ = [](UserId) {};
};

}  // namespace chat::delivery
