// The bus may lose messages in any pattern: one node's link fails, or one direction of it; a
// message arrives seconds late; two nodes use two Redis servers. The tables are authoritative, so
// this thread compares the sessions of this node with them.
//
// - Messages. After a gap of the bus, and every kImpairedInterval while it is impaired (BusHealth),
//   the heads of the sessions' streams are read and given to the windows, which fetch what they
//   lack. Normally only streams with a head past the delivered position matter. That is not enough
//   for a recent session: its user's older session may still live on another node, receive messages
//   there and advance the positions. Messages that it received after the newer session read the
//   positions would be missing here. So all streams are read for sessions younger than
//   kRecentLogin; a window drops messages that it has already pushed.
// - Sessions. In a cluster every session is compared with its user's row every kEvictInterval,
//   whatever the state of the bus, and a session that was taken over, or ended by an operator, is
//   evicted. This alone guarantees one session per user. A session that another node or a lane of
//   the journal has found to be older (suspect()) is compared at once. A session that the table
//   does not know (compare_sessions()) is ended with BYE session_lost: the database has lost rows,
//   and the user's id may be assigned again.
// - Takeovers whose older session has not reported its end, or reported it late (TakeoverWaiter):
//   the user's streams are read as after a recent login, and the other nodes are notified again.
// - The database itself. Once per kDatabaseInterval the server's identity is read. Another server
//   may be a replica that lacks the last rows, so a change, or an outage, is followed by an audit,
//   which compares all in-memory state of this node with the tables: cached names are dropped,
//   sessions compared, users without a session here released, and the heads of all streams and the
//   groups of all users given to the windows, which find what is missing (Window::notice,
//   Window::keep_groups). While a server is being replaced, a connection may still lead to the old
//   one for a moment, and rows committed there may appear later. So an audit has several passes,
//   and nothing is dropped before two of them have found it missing.
// - Users that the table assigns to this node but that have no session here are released once per
//   kReconcileInterval.
//
// Every failed step is repeated until it succeeds.
#include "delivery/events/resync.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/sabotage.h"
#include "chat/storage/cluster_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"
#include "delivery/events/envelope.h"

namespace chat::delivery {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kUsersPerQuery = 256;
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kResyncRetryDelay{500};
// Longer than an older session can live on after it was taken over.
constexpr std::chrono::seconds kRecentLogin{60};

// A direct stream unknown to a window began after the login, so it is read from its first message,
// even if an older session has received that one.
StreamPosition position_of(const storage::StreamState& state) {
  if (!state.group) return {StreamKey::from(state.sender), 0, state.head};
  return {StreamKey::of(state.group), state.delivered, state.head, state.delivered_at, state.end};
}

// Why a session of the epoch `session` is older than the row.
const session::Ending& ending_of(const storage::UserState& row, SessionEpoch session) {
  if (row.removed) return session::kAccountDeleted;
  if (row.disabled) return session::kAccountDisabled;
  return row.kicked_epoch > session ? session::kKicked : session::kTakenOver;
}

// Passes of an audit: after a change of the server, and after an outage.
constexpr int kAuditsOfChange = 4;
constexpr int kAuditsOfOutage = 2;

std::vector<UserId> users_of(std::span<const session::Registry::Holder> holders) {
  std::vector<UserId> users;
  for (const auto& holder : holders) users.push_back(holder.user);
  return users;
}

// Calls `call` with batches of `items` that fit one query, until it fails.
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
  last_run_ = last_comparison_ = last_reconciled_ = steady_clock::now();
  last_asked_ =
      last_run_ - 2 * kDatabaseInterval;  // due at once: the server may change at any moment
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
    if (failed_before && done) begin_audit(kAuditsOfOutage);
  }
}

Result<void> Resync::work_once() {
  if (due()) {
    if (auto done = resync(); !done) {
      request();
      return done;
    }
  }
  if (auto done = compare_suspects(); !done) return done;
  if (auto done = look_at_database(); !done) return done;
  if (audits_left_ > 0 && steady_clock::now() >= next_audit_) {
    if (auto done = audit(); !done) return done;
  }
  if (comparison_due()) {
    if (auto done = compare_sessions(); !done) return done;
  }
  if (auto done = review_takeovers(); !done) return done;
  if (steady_clock::now() - last_reconciled_ > kReconcileInterval) {
    if (auto done = reconcile(); !done) return done;
  }
  return free_left_behind();
}

