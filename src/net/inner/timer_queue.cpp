#include "net/inner/timer_queue.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "chat/base/log_limiter.h"

namespace chat::net {
namespace {

constinit log::Limiter timer_failures{log::kUsualLines};

}  // namespace

TimerId TimerQueue::add(base::SteadyTime due, std::chrono::milliseconds interval,
                        std::function<void()> call) {
  const TimerId id = ++last_id_;
  timers_.emplace(due, Timer{id, interval, std::move(call)});
  arm();
  return id;
}

void TimerQueue::cancel(TimerId id) {
  if (id == running_) running_cancelled_ = true;
  const auto found = std::find_if(timers_.begin(), timers_.end(),
                                  [id](const auto& item) { return item.second.id == id; });
  if (found != timers_.end()) timers_.erase(found);
}

void TimerQueue::run_due(base::SteadyTime now) {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto ignored = ::read(timer_fd_.get(), &expirations, sizeof(expirations));
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto node = timers_.extract(timers_.begin());
    Timer& timer = node.mapped();
    running_ = timer.id;
    running_cancelled_ = false;
    try {
      timer.call();
    } catch (...) {
      log::limited_exception(timer_failures, "event=timer_failed");
    }
    running_ = 0;
    if (timer.interval.count() > 0 && !running_cancelled_) {
      node.key() = now + timer.interval;
      timers_.insert(std::move(node));
    }
  }
  arm();
}

void TimerQueue::arm() {
  itimerspec spec{};
  if (!timers_.empty()) {
    // Relative, because libfaketime moves absolute times with the wall clock; 0 would disarm.
    const auto left = std::max<std::int64_t>(
        std::chrono::nanoseconds(timers_.begin()->first - std::chrono::steady_clock::now()).count(),
        1);
    spec.it_value.tv_sec = static_cast<time_t>(left / 1'000'000'000);
    spec.it_value.tv_nsec = static_cast<long>(left % 1'000'000'000);
  }
  ::timerfd_settime(timer_fd_.get(), 0, &spec, nullptr);
}

}  // namespace chat::net
