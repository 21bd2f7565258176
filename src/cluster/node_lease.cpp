#include "chat/cluster/node_lease.h"

#include <chrono>
#include <unordered_set>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/base/sabotage.h"
#include "chat/storage/node_model.h"
#include "cluster/node_starter.h"

namespace chat::cluster {
namespace {

constinit log::Limiter lease_failures{log::kRepeatedFault};
using std::chrono::milliseconds;
using storage::NodeModel;

constexpr milliseconds kLookInterval{1'000};
constexpr milliseconds kRetryInterval{250};
// A longer pause between two looks is a break: we may have been suspended ourselves.
constexpr milliseconds kSteadyGap{2'500};
// For how long a node is told that its life has ended, as it may miss the first messages.
constexpr std::chrono::minutes kTellEnded{5};

}  // namespace

Result<storage::Node> NodeLease::begin(const NodeClaim& claim, const StartWait& wait) {
  auto started = NodeStarter(database_, clock_, claim, wait).run();
  if (!started) return fail(started);
  node_ = started->node;
  alone_ = claim.alone;
  exclusive_ = claim.exclusive;
  renewed_ = started->began;
  freed_ = std::move(started->freed);
  for (const storage::Node& life : started->ended) ended_.push_back({life, clock_.boot_now()});
  begun_ = true;
  return node_;
}

void NodeLease::start(NodeListener& listener) {
  listener_ = &listener;
  if (!freed_.empty()) listener.on_users_freed(std::exchange(freed_, {}));
  if (!exclusive_) thread_ = base::Thread("node-lease", [this] { work(); });
}

void NodeLease::stop() {
  stop_.raise();
  thread_.join();
  listener_ = nullptr;
  if (!std::exchange(begun_, false) || exclusive_ || lost_) return;
  constexpr int kAttempts = 2;  // if an answer is lost
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto opened = connection();
    if (!opened || NodeModel(**opened).end(node_)) return;
  }
}

base::SteadyTime NodeLease::held_until() const {
  if (exclusive_ || base::sabotaged(base::Sabotage::kIgnoreLease)) return base::SteadyTime::max();
  return renewed_.load() + kLease;
}

void NodeLease::note_ended() {
  told_ended_ = true;
  stop_.wake();
}

void NodeLease::set_mute(bool mute) {
  if (mute_.exchange(mute) != mute) stop_.wake();
}

void NodeLease::work() {
  milliseconds pause{0};
  while (!stop_.wait_for(pause)) {
    Result<void> done;
    if (told_ended_.exchange(false) && !held()) lost_ = true;
    if (!lost_ && renewal_due()) done = renew();
    if (lost_ && !base::sabotaged(base::Sabotage::kIgnoreLease)) return listener_->on_lease_lost();
    if (done && !alone_) done = look();
    const bool looked = done.has_value();
    if (done && !alone_) done = sweep_dead();
    if (done && may_be_stranded_) done = free_stranded();
    pause = done ? kLookInterval : kRetryInterval;
    if (done) continue;
    log::limited(log::Level::kWarn, lease_failures, "event=lease_failed what={}",
                 log::quoted(done.error().message));
    // A lock prevents freeing users, not watching.
    if (!looked || done.error().code != ErrorCode::kBusy) note_break();
  }
}

bool NodeLease::renewal_due() const {
  return clock_.boot_now() - renewed_.load() >= kRenewInterval || !renewed_by_thread_ ||
         mute_.load() != mute_in_row_;
}

Result<void> NodeLease::renew() {
  const auto began = clock_.boot_now();
  const bool mute = mute_;
  auto opened = connection();
  if (!opened) return fail(opened);
  auto renewed = NodeModel(**opened).renew(node_, kLease, mute);
  if (!renewed) return fail(renewed);
  lost_ = !*renewed;
  if (lost_) return {};
  renewed_ = began;
  mute_in_row_ = mute;
  renewed_by_thread_ = true;
  return {};
}

Result<void> NodeLease::look() {
  if (clock_.boot_now() - looked_ > kSteadyGap) note_break();
  auto opened = connection();
  if (!opened) return fail(opened);
  const auto rows = NodeModel(**opened).all();
  if (!rows) return fail(rows);
  const bool first = looked_ == base::SteadyTime{};
  looked_ = clock_.boot_now();
  bool changed = false;
  for (const storage::NodeRow& row : *rows) {
    if (row.node.id != node_.id) changed = note(row) || changed;
  }
  may_be_stranded_ = may_be_stranded_ || changed;
  if (changed && !first) listener_->on_nodes_changed();
  tell_living();
  tell_ended();
  return {};
}

void NodeLease::tell_living() {
  std::vector<storage::NodeRow> living;
  bool mute = false;
  for (const auto& [id, seen] : seen_) {
    if (seen.row.lease_until == 0 || looked_ - seen.since >= kLease) continue;
    living.push_back(seen.row);
    mute = mute || seen.row.mute;
  }
  others_mute_ = mute;
  listener_->on_nodes_seen(living);
}

// True if a life of that node has begun or ended since.
bool NodeLease::note(const storage::NodeRow& row) {
  const auto [found, is_new] = seen_.try_emplace(row.node.id, Seen{row, looked_});
  if (is_new) return true;
  storage::NodeRow& before = found->second.row;
  const bool changed = before.node.epoch != row.node.epoch;
  if (changed || before.lease_until != row.lease_until) found->second.since = looked_;
  before = row;
  return changed;
}

// Repeats the sweep. This waits for the unanswered transaction if it is still open. If the node's
// row has changed since, by that transaction or by another node's sweep, the users are offline.
Result<void> NodeLease::settle_sweeps() {
  while (!doubtful_.empty()) {
    auto opened = connection();
    if (!opened) return fail(opened);
    auto again = NodeModel(**opened).sweep(doubtful_.back().dead);
    if (!again) return fail(again);
    std::vector<UserId> users = *again ? std::move(**again) : std::move(doubtful_.back().users);
    swept(doubtful_.back().dead, std::move(users));
    doubtful_.pop_back();
  }
  return {};
}

Result<void> NodeLease::sweep_dead() {
  Result<void> outcome = settle_sweeps();
  for (auto& [id, seen] : seen_) {
    if (!outcome && outcome.error().code != ErrorCode::kBusy) return outcome;
    if (seen.row.lease_until == 0 || looked_ - seen.since < kLease) continue;
    auto opened = connection();
    if (!opened) return fail(opened);
    std::vector<UserId> doubtful;
    auto users = NodeModel(**opened).sweep(seen.row, &doubtful);
    if (!users) {
      const bool lost = users.error().code == ErrorCode::kOutcomeUnknown;
      if (lost && !base::sabotaged(base::Sabotage::kForgetSweeps)) {
        doubtful_.push_back({seen.row, std::move(doubtful)});
      }
      outcome = fail(users);
      continue;  // other rows may not be locked
    }
    seen.since = looked_;
    may_be_stranded_ = true;
    if (*users) swept(seen.row, std::move(**users));
  }
  return outcome;
}

// Locked rows are left for the next call. So are users whose release was not answered: once they
// are no longer stranded, we or another node have freed them.
Result<void> NodeLease::free_stranded() {
  auto opened = connection();
  if (!opened) return fail(opened);
  NodeModel nodes(**opened);
  const auto found = nodes.stranded();
  if (!found) return fail(found);
  std::unordered_set<UserId> stranded(found->begin(), found->end());
  std::vector<UserId> settled;
  std::erase_if(perhaps_freed_, [&](UserId user) {
    if (stranded.contains(user)) return false;
    settled.push_back(user);
    return true;
  });
  if (!settled.empty()) listener_->on_users_freed(std::move(settled));
  const auto tell = [&](std::vector<UserId> users) {
    log::warn("event=stranded_users_freed users={}", users.size());
    for (const UserId user : users) stranded.erase(user);
    std::erase_if(perhaps_freed_, [&](UserId user) { return !stranded.contains(user); });
    listener_->on_users_freed(std::move(users));
  };
  std::vector<UserId> doubtful;
  auto freed = nodes.free_stranded(*found, tell, &doubtful);
  perhaps_freed_.insert(perhaps_freed_.end(), doubtful.begin(), doubtful.end());
  may_be_stranded_ = !stranded.empty() || !perhaps_freed_.empty();
  return freed;
}

void NodeLease::swept(const storage::NodeRow& dead, std::vector<UserId> users) {
  log::warn("event=node_swept node={} epoch={} users={}", dead.node.id.value, dead.node.epoch,
            users.size());
  ended_.push_back({dead.node, clock_.boot_now()});
  listener_->on_users_freed(std::move(users));
}

void NodeLease::tell_ended() {
  std::erase_if(ended_, [this](const Ended& item) { return looked_ - item.at > kTellEnded; });
  for (const Ended& item : ended_) listener_->on_node_ended(item.node);
}

Result<storage::Connection*> NodeLease::connection() {
  if (connection_ == nullptr || !connection_->usable()) {
    connection_.reset();
    auto opened = database_.connect();
    if (!opened) return fail(opened);
    connection_ = std::move(*opened);
  }
  return connection_.get();
}

// Discards earlier observations: rows may have changed during the break.
void NodeLease::note_break() {
  for (auto& [id, seen] : seen_) seen.since = clock_.boot_now();
}

}  // namespace chat::cluster
