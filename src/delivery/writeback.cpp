#include "chat/delivery/writeback.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chat/base/log.h"
#include "chat/storage/message_model.h"
#include "chat/storage/user_model.h"

namespace chat::delivery {

using storage::CursorMove;

void Writeback::start(WritebackListener* listener) {
  listener_ = listener;
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

bool Writeback::release(UserId user, SessionEpoch epoch) {
  base::MutexLock writing(writing_);
  std::vector<CursorMove> moves;
  {
    base::MutexLock lock(mutex_);
    const auto found = moves_.find(user);
    if (found != moves_.end()) {
      moves = std::move(found->second);
      moves_.erase(found);
    }
  }
  const std::vector<Release> releases{{user, epoch}};
  auto written = write(moves, releases);
  if (!written) {
    log::warn("event=release_failed user={} what={}", user.value,
              log::quoted(written.error().message));
    base::MutexLock lock(mutex_);
    merge_locked(moves);
    releases_.push_back(releases.front());
    wake_.notify_all();
  }
  return !written || !written->empty();
}

void Writeback::work() {
  for (;;) {
    bool stopping = false;
    {
      base::MutexLock lock(mutex_);
      while (!stopping_ && moves_.empty() && releases_.empty()) wake_.wait(mutex_);
      // Wait on, so that what moves again within the interval is written once.
      const auto until = std::chrono::steady_clock::now() + kInterval;
      while (!stopping_ && wake_.wait_until(mutex_, until)) {
      }
      stopping = stopping_;
    }
    flush();
    if (stopping) return;
  }
}

void Writeback::flush() {
  base::MutexLock writing(writing_);
  std::vector<CursorMove> moves;
  std::vector<Release> releases;
  {
    base::MutexLock lock(mutex_);
    for (auto& [user, user_moves] : std::exchange(moves_, {})) {
      std::move(user_moves.begin(), user_moves.end(), std::back_inserter(moves));
    }
    releases.swap(releases_);
  }
  if (moves.empty() && releases.empty()) return;
  if (auto written = write(moves, releases); !written) {
    log::warn("event=cursors_failed count={} what={}", moves.size(),
              log::quoted(written.error().message));
    base::MutexLock lock(mutex_);
    merge_locked(moves);
    releases_.insert(releases_.end(), releases.begin(), releases.end());
  }
}

Result<std::vector<UserId>> Writeback::write(const std::vector<CursorMove>& moves,
                                             const std::vector<Release>& releases) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  auto transaction = storage::Transaction::begin(**lease, storage::TransactionKind::kWrite);
  if (!transaction) return fail(transaction);
  if (auto moved = storage::MessageModel(**lease).advance(moves); !moved) {
    return fail(moved);
  }
  std::vector<UserId> offline;
  for (const Release& item : releases) {
    auto released = storage::UserModel(**lease).release(item.user, item.epoch);
    if (!released) return fail(released);
    if (*released) offline.push_back(item.user);
  }
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  if (listener_ != nullptr && !moves.empty()) listener_->on_cursors_written(moves);
  if (listener_ != nullptr && !offline.empty()) listener_->on_released(offline);
  return offline;
}

void Writeback::merge_locked(const std::vector<CursorMove>& moves) {
  for (const CursorMove& move : moves) {
    auto& of_user = moves_[move.recipient];
    const auto same = std::find_if(of_user.begin(), of_user.end(), [&move](const CursorMove& old) {
      return old.sender == move.sender && old.group == move.group;
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
