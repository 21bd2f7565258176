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
  Kind* const kind = kind_of(msgid);
  if (kind != nullptr && kind->failures.load(std::memory_order_relaxed) != 0) kind->failures = 0;
}

void Stalls::note_busy(int msgid) {
  Kind* const kind = kind_of(msgid);
  if (kind == nullptr) return;
  kind->last_ms = now_ms();
  ++kind->failures;
}

bool Stalls::refuses(int msgid) {
  const Kind* const kind = kind_of(msgid);
  return kind != nullptr && kind->failures.load(std::memory_order_relaxed) >= kFailures &&
         now_ms() - kind->last_ms.load(std::memory_order_relaxed) < kHold.count();
}

Stalls::Kind* Stalls::kind_of(int msgid) {
  if (msgid < 0 || static_cast<std::size_t>(msgid) >= kKinds) return nullptr;
  return &kinds_[static_cast<std::size_t>(msgid)];
}

}  // namespace chat::service
