#include "stalls.h"

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
  if (Time* const last = last_busy(msgid)) *last = now_ms();
}

bool Stalls::refuses(int msgid) {
  const Time* const last = last_busy(msgid);
  return last != nullptr && now_ms() - last->load(std::memory_order_relaxed) < kHold.count();
}

Stalls::Time* Stalls::last_busy(int msgid) {
  if (msgid < 0 || static_cast<std::size_t>(msgid) >= kKinds) return nullptr;
  return &last_busy_[static_cast<std::size_t>(msgid)];
}

}  // namespace chat::service
