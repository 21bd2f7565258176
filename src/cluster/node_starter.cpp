#include "cluster/node_starter.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "chat/storage/node_model.h"
#include "cluster/process_mark.h"

namespace chat::cluster {
namespace {

using std::chrono::milliseconds;
using storage::NodeModel;
using storage::NodeRow;

constexpr milliseconds kPollInterval{250};
// A longer pause between two polls is a break: changes of the row may have been missed.
constexpr milliseconds kSteadyLook{2'500};
// A server that was just told to stop still renews its lease while it stops.
constexpr milliseconds kStopPatience{5'000};
// How long a start is retried if the database fails.
constexpr milliseconds kRetryMax{15'000};

bool may_pass(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBusy:
    case ErrorCode::kTimeout:
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown: return true;
    default: return false;
  }
}

bool has_moved(const NodeRow& before, const NodeRow& now) {
  return before.node.epoch != now.node.epoch || before.lease_until != now.lease_until;
}

std::string describe(const NodeRow& row) {
  return fmt::format("node {}, {}", row.name, describe_process(row.holder));
}

}  // namespace

NodeStarter::NodeStarter(storage::Database& database, const base::Clock& clock,
                         const NodeClaim& claim, const StartWait& wait)
    : database_(database),
      clock_(clock),
      claim_(claim),
      wait_(wait),
      mark_(mark_process(claim.address)) {}

Result<NodeStarter::Started> NodeStarter::run() {
  const auto retry_until = clock_.boot_now() + kRetryMax;
  for (;;) {
    const auto began = clock_.boot_now();
    obstacle_.reset();
    const auto node = attempt();
    if (node) return started(*node, began);
    if (obstacle_) {
      if (auto cleared = clear(*obstacle_); !cleared) return fail(cleared);
    } else if (!may_pass(node.error().code) || began >= retry_until || !rest()) {
      return fail(node);
    }
  }
}

// Conflicting lives have ended by now, by this start or by themselves; otherwise it would have
// failed.
NodeStarter::Started NodeStarter::started(const storage::Node& node, base::SteadyTime began) {
  std::vector<storage::Node> ended;
  for (const NodeRow& row : dead_) {
    if (!is_process_gone(row.holder)) ended.push_back(row.node);
  }
  return {node, began, std::move(freed_), std::move(ended)};
}

// A COMMIT without an answer has failed or has begun our life. Either way a repetition is correct:
// it runs after that COMMIT, and a row with our own mark is no conflict.
Result<storage::Node> NodeStarter::attempt() {
  auto opened = connection();
  if (!opened) return fail(opened);
  if (!claim_.alone) {  // otherwise there is no one to notify
    const auto users = NodeModel(**opened).users_of(claim_.name);
    if (!users) return fail(users);
    freed_.insert(freed_.end(), users->begin(), users->end());
  }
  const storage::NodeStart start{claim_.name, claim_.alone, claim_.exclusive, mark_, dead_};
  auto outcome = NodeModel(**opened).start(start);
  if (!outcome) return fail(outcome);
  if (!outcome->obstacle) return outcome->node;
  obstacle_ = std::move(outcome->obstacle);
  return tl::make_unexpected(refusal(*obstacle_));
}

Result<void> NodeStarter::clear(const NodeRow& obstacle) {
  if (!is_process_gone(obstacle.holder)) return watch(obstacle);
  dead_.push_back(obstacle);
  return {};
}

// Succeeds once the row no longer conflicts, or is found dead.
Result<void> NodeStarter::watch(const NodeRow& obstacle) {
  say_that_we_wait(obstacle);
  const auto began = clock_.boot_now();
  NodeRow seen = obstacle;
  bool moved = false;
  auto still_since = began;
  auto looked = began;
  for (;;) {
    if (!rest()) return fail(ErrorCode::kUnavailable, "stopped while waiting for a lease");
    auto row = read(obstacle.node.id);
    const auto now = clock_.boot_now();
    if (!row || now - looked > kSteadyLook) still_since = now;
    if (!row && now - looked > kRetryMax) return fail(row);
    if (!row) continue;
    looked = now;
    if (row->lease_until == 0) return {};
    if (has_moved(seen, *row)) {
      moved = true;
      still_since = now;
    }
    seen = *std::move(row);
    if (is_process_gone(seen.holder) || now - still_since >= kNodeLease) {
      dead_.push_back(std::move(seen));
      return {};
    }
    if (moved && now - began >= kStopPatience) return tl::make_unexpected(refusal(seen));
  }
}

// False if told to give up.
bool NodeStarter::rest() const {
  std::this_thread::sleep_for(kPollInterval);
  return !wait_.give_up || !wait_.give_up();
}

// A deleted row holds nothing.
Result<NodeRow> NodeStarter::read(NodeId id) {
  auto opened = connection();
  if (!opened) return fail(opened);
  auto rows = NodeModel(**opened).all();
  if (!rows) return fail(rows);
  for (NodeRow& row : *rows) {
    // cppcheck-suppress returnStdMoveLocal
    if (row.node.id == id) return std::move(row);
  }
  return NodeRow{};
}

Result<storage::Connection*> NodeStarter::connection() {
  if (connection_ == nullptr || !connection_->usable()) {
    connection_.reset();
    auto opened = database_.connect();
    if (!opened) return fail(opened);
    connection_ = std::move(*opened);
  }
  return connection_.get();
}

Error NodeStarter::refusal(const NodeRow& holder) const {
  const std::string who = describe(holder);
  if (claim_.alone) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("another server is using the database {}: {}. Several servers need a bus "
                        "between them",
                        database_.describe(), who)};
  }
  if (holder.alone) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("a server without a bus is using the database {} alone: {}. Stop it first",
                        database_.describe(), who)};
  }
  return {ErrorCode::kInvalidArgument,
          fmt::format("another server uses the name of this one: {}. Give each server of a cluster "
                      "a name of its own (server.node)",
                      who)};
}

void NodeStarter::say_that_we_wait(const NodeRow& obstacle) const {
  if (!wait_.on_wait) return;
  const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kNodeLease);
  wait_.on_wait(fmt::format("waiting for up to {} s to see whether another server still runs: {}",
                            longest.count(), describe(obstacle)));
}

}  // namespace chat::cluster
