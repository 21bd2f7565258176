// The bus may lose anything, in any pattern: one node's link fails or only one direction of it, a
// message arrives seconds late, two nodes use two Redis servers. The truth is in the tables, so
// this thread compares the sessions of this node with them.
//
// - Messages. After a gap of the bus, and every kImpairedInterval while it is impaired
//   (BusHealth), the heads of the
//   sessions' streams are read and given to the windows, which fetch what they lack. Normally only
//   streams with a head past the delivered position are of interest. That is not enough for a
//   session that began a short time ago: its user's older session may still live on another node,
//   receive messages there and move the positions. What it received after the newer session read
//   them would be missing here. So of sessions younger than kRecentLogin all streams are read; a
//   window drops what it has pushed.
// - Sessions. In a cluster the sessions' epochs are compared with the table every kEvictInterval,
//   whatever the bus says, and a session that was taken over is evicted. This alone guarantees one
//   session per user.
// - Takeovers whose older session has not reported its end, or reported it late (TakeoverWaiter):
//   the user's streams are read as after a recent login, and the other nodes are asked again.
// - The database itself. Once in kDatabaseInterval it is asked which server it is. Another one may
//   be a replica that lacks the last rows, so after a change, and after an outage, the heads of all
//   streams are given to the windows, which find out what is missing (Window::notice).
// - Users that the table gives to this node and that have no session here are released once in
//   kReconcileInterval.
//
// What fails is repeated until it succeeds.
#include "chat/delivery/resync.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/sabotage.h"
#include "chat/delivery/envelope.h"
#include "chat/storage/cluster_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kUsersPerQuery = 256;
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kResyncRetryDelay{500};
// Longer than an older session can outlive the login that took it over.
constexpr std::chrono::seconds kRecentLogin{60};

// A direct stream that a window doesn't have began after the login, so it is read from its first
// message, even if an older session has received that one.
StreamPosition position_of(const storage::StreamState& state) {
  if (!state.group) return {StreamKey::from(state.sender), 0, state.head};
  return {StreamKey::of(state.group), state.delivered, state.head};
}

std::vector<UserId> users_of(std::span<const session::Registry::Holder> holders) {
  std::vector<UserId> users;
  for (const auto& holder : holders) users.push_back(holder.user);
  return users;
}

