#include "chat/cluster/local_bus.h"

#include <algorithm>

namespace chat::cluster {

LocalBus::~LocalBus() {
  stop();
}

Result<void> LocalBus::start(BusListener& listener) {
  base::MutexLock lock(hub_.mutex_);
  listener_ = &listener;
  ++hub_.buses_;
  return {};
}

void LocalBus::stop() {
  base::MutexLock lock(hub_.mutex_);
  if (listener_ == nullptr) return;
  listener_ = nullptr;
  --hub_.buses_;
  for (auto& [channel, buses] : hub_.subscribers_) std::erase(buses, this);
}

void LocalBus::subscribe(std::vector<Channel> channels, base::Task heard) {
  {
    base::MutexLock lock(hub_.mutex_);
    for (const Channel& channel : channels) {
      auto& buses = hub_.subscribers_[channel];
      if (std::find(buses.begin(), buses.end(), this) == buses.end()) buses.push_back(this);
    }
  }
  if (heard) heard();
}

void LocalBus::unsubscribe(std::vector<Channel> channels) {
  base::MutexLock lock(hub_.mutex_);
  for (const Channel& channel : channels) {
    const auto found = hub_.subscribers_.find(channel);
    if (found == hub_.subscribers_.end()) continue;
    std::erase(found->second, this);
    if (found->second.empty()) hub_.subscribers_.erase(found);
  }
}

void LocalBus::publish(std::vector<BusMessage> messages) {
  for (const BusMessage& message : messages) {
    for (LocalBus* bus : others_on(message.channel)) bus->listener_->on_bus_message(message);
  }
}

bool LocalBus::alone() const {
  base::MutexLock lock(hub_.mutex_);
  return hub_.buses_ <= 1;
}

std::vector<LocalBus*> LocalBus::others_on(const Channel& channel) const {
  base::MutexLock lock(hub_.mutex_);
  const auto found = hub_.subscribers_.find(channel);
  if (found == hub_.subscribers_.end()) return {};
  std::vector<LocalBus*> others = found->second;
  std::erase(others, this);
  return others;
}

}  // namespace chat::cluster
