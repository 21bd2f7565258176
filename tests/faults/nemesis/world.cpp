#include "faults/nemesis/world.h"

#include <unistd.h>

#include <algorithm>

namespace chat::test::nemesis {
namespace {

using Way = FaultProxy::Way;

// A node that could renew its lease for this long must not exit, nor admit another server.
constexpr milliseconds kLeaseAndMore{12'000};
constexpr milliseconds kWellBefore{3'000};
constexpr milliseconds kRestartDelay{500};

bool hits_everybody(const Event& event) {
  return event.fault == Fault::kFreezeDatabase || event.fault == Fault::kLock;
}

// True if the event may prevent a node from renewing its lease, or ends the lease.
bool disturbs(const Event& event) {
  switch (event.fault) {
    case Fault::kFreezeNode:
    case Fault::kKillNode:
    case Fault::kFreezeDatabase:
    case Fault::kLock: return true;
    case Fault::kCut:
    case Fault::kStall:
    case Fault::kOneWay:
    case Fault::kSlow:
    case Fault::kReset: return event.link == Link::kDatabase;
    default: return false;
  }
}

bool can_jump() {
  return ::access(WallClock::kLibrary, R_OK) == 0 && !sanitized();
}

}  // namespace

std::string World::missing() {
  return Cluster::missing();
}

World::World(std::size_t nodes) : nodes_(nodes) {
  // Clocks jump, and a request may wait for long.
  const Settings at_any_time{"messages.recall_seconds=0", "messages.edit_seconds=0"};
  cluster_ = std::make_unique<Cluster>(nodes - 1, at_any_time, Wiring::kOwnLinks);
  if (can_jump()) {
    clock_.emplace();
    const WallClock::Enter entered(*clock_);
    cluster_->add_node();
  } else {
    cluster_->add_node();
  }
  for (Node& node : nodes_) node.ready = true;
}

std::vector<std::uint16_t> World::ports() {
  std::vector<std::uint16_t> all;
  for (std::size_t i = 0; i < cluster_->size(); ++i) all.push_back(cluster_->port(i));
  return all;
}

void World::disturb(const Event& event, bool begins) {
  if (!disturbs(event)) return;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!hits_everybody(event) && event.node != i) continue;
    nodes_[i].disturbances += begins ? 1 : -1;
    nodes_[i].disturbed_until = Clock::now();
  }
}

bool World::is_well(std::size_t index, milliseconds for_so_long) const {
  const Node& node = nodes_[index];
  const Time now = Clock::now();
  return node.ready && node.disturbances == 0 && now - node.disturbed_until > for_so_long &&
         now - node.ready_since > for_so_long;
}

std::optional<std::size_t> World::anybody_well() const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (is_well(i, kWellBefore)) return i;
  }
  return std::nullopt;
}

FaultProxy& World::proxy_of(const Event& event) {
  NodeLinks& links = cluster_->links(event.node);
  return event.link == Link::kRedis ? links.redis : links.database.network();
}

void World::set_link(const Event& event, bool on) {
  FaultProxy& proxy = proxy_of(event);
  switch (event.fault) {
    case Fault::kCut:
      proxy.refuse(on);
      if (on) proxy.reset_all();
      return;
    case Fault::kStall:
      proxy.blackhole(Way::kToServer, on);
      proxy.blackhole(Way::kToClient, on);
      return;
    case Fault::kOneWay:
      proxy.blackhole(event.detail == 0 ? Way::kToServer : Way::kToClient, on);
      return;
    case Fault::kSlow: proxy.set_latency(milliseconds{on ? event.detail : 0}); return;
    case Fault::kReset:
      if (on) proxy.reset_all();
      return;
    case Fault::kSubscriber:
    case Fault::kPublisher:
      proxy.only_those_that_sent(event.fault == Fault::kSubscriber ? "SUBSCRIBE" : "PUBLISH");
      proxy.blackhole(Way::kToServer, on);
      proxy.blackhole(Way::kToClient, on);
      if (!on) proxy.only_those_that_sent("");
      return;
    case Fault::kOtherRedis:
      proxy.redirect(on ? other_redis_.socket() : cluster_->redis().socket());
      proxy.reset_all();
      return;
    default: return;
  }
}

