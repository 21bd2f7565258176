#include "loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "bench_connection.h"
#include "chat/base/check.h"

namespace chat::bench {
namespace {

constexpr std::size_t kEventsPerTurn = 512;

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferBytes) {
  CHAT_CHECK(epoll_);
}

void Loop::watch(int socket, BenchConnection& client, std::uint32_t events, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &client;
  const int done = ::epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  CHAT_CHECK(done == 0);
}

void Loop::run_once(Micros latest) {
  flush_touched();
  wait(times_.empty() ? latest : std::min(latest, times_.top().when));
  tell_times();
  flush_touched();
}

void Loop::wait(Micros latest) {
  std::array<epoll_event, kEventsPerTurn> events;
  const Micros left = std::clamp<Micros>(latest - now_micros(), 0, 3600 * kSecond);
  const timespec timeout{left / kSecond, left % kSecond * 1000};
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), kEventsPerTurn, &timeout, nullptr);
  CHAT_CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<BenchConnection*>(event.data.ptr)->ready(event.events);
  }
}

void Loop::tell_times() {
  if (times_.empty()) return;
  const Micros now = now_micros();
  while (!times_.empty() && times_.top().when <= now) {
    BenchConnection* client = times_.top().client;
    times_.pop();
    client->on_time(now);
  }
}

void Loop::flush_touched() {
  flushing_.swap(touched_);
  for (BenchConnection* client : flushing_) client->flush();
  flushing_.clear();
}

}  // namespace chat::bench