Result<void> Resync::look_at_database() {
  const auto now = steady_clock::now();
  if (now - last_asked_ <= kDatabaseInterval) return {};
  last_asked_ = now;
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  auto server = storage::ClusterModel(**lease).database_server();
  if (!server) return fail(server);
  const std::string before = std::exchange(database_server_, *std::move(server));
  if (before.empty() || before == database_server_) return {};
  log::warn("event=database_changed from={} to={}", log::quoted(before),
            log::quoted(database_server_));
  begin_audit(kAuditsOfChange);
  return {};
}

void Resync::begin_audit(int looks) {
  audits_left_ = std::max(audits_left_, looks);
  next_audit_ = {};
}

Result<void> Resync::audit() {
  user_names_.forget_all();
  if (auto done = compare_sessions(); !done) return done;
  const Holders holders = registry_.all();
  auto done = for_each_part(
      holders, [this](auto part) { return read_streams(part, Streams::kAllAndGroups); });
  if (!done) return done;
  if (auto reconciled = reconcile(); !reconciled) return reconciled;
  --audits_left_;
  next_audit_ = steady_clock::now() + kConfirmInterval;
  return {};
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
    if (auto done = compare_sessions(); !done) return done;
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
  auto done =
      for_each_part(recent, [this](auto part) { return read_streams(part, Streams::kAll); });
  if (!done) return done;
  return for_each_part(settled, [this](auto part) { return read_streams(part, Streams::kBehind); });
}

Result<void> Resync::read_streams(std::span<const Holder> holders, Streams streams) {
  const auto began = steady_clock::now();
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  if (streams == Streams::kAllAndGroups) {
    const auto known = is_known_server(**lease);
    if (!known) return fail(known);
    if (!*known) streams = Streams::kAll;
  }
  storage::MessageModel messages(**lease);
  const std::vector<UserId> users = users_of(holders);
  const auto states =
      streams == Streams::kBehind ? messages.behind(users) : messages.positions(users);
  if (!states) return fail(states);
  std::unordered_map<UserId, std::vector<StreamPosition>> positions;
  std::unordered_map<UserId, std::vector<GroupId>> groups;
  for (const storage::StreamState& state : *states) {
    positions[state.user].push_back(position_of(state));
    if (state.group && state.end == 0) groups[state.user].push_back(state.group);
  }
  for (const Holder& holder : holders) {
    if (streams == Streams::kAllAndGroups) {
      std::vector<GroupId> of_user = groups[holder.user];
      std::sort(of_user.begin(), of_user.end());
      recipients_.keep_groups(holder.session, holder.user, std::move(of_user), began);
    }
    const auto found = positions.find(holder.user);
    if (found == positions.end()) continue;
    recipients_.notice(holder.session, holder.user, std::move(found->second));
  }
  return {};
}

// A server without a bus has no older sessions to look for.
bool Resync::comparison_due() const {
  const auto passed = steady_clock::now() - last_comparison_;
  if (!doubts_.empty()) return passed > kResyncRetryDelay;
  return passed > (bus_.alone() ? kReconcileInterval : kEvictInterval);
}

// The sessions are collected before the rows are read, so that no row is older than the claim of
// the session that it is compared with.
Result<void> Resync::compare_sessions() {
  if (base::sabotaged(base::Sabotage::kKeepOlder)) return {};
  const Holders holders = registry_.all();
  Doubts doubts;
  Losses losses;
  auto done = for_each_part(holders, [&](auto part) { return compare(part, doubts, losses); });
  if (losses.total() > 0) {
    log::error("event=sessions_lost missing={} older={} elsewhere={} of={}", losses.missing,
               losses.older, losses.elsewhere, holders.size());
  }
  if (!done) return done;
  doubts_ = std::move(doubts);
  last_comparison_ = steady_clock::now();
  return {};
}

