#include "chat/delivery/resync.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "chat/base/log.h"
#include "chat/storage/message_model.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kUsersPerQuery = 256;
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kRetryDelay{500};

StreamPosition position_of(const storage::StreamState& behind) {
  const StreamKey stream =
      behind.group ? StreamKey::of(behind.group) : StreamKey::from(behind.sender);
  return {stream, behind.delivered, behind.head};
}

}  // namespace

void Resync::start(const storage::Node& node) {
  node_ = node;
  last_run_ = last_reconciled_ = steady_clock::now();
  thread_ = base::Thread("resync", [this] { work(); });
}

void Resync::stop() {
  stop_.raise();
  thread_.join();
}

void Resync::work() {
  std::chrono::milliseconds pause = kTick;
  while (!stop_.wait_for(pause)) {
    pause = kTick;
    Result<void> done;
    if (due()) done = run();
    if (done && steady_clock::now() - last_reconciled_ > kReconcileInterval) done = reconcile();
    if (done) continue;
    log::warn("event=resync_failed what={}", log::quoted(done.error().message));
    request();
    pause = kRetryDelay;
  }
}

bool Resync::due() {
  if (requested_.exchange(false, std::memory_order_acq_rel)) return true;
  return !bus_.up() && steady_clock::now() - last_run_ > kDownInterval;
}

Result<void> Resync::run() {
  last_run_ = steady_clock::now();
  const auto holders = registry_.all();
  for (std::size_t i = 0; i < holders.size(); i += kUsersPerQuery) {
    const auto part = Holders(holders).subspan(i, std::min(kUsersPerQuery, holders.size() - i));
    if (auto done = run_for(part); !done) return done;
  }
  if (!holders.empty()) log::info("event=resync sessions={}", holders.size());
  return {};
}

Result<void> Resync::run_for(Holders holders) {
  std::vector<UserId> users;
  for (const auto& holder : holders) users.push_back(holder.user);
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  if (auto done = evict_taken_over(**lease, holders, users); !done) return done;
  const auto behind = storage::MessageModel(**lease).behind(users);
  if (!behind) return fail(behind);
  std::unordered_map<UserId, std::vector<StreamPosition>> positions;
  for (const storage::StreamState& item : *behind)
    positions[item.user].push_back(position_of(item));
  for (const auto& holder : holders) {
    const auto found = positions.find(holder.user);
    if (found == positions.end()) continue;
    recipients_.notice(holder.session, holder.user, std::move(found->second));
  }
  return {};
}

Result<void> Resync::evict_taken_over(storage::Connection& connection, Holders holders,
                                      std::span<const UserId> users) {
  if (bus_.alone()) return {};
  const auto states = storage::UserModel(connection).states(users);
  if (!states) return fail(states);
  std::unordered_map<UserId, SessionEpoch> newest;
  for (const auto& state : *states) newest.emplace(state.id, state.session_epoch);
  for (const auto& holder : holders) {
    if (holder.epoch != 0) registry_.evict_older(holder.user, newest[holder.user]);
  }
  return {};
}

// A login reserves its user before the table knows, so whoever is in the table and not in the
// registry has been left behind.
Result<void> Resync::reconcile() {
  last_reconciled_ = steady_clock::now();
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  storage::UserModel users(**lease);
  const auto held = users.held_by(node_);
  if (!held) return fail(held);
  for (const storage::UserState& state : *held) {
    if (registry_.find(state.id) != nullptr) continue;
    const auto released = users.release(state.id, state.session_epoch);
    if (!released) return fail(released);
    if (*released) presence_.changed(state.id);
  }
  return {};
}

}  // namespace chat::delivery