void World::begin(const Event& event) {
  disturb(event, true);
  switch (event.fault) {
    case Fault::kFreezeNode: return cluster_->node(event.node).freeze();
    case Fault::kFreezeRedis: return cluster_->redis().freeze();
    case Fault::kFreezeDatabase: return mariadb().freeze();
    case Fault::kLock: {
      const ForeignLockKind& kind = foreign_locks()[static_cast<std::size_t>(event.detail)];
      lock_ = std::make_unique<ForeignLock>(cluster_->storage().database(), std::string(kind.sql));
      return;
    }
    case Fault::kKillNode:
      nodes_[event.node].killed = true;
      nodes_[event.node].ready = false;
      return cluster_->node(event.node).kill9();
    case Fault::kLostAnswer:
    case Fault::kLostCommit: lossy_.push_back(event); return lose_commits();
    case Fault::kLateCommit:
      return cluster_->links(event.node).database.cut_next_commit(MysqlProxy::Cut::kDelay);
    case Fault::kLoneServer:
    case Fault::kTakenName: return start_second(event);
    case Fault::kClockJump:
      if (clock_) clock_->set((event.detail > 0 ? "+" : "") + std::to_string(event.detail));
      return;
    default: return set_link(event, true);
  }
}

void World::end(const Event& event) {
  disturb(event, false);
  switch (event.fault) {
    case Fault::kFreezeNode: return cluster_->node(event.node).thaw();
    case Fault::kFreezeRedis: return cluster_->redis().thaw();
    case Fault::kFreezeDatabase: return mariadb().thaw();
    case Fault::kLock: return lock_.reset();
    case Fault::kKillNode: return launch(event.node);
    case Fault::kLostAnswer:
    case Fault::kLostCommit:
      std::erase(lossy_, event);
      return cluster_->links(event.node).database.cut_next_commit_of("", MysqlProxy::Cut::kNothing);
    case Fault::kLateCommit:
      cluster_->links(event.node).database.cut_next_commit(MysqlProxy::Cut::kNothing);
      cluster_->links(event.node).database.network().blackhole(Way::kToServer, false);
      return;
    case Fault::kLoneServer:
    case Fault::kTakenName:
      second_.reset();
      second_event_.reset();
      return;
    case Fault::kClockJump:
      if (clock_) clock_->set("+0");
      return;
    default: return set_link(event, false);
  }
}

void World::launch(std::size_t index) {
  nodes_[index].killed = false;
  nodes_[index].launched_at = Clock::now();
  std::optional<WallClock::Enter> entered;
  if (clock_ && index + 1 == nodes_.size()) entered.emplace(*clock_);
  cluster_->node(index).launch();
}

void World::start_second(const Event& event) {
  Settings settings = cluster_->storage().settings();
  if (event.fault == Fault::kTakenName) {
    settings.push_back("server.node=node-" + std::to_string(event.node + 1));
    settings.push_back("bus.engine=redis");
    settings.push_back("redis.socket=" + cluster_->redis().socket());
  } else {
    settings.push_back("server.node=lone");
  }
  second_event_ = event;
  second_told_ = false;
  second_ = std::make_unique<ChildProcess>(chatserver_command(second_dir_.path(), settings),
                                           second_dir_.file("stderr"));
}

// Requests the next cut whenever one has happened.
void World::lose_commits() {
  for (const Event& event : lossy_) {
    MysqlProxy& database = cluster_->links(event.node).database;
    if (database.cut_is_due()) continue;
    database.cut_next_commit_of(write_kinds()[static_cast<std::size_t>(event.detail)],
                                event.fault == Fault::kLostAnswer
                                    ? MysqlProxy::Cut::kAfterDelivery
                                    : MysqlProxy::Cut::kBeforeDelivery);
  }
}

void World::look() {
  look_at_second();
  lose_commits();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    ServerProcess& server = cluster_->node(i);
    if (node.killed) continue;
    if (!server.running()) {
      if (is_well(i, kLeaseAndMore)) {
        violations_.emplace_back("P7", "node " + std::to_string(i + 1) + " has ended by itself");
      }
      node.ready = false;
      if (Clock::now() - node.launched_at > kRestartDelay) launch(i);
    } else if (!node.ready && server.is_ready()) {
      node.ready = true;
      node.ready_since = Clock::now();
    }
  }
}

void World::look_at_second() {
  if (!second_ || second_told_) return;
  const auto line = second_->read_line(Deadline(milliseconds{0}));
  if (!line || !line->starts_with("ready")) return;
  second_told_ = true;
  const bool lone = second_event_->fault == Fault::kLoneServer;
  const auto well = lone ? anybody_well() : std::optional(second_event_->node);
  if (!well || !is_well(*well, kWellBefore)) return;
  violations_.emplace_back("exclusion", describe(*second_event_) +
                                            ": it became ready although node " +
                                            std::to_string(*well + 1) + " was at work");
}

bool World::all_ready() {
  look();
  return std::ranges::all_of(nodes_, &Node::ready);
}

std::vector<std::pair<std::string, std::string>> World::take_violations() {
  return std::exchange(violations_, {});
}

}  // namespace chat::test::nemesis