Result<void> Resync::compare(std::span<const Holder> holders, Doubts& doubts, Losses& losses) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  const auto states = storage::UserModel(**lease).states(users_of(holders));
  if (!states) return fail(states);
  std::unordered_map<UserId, const storage::UserState*> rows;
  for (const storage::UserState& state : *states) rows.emplace(state.id, &state);
  std::optional<bool> known_server;
  for (const Holder& holder : holders) {
    if (holder.epoch == 0) continue;  // its claim is in progress
    const auto found = rows.find(holder.user);
    const storage::UserState* row = found == rows.end() ? nullptr : found->second;
    if (row != nullptr && row->session_epoch > holder.epoch) {
      registry_.evict_older(holder.user, row->session_epoch, ending_of(*row, holder.epoch));
      continue;
    }
    if (row != nullptr && has_session(*row, holder)) continue;
    if (!known_server) {
      const auto known = is_known_server(**lease);
      if (!known) return fail(known);
      known_server = *known;
    }
    if (!*known_server || !is_confirmed(holder, doubts)) continue;
    const auto ended = end_lost(**lease, holder, row);
    if (!ended) return fail(ended);
    if (!*ended) continue;
    const bool older = row != nullptr && row->session_epoch < holder.epoch;
    ++(row == nullptr ? losses.missing : older ? losses.older : losses.elsewhere);
  }
  return {};
}

void Resync::suspect(UserId user) {
  {
    base::MutexLock lock(mutex_);
    suspects_.insert(user);
  }
  stop_.wake();
}

// A session whose claim is still in progress is compared with the row by its login.
Result<void> Resync::compare_suspects() {
  if (base::sabotaged(base::Sabotage::kKeepOlder)) return {};
  std::unordered_set<UserId> suspects;
  {
    base::MutexLock lock(mutex_);
    suspects = std::exchange(suspects_, {});
  }
  if (suspects.empty()) return {};
  Holders holders;
  for (const UserId user : suspects) {
    if (auto holder = registry_.holder_of(user)) holders.push_back(*std::move(holder));
  }
  Doubts doubts;
  Losses losses;
  auto done = for_each_part(holders, [&](auto part) { return compare(part, doubts, losses); });
  if (done) return done;
  base::MutexLock lock(mutex_);
  suspects_.merge(suspects);
  // cppcheck-suppress identicalConditionAfterEarlyExit
  return done;
}

bool Resync::has_session(const storage::UserState& row, const Holder& holder) const {
  return row.online && row.session_epoch == holder.epoch && row.holder.id == node_.id &&
         row.holder.epoch == node_.epoch;
}

// True if an earlier pass did not find the session either.
bool Resync::is_confirmed(const Holder& holder, Doubts& doubts) const {
  const auto now = steady_clock::now();
  const auto before = doubts_.find(holder.user);
  const bool doubted = before != doubts_.end() && before->second.epoch == holder.epoch &&
                       before->second.since > holder.claimed_at;
  const Time since = doubted ? before->second.since : now;
  doubts[holder.user] = {holder.epoch, since};
  return now - since >= kConfirmInterval;
}

// A connection may still lead to the server that was replaced.
Result<bool> Resync::is_known_server(storage::Connection& connection) const {
  const auto server = storage::ClusterModel(connection).database_server();
  if (!server) return fail(server);
  return *server == database_server_;
}

// Idempotent. False: the session is already closing.
Result<bool> Resync::end_lost(storage::Connection& connection, const Holder& holder,
                              const storage::UserState* row) {
  if (row != nullptr) {
    auto given_up = storage::UserModel(connection).give_up_lost(*row, holder.epoch, node_);
    if (!given_up) return fail(given_up);
  }
  if (!registry_.evict_lost(holder.user, holder.epoch)) return false;
  presence_.changed(holder.user);
  return true;
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
  auto done =
      for_each_part(holders, [this](auto part) { return read_streams(part, Streams::kAll); });
  if (done) reviews_.clear();
  return done;
}

// A login reserves its user in the registry before it claims the user in the table. So a user that
// the table assigns to this node but that is not in the registry was left behind.
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

// Releases are idempotent, so one whose answer was lost is repeated. Until it is answered the user
// stays in left_behind_, because its friends must be told that it is offline.
Result<void> Resync::free_left_behind() {
  std::size_t freed = 0;
  while (!left_behind_.empty()) {
    const auto [user, epoch] = *left_behind_.begin();
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    const auto released = storage::UserModel(**lease).release(user, epoch);
    if (!released) return fail(released);
    if (*released) ++freed;
    if (*released) presence_.changed(user);
    left_behind_.erase(user);
  }
  if (freed > 0) log::warn("event=left_behind_users_freed users={}", freed);
  return {};
}

}  // namespace chat::delivery
