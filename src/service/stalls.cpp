#include "stalls.h"

#include "chat/session/turn_wait.h"

namespace chat::service {
namespace {

std::int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Stalls& Stalls::instance() {
  static Stalls stalls;
  return stalls;
}

void Stalls::note_success(int msgid) {
  Time* const last = last_busy(msgid);
  if (last != nullptr && last->load(std::memory_order_relaxed) != 0) *last = 0;
}

void Stalls::note_busy(int msgid) {
  note_lock();
  if (Time* const last = last_busy(msgid)) *last = now_ms();
}

bool Stalls::refuses(int msgid) {
  const Time* const last = last_busy(msgid);
  return last != nullptr && now_ms() - last->load(std::memory_order_relaxed) < kHold.count();
}

void Stalls::note_lock() {
  last_lock_ = now_ms();
}

bool Stalls::is_too_late() const {
  if (session::turn_wait() < kQueuePatience) return false;
  const std::int64_t last = last_lock_.load(std::memory_order_relaxed);
  return last != 0 && now_ms() - last < kLately.count();
}

Stalls::Time* Stalls::last_busy(int msgid) {
  if (msgid < 0 || static_cast<std::size_t>(msgid) >= kKinds) return nullptr;
  return &last_busy_[static_cast<std::size_t>(msgid)];
}

}  // namespace chat::service
