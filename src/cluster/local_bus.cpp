#include "chat/cluster/local_bus.h"

#include "cluster/subscriptions.h"

namespace chat::cluster {

LocalHub::LocalHub() = default;

LocalHub::~LocalHub() = default;

Subscriptions& LocalHub::wanted_locked(const LocalBus* bus) {
  std::unique_ptr<Subscriptions>& wanted = wanted_[bus];
  if (!wanted) wanted = std::make_unique<Subscriptions>();
  return *wanted;
}

LocalBus::~LocalBus() {
  stop();
  base::MutexLock lock(hub_.mutex_);
  hub_.wanted_.erase(this);
}

Result<void> LocalBus::start(BusListener& listener) {
  base::MutexLock lock(hub_.mutex_);
  listener_ = &listener;
  hub_.buses_.push_back(this);
  return {};
}

void LocalBus::stop() {
  base::MutexLock lock(hub_.mutex_);
  if (listener_ == nullptr) return;
  listener_ = nullptr;
  std::erase(hub_.buses_, this);
}

void LocalBus::subscribe(std::vector<Channel> channels, base::Task heard) {
  {
    base::MutexLock lock(hub_.mutex_);
    Subscriptions& wanted = hub_.wanted_locked(this);
    for (const Channel& channel : channels) wanted.add(channel);
  }
  if (heard) heard();
}

void LocalBus::unsubscribe(std::vector<Channel> channels) {
  base::MutexLock lock(hub_.mutex_);
  Subscriptions& wanted = hub_.wanted_locked(this);
  for (const Channel& channel : channels) wanted.remove(channel);
}

void LocalBus::publish(std::vector<BusMessage> messages) {
  for (const BusMessage& message : messages) {
    for (LocalBus* bus : others_on(message.channel)) bus->listener_->on_bus_message(message);
  }
}

bool LocalBus::alone() const {
  base::MutexLock lock(hub_.mutex_);
  return hub_.buses_.size() <= 1;
}

std::vector<LocalBus*> LocalBus::others_on(const Channel& channel) const {
  base::MutexLock lock(hub_.mutex_);
  std::vector<LocalBus*> others;
  for (LocalBus* bus : hub_.buses_) {
    const auto wanted = hub_.wanted_.find(bus);
    if (bus == this || wanted == hub_.wanted_.end()) continue;
    if (wanted->second->contains(channel)) others.push_back(bus);
  }
  return others;
}

}  // namespace chat::cluster
