#include "chat/service/rate_table.h"

namespace chat::service {
namespace {

constexpr std::chrono::minutes kWindow{1};

}  // namespace

std::chrono::milliseconds RateTable::wait(const std::string& key) {
  if (per_minute_ == 0) return std::chrono::milliseconds(0);
  const base::SteadyTime now = clock_.now();
  base::MutexLock lock(mutex_);
  const auto found = windows_.find(key);
  if (found == windows_.end() || now >= found->second.began + kWindow) {
    return std::chrono::milliseconds(0);
  }
  if (found->second.events < per_minute_) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(found->second.began + kWindow - now);
}

void RateTable::count(const std::string& key) {
  if (per_minute_ == 0) return;
  const base::SteadyTime now = clock_.now();
  base::MutexLock lock(mutex_);
  if (windows_.size() >= kKeysMax && !windows_.contains(key)) {
    std::erase_if(windows_, [now](const auto& item) { return now >= item.second.began + kWindow; });
    if (windows_.size() >= kKeysMax) windows_.clear();
  }
  Window& window = windows_[key];
  if (window.events == 0 || now >= window.began + kWindow) window = {now, 0};
  ++window.events;
}

}  // namespace chat::service
