#include "chat/net/event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/log_limiter.h"
#include "net/inner/timer_queue.h"
#include "net/inner/timer_wheel.h"

namespace chat::net {
namespace {

constexpr int kEventsPerRound = 256;

constinit log::Limiter loop_failures{log::kUsualLines};

}  // namespace

// The descriptors of every loop: the eventfd that wakes it, and the timerfd.
class EventLoop::Wakeup final : public EventHandler {
 public:
  // Runs the due timers when the timerfd fires.
  class TimerEvents final : public EventHandler {
   public:
    TimerEvents(TimerQueue& timers, const base::Clock& clock) : timers_(timers), clock_(clock) {}
    void on_events(std::uint32_t /*epoll_events*/) override { timers_.run_due(clock_.now()); }

   private:
    TimerQueue& timers_;
    const base::Clock& clock_;
  };

  Wakeup(int fd, TimerQueue& timers, const base::Clock& clock)
      : timer_events(timers, clock), fd_(fd) {}
  void on_events(std::uint32_t /*epoll_events*/) override {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(fd_, &count, sizeof(count));
  }
  TimerEvents timer_events;

 private:
  const int fd_;
};

EventLoop::EventLoop(const base::Clock& clock)
    : clock_(clock),
      now_(clock.now()),
      wheel_(std::make_unique<TimerWheel>(now_)),
      read_buffer_(std::make_unique<ReadBuffer>()) {}

EventLoop::~EventLoop() = default;

Result<void> EventLoop::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  wakeup_fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  base::UniqueFd timer_fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!epoll_ || !wakeup_fd_ || !timer_fd) {
    return fail(ErrorCode::kUnavailable,
                std::string("cannot create an event loop: ") + ::strerror(errno));
  }
  timers_ = std::make_unique<TimerQueue>(std::move(timer_fd));
  wakeup_ = std::make_unique<Wakeup>(wakeup_fd_.get(), *timers_, clock_);
  if (auto watched = watch(wakeup_fd_.get(), EPOLLIN, *wakeup_); !watched) return watched;
  return watch(timers_->fd(), EPOLLIN, wakeup_->timer_events);
}

void EventLoop::run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  std::array<epoll_event, kEventsPerRound> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerRound, poll_timeout());
    {
      base::MutexLock lock(mutex_);
      asleep_ = false;
    }
    now_ = clock_.now();
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      deliver(*static_cast<EventHandler*>(event.data.ptr), event.events);
    }
    run_mailbox();
    end_round();
  }
  run_mailbox();
  end_round();
}

void EventLoop::deliver(EventHandler& handler, std::uint32_t epoll_events) {
  try {
    handler.on_events(epoll_events);
  } catch (...) {
    log::limited_exception(loop_failures, "event=handler_failed");
    handler.on_failure();
  }
}

void EventLoop::retire(std::unique_ptr<EventHandler> item) noexcept {
  try {
    retired_.reserve(retired_.size() + 1);
  } catch (...) {
    (void)item.release();
    return;
  }
  retired_.push_back(std::move(item));
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::post(base::Task task) {
  bool must_wake = false;
  {
    base::MutexLock lock(mutex_);
    mailbox_.push_back(std::move(task));
    must_wake = std::exchange(asleep_, false);
  }
  if (must_wake) wake();
}

bool EventLoop::is_asleep() const {
  base::MutexLock lock(mutex_);
  return asleep_;
}

void EventLoop::assert_in_loop() const {
  CHAT_CHECK(in_loop());
}

Result<void> EventLoop::watch(int fd, std::uint32_t epoll_events, EventHandler& handler) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail(ErrorCode::kUnavailable,
                std::string("cannot watch a descriptor: ") + ::strerror(errno));
  }
  return {};
}

void EventLoop::rewatch(int fd, std::uint32_t epoll_events, EventHandler& handler) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &handler;
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::unwatch(int fd) {
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
}

TimerId EventLoop::run_after(std::chrono::milliseconds delay, std::function<void()> call) {
  return timers_->add(clock_.now() + delay, std::chrono::milliseconds(0), std::move(call));
}

TimerId EventLoop::run_every(std::chrono::milliseconds interval, std::function<void()> call) {
  return timers_->add(clock_.now() + interval, interval, std::move(call));
}

void EventLoop::cancel(TimerId timer) {
  timers_->cancel(timer);
}

void EventLoop::schedule(TimerEntry& entry, base::SteadyTime due) {
  // An idle wheel does not advance: bring it up to date before placing the entry.
  if (wheel_->empty()) wheel_->advance(now_);
  wheel_->schedule(entry, due);
  arm_wheel();
}

void EventLoop::arm_wheel() {
  if (wheel_armed_ || wheel_->empty()) return;
  wheel_armed_ = true;
  const auto turn = [this] {
    wheel_armed_ = false;
    wheel_->advance(clock_.now());
    arm_wheel();
  };
  // In phase with the wheel: any other phase would add up to a tick of delay.
  timers_->add(wheel_->next_tick(), std::chrono::milliseconds(0), turn);
}

int EventLoop::poll_timeout() {
  base::MutexLock lock(mutex_);
  if (!mailbox_.empty()) return 0;
  asleep_ = true;
  return -1;
}

void EventLoop::run_mailbox() {
  {
    base::MutexLock lock(mutex_);
    running_.swap(mailbox_);
  }
  for (base::Task& task : running_) {
    try {
      task();
    } catch (...) {
      log::limited_exception(loop_failures, "event=loop_task_failed");
    }
  }
  running_.clear();
}

void EventLoop::hand_over(base::WorkerPool& workers, base::Task task) {
  CHAT_CHECK(workers_ == nullptr || workers_ == &workers);
  workers_ = &workers;
  handed_over_.push_back(std::move(task));
}

// Without memory to queue them, they stay for the next round.
void EventLoop::finish_hand_over() {
  if (handed_over_.empty()) return;
  try {
    (void)workers_->try_post_all(handed_over_);
  } catch (...) {
    log::limited_exception(loop_failures, "event=hand_over_failed");
    return;
  }
  handed_over_.clear();
}

void EventLoop::end_round() {
  // A round-end callback may add others (closing one connection makes another one write), and so
  // may the destructor of a retired item.
  while (!round_ends_.empty() || !retired_.empty()) {
    for (std::size_t i = 0; i < round_ends_.size(); ++i) {
      try {
        round_ends_[i]->on_round_end();
      } catch (...) {
        log::limited_exception(loop_failures, "event=round_end_failed");
      }
    }
    round_ends_.clear();
    auto dying = std::exchange(retired_, {});
    dying.clear();
  }
  finish_hand_over();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(wakeup_fd_.get(), &one, sizeof(one));
}

}  // namespace chat::net