// Calls `call` with parts of `items` that fit one query, until it fails.
template <typename Item, typename Call>
Result<void> for_each_part(const std::vector<Item>& items, Call call) {
  const std::span<const Item> all(items);
  for (std::size_t i = 0; i < all.size(); i += kUsersPerQuery) {
    if (auto done = call(all.subspan(i, std::min(kUsersPerQuery, all.size() - i))); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

void Resync::start(const storage::Node& node) {
  node_ = node;
  last_run_ = last_eviction_ = last_reconciled_ = steady_clock::now();
  last_asked_ = last_run_ - 2 * kDatabaseInterval;  // at once: the server may change any moment
  thread_ = base::Thread("resync", [this] { work(); });
}

void Resync::stop() {
  stop_.raise();
  thread_.join();
}

void Resync::work() {
  std::chrono::milliseconds pause = kTick;
  while (!stop_.wait_for(pause)) {
    const auto done = work_once();
    pause = done ? kTick : kResyncRetryDelay;
    const bool failed_before = std::exchange(failing_, !done);
    if (failing_ && !failed_before) {
      log::warn("event=resync_failed what={}", log::quoted(done.error().message));
    }
    audit_due_ = audit_due_ || (failed_before && done);
  }
}

Result<void> Resync::work_once() {
  if (due()) {
    if (auto done = resync(); !done) {
      request();
      return done;
    }
  }
  if (auto done = audit(); !done) return done;
  const auto now = steady_clock::now();
  if (!bus_.alone() && now - last_eviction_ > kEvictInterval) {
    if (auto done = evict_taken_over(); !done) return done;
  }
  if (auto done = review_takeovers(); !done) return done;
  if (now - last_reconciled_ > kReconcileInterval) {
    if (auto done = reconcile(); !done) return done;
  }
  return free_left_behind();
}

Result<void> Resync::audit() {
  const auto now = steady_clock::now();
  if (now - last_asked_ > kDatabaseInterval) {
    last_asked_ = now;
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    auto server = storage::ClusterModel(**lease).database_server();
    if (!server) return fail(server);
    const std::string before = std::exchange(database_server_, *std::move(server));
    if (!before.empty() && before != database_server_) {
      log::warn("event=database_changed from={} to={}", log::quoted(before),
                log::quoted(database_server_));
      audit_due_ = true;
    }
  }
  if (!audit_due_) return {};
  const Holders holders = registry_.all();
  auto done = for_each_part(holders, [this](auto part) { return read_streams(part, true); });
  if (done) audit_due_ = false;
  return done;
}

bool Resync::due() {
  if (base::sabotaged(base::Sabotage::kSkipResync)) return false;
  const bool impaired = health_.impaired();
  const bool changed = std::exchange(was_impaired_, impaired) != impaired;
  if (requested_.exchange(false, std::memory_order_acq_rel) || changed) return true;
  return impaired && steady_clock::now() - last_run_ > kImpairedInterval;
}

Result<void> Resync::resync() {
  last_run_ = steady_clock::now();
  if (!bus_.alone()) {
    if (auto done = evict_taken_over(); !done) return done;
  }
  const Holders holders = registry_.all();
  if (holders.empty()) return {};
  log::info("event=resync sessions={}", holders.size());
  Holders recent;
  Holders settled;
  for (const Holder& holder : holders) {
    const bool is_recent = holder.epoch == 0 || last_run_ - holder.claimed_at < kRecentLogin;
    (is_recent && !bus_.alone() ? recent : settled).push_back(holder);
  }
  auto done = for_each_part(recent, [this](auto part) { return read_streams(part, true); });
  if (!done) return done;
  return for_each_part(settled, [this](auto part) { return read_streams(part, false); });
}

Result<void> Resync::read_streams(std::span<const Holder> holders, bool all_streams) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  storage::MessageModel messages(**lease);
  const std::vector<UserId> users = users_of(holders);
  const auto states = all_streams ? messages.positions(users) : messages.behind(users);
  if (!states) return fail(states);
  std::unordered_map<UserId, std::vector<StreamPosition>> positions;
  for (const storage::StreamState& state : *states) {
    positions[state.user].push_back(position_of(state));
  }
  for (const Holder& holder : holders) {
    const auto found = positions.find(holder.user);
    if (found == positions.end()) continue;
    recipients_.notice(holder.session, holder.user, std::move(found->second));
  }
  return {};
}

Result<void> Resync::evict_taken_over() {
  if (base::sabotaged(base::Sabotage::kKeepOlder)) return {};
  const Holders holders = registry_.all();
  auto done = for_each_part(holders, [this](std::span<const Holder> part) -> Result<void> {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    const auto states = storage::UserModel(**lease).states(users_of(part));
    if (!states) return fail(states);
    for (const auto& state : *states) registry_.evict_older(state.id, state.session_epoch);
    return {};
  });
  if (done) last_eviction_ = steady_clock::now();
  return done;
}

Result<void> Resync::review_takeovers() {
  for (const auto& review : takeovers_.take_reviews()) reviews_.push_back(review);
  if (base::sabotaged(base::Sabotage::kForgetTakeovers)) reviews_.clear();
  Holders holders;
  for (const auto& review : reviews_) {
    std::shared_ptr<session::Session> session = registry_.find(review.user);
    if (session == nullptr) continue;
    holders.push_back({review.user, review.epoch, {}, std::move(session)});
    if (review.epoch == 0 || base::sabotaged(base::Sabotage::kKeepOlder)) continue;
    bus_.publish(
        {{cluster::channel_of(review.user), encode(TakeoverEnvelope{review.epoch, false})}});
  }
  auto done = for_each_part(holders, [this](auto part) { return read_streams(part, true); });
  if (done) reviews_.clear();
  return done;
}

// A login reserves its user in the registry before it claims the user in the table. So a user that
// the table gives to this node and that is not in the registry was left behind.
Result<void> Resync::reconcile() {
  last_reconciled_ = steady_clock::now();
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  const auto held = storage::UserModel(**lease).held_by(node_);
  if (!held) return fail(held);
  for (const storage::UserState& state : *held) {
    if (registry_.find(state.id) == nullptr) left_behind_[state.id] = state.session_epoch;
  }
  return {};
}

// A release may be repeated, so one whose answer was lost is. Until it is answered the user stays
// in left_behind_: its friends must hear that it is offline.
Result<void> Resync::free_left_behind() {
  while (!left_behind_.empty()) {
    const auto [user, epoch] = *left_behind_.begin();
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    const auto released = storage::UserModel(**lease).release(user, epoch);
    if (!released) return fail(released);
    if (*released) presence_.changed(user);
    left_behind_.erase(user);
  }
  return {};
}

}  // namespace chat::delivery
