#include "client/load/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "chat/base/check.h"

namespace chat::client::check {
namespace {

epoll_event interest(Poller::Handler& handler, bool output) {
  epoll_event event{};
  event.events = EPOLLIN | (output ? EPOLLOUT : 0U);
  event.data.ptr = &handler;
  return event;
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  CHAT_CHECK(epoll_);
}

void Poller::add(int socket, Handler& handler) {
  epoll_event event = interest(handler, true);
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) == 0);
}

void Poller::want_output(int socket, Handler& handler, bool wanted) {
  epoll_event event = interest(handler, wanted);
  CHAT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &event) == 0);
}

// An entry stays in the queue when an earlier one is armed after it, and is passed over then.
void Poller::arm(Handler& handler, base::SteadyTime when) {
  if (when >= handler.armed_) return;
  handler.armed_ = when;
  timers_.push({when, &handler});
}

// In nanoseconds: a message that is due must not wait for the next whole millisecond.
timespec Poller::wait_time(std::chrono::nanoseconds longest) const {
  auto wait = longest;
  if (!timers_.empty()) {
    const std::chrono::nanoseconds left = timers_.top().when - base::system_clock().now();
    wait = std::clamp(left, std::chrono::nanoseconds(0), longest);
  }
  return {static_cast<time_t>(wait.count() / 1'000'000'000),
          static_cast<long>(wait.count() % 1'000'000'000)};
}

void Poller::run_once(std::chrono::milliseconds longest) {
  std::array<epoll_event, 256> events;
  const timespec wait = wait_time(longest);
  const int count =
      ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &wait, nullptr);
  for (int i = 0; i < count; ++i) {
    static_cast<Handler*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready();
  }
  fire_timers();
}

void Poller::fire_timers() {
  const auto now = base::system_clock().now();
  while (!timers_.empty() && timers_.top().when <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.when != timer.handler->armed_) continue;
    timer.handler->armed_ = base::SteadyTime::max();
    timer.handler->on_time(now);
  }
}

}  // namespace chat::client::check
