#include "delivery/cursors/writeback.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/base/sabotage.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"
#include "delivery/journal/batch.h"

namespace chat::delivery {
namespace {

constinit log::Limiter cursor_failures{log::kRepeatedFault};
constinit log::Limiter release_failures{log::kRepeatedFault};
constexpr std::size_t kReleasesPerCommit = 128;
// After that many attempts the next flush retries, and callers of release() no longer wait.
constexpr int kUnknownAttempts = 3;

// True if both moves concern the same user and stream.
bool same_position(const storage::CursorMove& a, const storage::CursorMove& b) {
  return a.recipient == b.recipient && a.sender == b.sender && a.group == b.group;
}

}  // namespace

using storage::CursorMove;

void Writeback::start(WritebackListener* listener, const storage::Node& node) {
  listener_ = listener;
  node_ = node;
  thread_ = base::Thread("writeback", [this] { work(); });
}

void Writeback::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Writeback::add(const std::vector<CursorMove>& moves) {
  if (moves.empty()) return;
  base::MutexLock lock(mutex_);
  const bool was_empty = moves_.empty();
  merge_locked(moves);
  if (was_empty) wake_.notify_all();
}

void Writeback::release(UserId user, SessionEpoch epoch, std::function<void(bool newest)> then) {
  base::MutexLock lock(mutex_);
  leaving_.push_back({{user, epoch}, std::move(then), {}});
  if (leaving_.size() == 1) wake_.notify_all();
}

void Writeback::work() {
  for (bool stopping = false; !stopping;) {
    std::vector<Leaving> leaving;
    bool flush_due = false;
    stopping = take(leaving, flush_due);
    if (!leaving.empty()) let_go(leaving);
    if (flush_due) flush(stopping);
  }
}

// Takes the releases at once, but cursors only when a flush is due, so that a cursor that moves
// repeatedly is written once. True: the writeback is stopping and this is all.
bool Writeback::take(std::vector<Leaving>& leaving, bool& flush_due) {
  base::MutexLock lock(mutex_);
  bool in_time = true;
  while (!stopping_ && leaving_.empty() && in_time) {
    if (moves_.empty() && releases_.empty()) {
      wake_.wait(mutex_);
    } else {
      if (!flush_at_) flush_at_ = std::chrono::steady_clock::now() + kInterval;
      in_time = wake_.wait_until(mutex_, *flush_at_);
    }
  }
  flush_due = stopping_ || (flush_at_ && std::chrono::steady_clock::now() >= *flush_at_);
  if (flush_due) flush_at_.reset();
  const std::size_t count =
      stopping_ ? leaving_.size() : std::min(kReleasesPerCommit, leaving_.size());
  const auto end = leaving_.begin() + static_cast<std::ptrdiff_t>(count);
  std::move(leaving_.begin(), end, std::back_inserter(leaving));
  leaving_.erase(leaving_.begin(), end);
  for (Leaving& item : leaving) {
    const auto found = moves_.find(item.release.user);
    if (found == moves_.end()) continue;
    item.moves = std::move(found->second);
    moves_.erase(found);
  }
  return stopping_;
}

// Never waits for a locked row, which would delay all users: a later flush releases that user. If
// the database as a whole failed, all of them are left for later. Any other error is due to one of
// them, so each is then written separately.
void Writeback::let_go(std::span<Leaving> leaving) {
  std::vector<CursorMove> moves;
  std::vector<storage::Release> releases;
  for (const Leaving& item : leaving) {
    moves.insert(moves.end(), item.moves.begin(), item.moves.end());
    releases.push_back(item.release);
  }
  const auto written = write_settled(moves, releases);
  if (!written && leaving.size() > 1 && !is_everyones(written.error().code)) {
    for (std::size_t i = 0; i < leaving.size(); ++i) let_go(leaving.subspan(i, 1));
    return;
  }
  if (!written) {
    log::limited(log::Level::kWarn, release_failures, "event=release_failed users={} what={}",
                 leaving.size(), log::quoted(written.error().message));
  }
  for (std::size_t i = 0; i < leaving.size(); ++i) {
    const auto outcome = releases[i].outcome;
    if (!written || outcome == storage::Release::Outcome::kAlone) keep(leaving[i]);
    leaving[i].then(!written || outcome != storage::Release::Outcome::kNewerSession);
  }
}

// Keeps it for the next flush.
void Writeback::keep(Leaving& leaving) {
  base::MutexLock lock(mutex_);
  merge_locked(leaving.moves);
  releases_.push_back(leaving.release);
}

void Writeback::flush(bool last) {
  std::vector<CursorMove> moves;
  std::vector<storage::Release> releases;
  {
    base::MutexLock lock(mutex_);
    for (auto& [user, user_moves] : std::exchange(moves_, {})) {
      std::move(user_moves.begin(), user_moves.end(), std::back_inserter(moves));
    }
    releases.swap(releases_);
  }
  if (moves.empty() && releases.empty()) return;
  auto written = write_settled(moves, releases);
  const bool met_a_lock = !written && written.error().code == ErrorCode::kBusy;
  if (last && met_a_lock) written = write_settled(moves, releases);  // now passing over locked rows
  if (!written) {
    log::limited(log::Level::kWarn, cursor_failures, "event=cursors_failed count={} what={}",
                 moves.size(), log::quoted(written.error().message));
  }
  for (const storage::Release& item : releases) {
    if (!written || item.outcome != storage::Release::Outcome::kNewerSession) continue;
    if (listener_ != nullptr) listener_->on_gone_late(item.user, item.epoch);
  }
  base::MutexLock lock(mutex_);
  if (!written) merge_locked(moves);
  for (const storage::Release& item : releases) {
    if (!written || item.outcome == storage::Release::Outcome::kAlone) releases_.push_back(item);
  }
}

Result<void> Writeback::write_settled(const std::vector<CursorMove>& moves,
                                      std::vector<storage::Release>& releases) {
  for (int attempt = 1;; ++attempt) {
    auto written = write(moves, releases);
    const bool lost = !written && written.error().code == ErrorCode::kOutcomeUnknown;
    if (lost && base::sabotaged(base::Sabotage::kForgetReleases)) return {};
    if (!lost || attempt == kUnknownAttempts) return written;
    std::this_thread::sleep_for(retry_delay(attempt));
  }
}

Result<void> Writeback::write(const std::vector<CursorMove>& moves,
                              std::vector<storage::Release>& releases) {
  std::vector<CursorMove> written = moves;
  {
    auto lease = pool_.lease();
    if (!lease) return fail(lease);
    auto transaction = storage::Transaction::begin(**lease, storage::TransactionKind::kWrite);
    if (!transaction) return fail(transaction);
    const auto locked = move_cursors(**lease, moves);
    if (!locked) return fail(locked);
    auto released = storage::UserModel(**lease).release(std::span(releases), node_);
    if (!released) return released;
    if (auto committed = transaction->commit(); !committed) return committed;
    std::erase_if(written, [&locked](const CursorMove& move) {
      return std::any_of(locked->begin(), locked->end(),
                         [&move](const CursorMove& item) { return same_position(item, move); });
    });
    base::MutexLock lock(mutex_);
    merge_locked(*locked);
  }
  tell(written, releases);
  return {};
}

Result<std::vector<CursorMove>> Writeback::move_cursors(storage::Connection& connection,
                                                        std::span<const CursorMove> moves) {
  const auto now = std::chrono::steady_clock::now();
  storage::MessageModel messages(connection);
  Result<std::vector<CursorMove>> locked;
  if (now < careful_until_) {
    locked = messages.advance_unlocked(moves);
  } else if (auto moved = messages.advance(moves); !moved) {
    locked = fail(moved);
  }
  const bool met_a_lock = locked ? !locked->empty() : locked.error().code == ErrorCode::kBusy;
  if (met_a_lock) careful_until_ = now + kCareful;
  return locked;
}

void Writeback::tell(const std::vector<CursorMove>& moves,
                     std::span<const storage::Release> releases) {
  if (listener_ == nullptr) return;
  std::vector<UserId> offline;
  for (const storage::Release& item : releases) {
    if (item.outcome == storage::Release::Outcome::kReleased) offline.push_back(item.user);
  }
  if (!moves.empty()) listener_->on_cursors_written(moves);
  if (!offline.empty()) listener_->on_released(offline);
}

void Writeback::merge_locked(const std::vector<CursorMove>& moves) {
  for (const CursorMove& move : moves) {
    auto& of_user = moves_[move.recipient];
    const auto same = std::find_if(of_user.begin(), of_user.end(), [&move](const CursorMove& old) {
      return same_position(old, move);
    });
    if (same == of_user.end()) {
      of_user.push_back(move);
    } else {
      same->delivered = std::max(same->delivered, move.delivered);
      same->read = std::max(same->read, move.read);
      same->receipt_wanted = same->receipt_wanted || move.receipt_wanted;
    }
  }
}

}  // namespace chat::delivery
