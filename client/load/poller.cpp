#include "client/load/poller.h"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "chat/base/check.h"

namespace chat::client::load {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} * 1024;
constexpr std::size_t kEventsPerTurn = 512;
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::hours(1);

epoll_event interest(Poller::Handler& handler, bool output) {
  epoll_event event{};
  event.events = EPOLLIN | (output ? EPOLLOUT : 0U);
  event.data.ptr = &handler;
  return event;
}

// With nanosecond precision: a message that is due must not wait for the next whole millisecond.
timespec time_until(base::SteadyTime when) {
  const std::chrono::nanoseconds left = when - base::system_clock().now();
  const auto wait = std::clamp(left, std::chrono::nanoseconds(0), kLongestWait);
  return {static_cast<time_t>(wait.count() / 1'000'000'000),
          static_cast<long>(wait.count() % 1'000'000'000)};
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferBytes) {
  CHAT_CHECK(epoll_);
}

void Poller::add(int socket, Handler& handler, bool output) {
  epoll_event event = interest(handler, output);
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) == 0);
}

void Poller::want_output(int socket, Handler& handler, bool wanted) {
  epoll_event event = interest(handler, wanted);
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &event) == 0);
}

// If a handler is armed again for an earlier time, its old entry stays in the queue and is skipped.
void Poller::arm(Handler& handler, base::SteadyTime when) {
  if (when >= handler.armed_) return;
  handler.armed_ = when;
  timers_.push({when, &handler});
}

void Poller::flush_later(Handler& handler) {
  if (!handler.flush_due_) to_flush_.push_back(&handler);
  handler.flush_due_ = true;
}

void Poller::run_once(base::SteadyTime latest) {
  flush_all();
  wait(timers_.empty() ? latest : std::min(latest, timers_.top().when));
  fire_timers();
  flush_all();
}

void Poller::wait(base::SteadyTime latest) {
  std::array<epoll_event, kEventsPerTurn> events;
  const timespec timeout = time_until(latest);
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), kEventsPerTurn, &timeout, nullptr);
  CHAT_CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
  }
}

void Poller::fire_timers() {
  if (timers_.empty()) return;
  const auto now = base::system_clock().now();
  while (!timers_.empty() && timers_.top().when <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.when != timer.handler->armed_) continue;
    timer.handler->armed_ = base::SteadyTime::max();
    timer.handler->on_time(now);
  }
}

void Poller::flush_all() {
  flushing_.swap(to_flush_);
  for (Handler* const handler : flushing_) {
    handler->flush_due_ = false;
    handler->flush();
  }
  flushing_.clear();
}

}  // namespace chat::client::load
