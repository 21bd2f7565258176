#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/cluster/bus.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/session/loops.h"
#include "chat/session/registry.h"
#include "delivery/events/bus_health.h"
#include "delivery/events/envelope.h"
#include "delivery/events/hint_relay.h"
#include "delivery/journal/journal.h"
#include "delivery/push/takeover_waiter.h"

namespace chat::delivery {

// Whom something is told that is no message.
enum class Reach {
  kCluster,   // users on all nodes
  kThisNode,  // users whose session is here; the other nodes find it out for themselves
};

// `recipient` has everything of its stream from `sender` up to `seq`.
struct DirectReceipt {
  UserId sender;
  UserId recipient;
  ReceiptKind kind;
  Seq seq;
};

// Takes what other nodes have told and only the table can confirm: a hint may come late.
class ToldListener {
 public:
  virtual ~ToldListener() = default;
  virtual void on_presence_told(const storage::Watch& watch) = 0;
  // kUserEvent, kGroupEvent or kAccountDeleted.
  virtual void on_event_told(const Hint& event) = 0;
};

// Takes what the journal has settled to where it must go: the ack to the sender, the push to
// the recipient's session on this node or else to the bus; a group's message to every loop and
// once to the bus. Everything for one loop travels in one post per batch.
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
        bus_(bus) {}

  // Before anything comes from the bus.
  void set_told_listener(ToldListener* listener) { told_ = listener; }

  // No other node can have sessions.
  bool alone() const { return bus_.alone(); }

  void on_direct_settled(std::vector<DirectEntry> entries) override;
  void on_group_settled(std::vector<GroupEntry> entries) override;
  // What another node has published.
  void on_bus_message(const cluster::BusMessage& message);

  // CONTACT and GROUP pushes, which are not stored: to whoever is online, but to the user whom they
  // are about.
  void event_to_user(UserId user, std::string json, UserId about);
  void event_to_group(GroupId group, std::string json, UserId about);

  // The same, when another node has told it: goes to the ToldListener the first time it comes.
  void event_elsewhere(const Hint& hint);
  // To the users of this node.
  void event_here(const Hint& hint);

  // PRESENCE pushes: each watcher is told the state of whom it watches.
  void presence(std::span<const storage::Watch> watches,
                const std::unordered_map<UserId, bool>& online, Reach reach = Reach::kCluster);

  // The user was claimed here, with this epoch, from a session on another node. Tells that session
  // to go; `then` is called once it is gone, or does not answer (TakeoverWaiter).
  void take_over(UserId user, SessionEpoch epoch, base::Task then);
  // A session of this node is gone because a newer one has the user.
  void tell_gone(UserId user, SessionEpoch epoch);

  // The account is no more: no node takes a message to it any longer.
  void account_deleted(UserId user);
  // Likewise, when another node says that it has deleted it.
  void deleted_elsewhere(UserId user);
  // It is deleted, so nobody is logged in with it.
  void evict_deleted(UserId user);

  // This node has ended a life of another one, which may run on without the database.
  void node_ended(const storage::Node& node);

  // RECEIPT pushes: to senders whose sessions acknowledge.
  void receipts_to_users(std::span<const DirectReceipt> receipts, Reach reach);
  // All other members have the group's messages up to `seq`; to members who have written there.
  void receipt_to_group(GroupId group, UserId except, ReceiptKind kind, Seq seq, Reach reach);
  void receipt_to_writer(UserId user, GroupId group, ReceiptKind kind, Seq seq, Reach reach);
  // The user has a session on this node.
  bool is_here(UserId user) const { return registry_.find(user) != nullptr; }

 private:
  struct LoopBatch;
  class Outgoing;

  template <typename EntryType>
  void evict_taken_over(const std::vector<EntryType>& entries);
  void handle(UserId user, const TakeoverEnvelope& takeover);
  void deliver(const cluster::BusMessage& message, const Push& push);
  void take_event(const cluster::Channel& channel, const EventEnvelope& event);
  void to_user(UserId user, EventEnvelope event, Reach reach);
  void to_group(GroupId group, const EventEnvelope& event, Reach reach);
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
  ToldListener* told_ = nullptr;  // fixed before the bus starts
};

}  // namespace chat::delivery
