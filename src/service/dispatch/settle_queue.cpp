#include "service/dispatch/settle_queue.h"

#include <exception>
#include <iterator>
#include <utility>

#include "chat/base/log_limiter.h"
#include "chat/storage/transact.h"

namespace chat::service {
namespace {

constexpr std::chrono::milliseconds kReconnect{1000};

constinit log::Limiter full_lines{log::kUsualLines};
constinit log::Limiter unknown_lines{log::kUsualLines};
constinit log::Limiter settled_lines{log::kUsualLines};
constinit log::Limiter failed_lines{log::kRepeatedFault};

}  // namespace

void SettleQueue::start() {
  thread_ = base::Thread("settle", [this] { work(); });
}

void SettleQueue::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SettleQueue::add(session::Session& session, std::string what, Look look) {
  if (!try_add(std::move(what), std::move(look))) session.say_farewell("unavailable", kReconnect);
}

bool SettleQueue::try_add(std::string what, Look look) {
  {
    base::MutexLock lock(mutex_);
    if (waiting_.size() + looked_into_ >= kWaitingMax) {
      log::limited(log::Level::kError, full_lines, "event=settle_queue_full write={}", what);
      return false;
    }
    log::limited(log::Level::kWarn, unknown_lines, "event=outcome_unknown write={}", what);
    waiting_.push_back({std::move(what), std::move(look)});
  }
  wake_.notify_all();
  return true;
}

void SettleQueue::work() {
  for (;;) {
    std::vector<Item> items = take();
    if (items.empty()) return;
    std::vector<Item> undecided = settle(std::move(items));
    base::MutexLock lock(mutex_);
    looked_into_ = 0;
    if (undecided.empty()) continue;
    std::move(undecided.begin(), undecided.end(), std::back_inserter(waiting_));
    const auto until = std::chrono::steady_clock::now() + kPause;
    while (!stopping_ && wake_.wait_until(mutex_, until)) {
    }
  }
}

// Empty when told to stop.
std::vector<SettleQueue::Item> SettleQueue::take() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && waiting_.empty()) wake_.wait(mutex_);
  if (stopping_) return {};
  looked_into_ = waiting_.size();
  return std::exchange(waiting_, {});
}

std::vector<SettleQueue::Item> SettleQueue::settle(std::vector<Item> items) {
  std::vector<Item> undecided;
  bool reachable = true;
  for (Item& item : items) {
    Result<void> settled = fail(ErrorCode::kUnavailable, "not tried");
    if (reachable) {
      auto lease = pool_.lease();
      reachable = lease.has_value();
      if (reachable) settled = settle(**lease, item);
    }
    if (settled) {
      log::limited(log::Level::kInfo, settled_lines, "event=outcome_settled write={}", item.what);
    } else {
      undecided.push_back(std::move(item));
    }
  }
  return undecided;
}

Result<void> SettleQueue::settle(storage::Connection& connection, const Item& item) {
  try {
    const auto act = storage::transact(connection, [&] { return item.look(connection); });
    if (!act) return fail(act);
    if (*act) (*act)();
    return {};
  } catch (const std::exception& error) {
    log::limited(log::Level::kError, failed_lines, "event=settle_failed write={} what={}",
                 item.what, log::quoted(error.what()));
    return fail(ErrorCode::kInternal, error.what());
  }
}

}  // namespace chat::service
