#pragma once

#include <time.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

#include "chat/base/clock.h"
#include "chat/base/thread.h"
#include "chat/net/event_loop.h"
#include "support/deadline.h"

namespace chat::test {

// Runs the call in the loop's thread and returns its result. The loop must be running.
template <typename F>
auto call_in(net::EventLoop& loop, F f) {
  // Shared with the task, so that a late call is safe.
  auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
  auto result = task->get_future();
  loop.post([task] { (*task)(); });
  if (result.wait_for(scaled(kPatience)) != std::future_status::ready) {
    throw std::runtime_error("the loop does not answer");
  }
  return result.get();
}

// An event loop on a separate thread.
class LoopThread {
 public:
  LoopThread() : loop_(base::system_clock()) {
    if (auto opened = loop_.open(); !opened) throw std::runtime_error(opened.error().message);
    thread_ = base::Thread("test-loop", [this] { loop_.run(); });
  }
  ~LoopThread() { stop(); }

  net::EventLoop& loop() { return loop_; }
  template <typename F>
  auto call(F f) {
    return call_in(loop_, std::move(f));
  }
  void stop() {
    loop_.stop();
    thread_.join();
  }

 private:
  net::EventLoop loop_;
  base::Thread thread_;
};

// A loop that sleeps for some tenths of a second uses less than this; one that spins uses far more,
// even on a busy machine.
constexpr std::chrono::milliseconds kIdleCpu{20};

// CPU time that the loop's thread has used.
inline std::chrono::nanoseconds cpu_time(net::EventLoop& loop) {
  return call_in(loop, [] {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  });
}

}  // namespace chat::test
